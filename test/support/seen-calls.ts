/** Who asks the simulated cloud: every server of it looks for a planned fault once per call. Changes no answer. */
import type { Faults } from "../../src/simulator/faults.ts";

/** `see` is told of each call from now on, by its names: "kubernetes", "list-pods". */
export function seeCalls(faults: Faults, see: (api: string, call: string) => void): void {
  const take = faults.take.bind(faults);
  faults.take = (api, call, now) => {
    see(api, call);
    return take(api, call, now);
  };
}
