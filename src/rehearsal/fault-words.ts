/** Faults as words of the command line: "cloud-run:update-traffic=503x2". Knows the form, not which calls an API has. */
import { RunbookError } from "../model/error.ts";
import { faultSchema, type Scenario } from "./scenario.ts";

export const FAULT_FORM = "API:CALL=STATUSxN";

/** The scenario with these faults added to its own. `CALL` may be "*"; without "xN" it is once. Throws for bad syntax. */
export function withFaults(scenario: Scenario, words: readonly string[]): Scenario {
  return { ...scenario, faults: [...scenario.faults, ...words.map(faultOf)] };
}

function faultOf(word: string): Scenario["faults"][number] {
  const parts = /^([a-z-]+):(\*|[a-z-]+)=([1-5][0-9]{2})(?:x([0-9]{1,6}))?$/.exec(word);
  if (parts === null) throw refusal(word, "it has another form");
  const [, api, call, status, times = "1"] = parts;
  const fault = faultSchema.safeParse({
    api,
    call,
    status: Number(status),
    times: Number(times),
  });
  if (fault.success) return fault.data;
  throw refusal(word, fault.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
}

function refusal(word: string, because: string): RunbookError {
  return new RunbookError({
    what: `${JSON.stringify(word)} is no fault: ${because}.`,
    state: "Nothing was touched.",
    next: `Give --fault as '${FAULT_FORM}', such as 'cloud-run:update-traffic=503x2'; CALL may be *.`,
  });
}
