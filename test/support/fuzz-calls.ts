/** Calls of real clients, over and over, with answers that are mutated: each gives a value or a PortFailure, soon. */
import { expect } from "vitest";
import { PortFailure } from "../../src/model/error.ts";
import { isPolluted, oneOf, seeded } from "./mutate.ts";

export type Calls = readonly [() => Promise<unknown>, ...(() => Promise<unknown>)[]];

/** The bound of the fuzzed clients' calls. */
export const FUZZ_TIMEOUT_MS = 10_000;
/** Only a call that its own bound has ended takes so long. A status may say "deadline exceeded" at once. */
const HANGS_MS = 0.95 * FUZZ_TIMEOUT_MS;

/** `mutate`: what the servers' answers are changed by from now on. Each call is made once as it is first. */
export async function fuzzCalls(count: number, calls: Calls, mutate: (random: () => number) => void): Promise<void> {
  for (const call of calls) await call();
  let failures = 0;
  for (let seed = 1; seed <= count; seed++) {
    const random = seeded(seed);
    mutate(random);
    const began = performance.now();
    const error = await oneOf(random, calls)().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) continue;
    failures++;
    if (!(error instanceof PortFailure))
      expect.fail(`seed ${seed}: ${error instanceof Error ? error.stack : JSON.stringify(error)}`);
    if (performance.now() - began > HANGS_MS) expect.fail(`seed ${seed}: ${error.message}`);
  }
  expect(isPolluted()).toBe(false);
  process.stderr.write(`${count} answers: ${failures} port failures, ${count - failures} values\n`);
}
