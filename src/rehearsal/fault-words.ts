/** Faults as words: "cloud-run:update-traffic=503x2", and what stands after its "=". Plans nothing by itself. */
import { didYouMean, oneOf } from "../language/suggest.ts";
import { RunbookError } from "../model/error.ts";
import { SECOND } from "../model/time.ts";
import { callsOf } from "../simulator/fault-calls.ts";
import { type Fault, FAULT_APIS, FAULT_KINDS, type FaultApi, type FaultKind } from "../simulator/faults.ts";
import { faultSchema } from "./misfortunes.ts";
import type { Scenario } from "./scenario.ts";

export const FAULT_FORM = "API:CALL=FAULTxN";

/** The scenario with these faults added to its own. `CALL` may be "*"; without "xN" it is once. Throws for bad syntax. */
export function withFaults(scenario: Scenario, words: readonly string[]): Scenario {
  return { ...scenario, faults: [...scenario.faults, ...words.map(faultOf)] };
}

/** What stands after "=": "503", "429+retry-after:30", "applied-502", "timeout" and so on. Undefined: no such word. */
export function faultKindOf(word: string): Pick<Fault, "kind" | "status" | "retryAfterSeconds"> | undefined {
  const parts = /^(applied-)?([1-5][0-9]{2})(?:\+retry-after:([0-9]{1,4}))?$/.exec(word);
  if (parts === null) return isPlain(word) ? { kind: word, status: 503 } : undefined;
  const [, applied, status, seconds] = parts;
  return {
    kind: applied === undefined ? "status" : "applied",
    status: Number(status),
    ...(seconds === undefined ? {} : { retryAfterSeconds: Number(seconds) }),
  };
}

/** Kinds that are a word of their own. */
const PLAIN: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== "status" && kind !== "applied");

function isPlain(word: string): word is FaultKind {
  return PLAIN.some((kind) => kind === word);
}

function faultOf(word: string): Scenario["faults"][number] {
  const parts = /^([\w-]+):(\*|[\w-]+)=([\w+:-]+?)(?:x([0-9]{1,6}))?$/.exec(word);
  if (parts === null) throw refusal(word, "it has another form");
  const [, api = "", call = "", said = "", times = "1"] = parts;
  if (!isApi(api)) throw refusal(word, unknownWord("API", api, FAULT_APIS));
  if (call !== "*" && !callsOf(api).includes(call))
    throw refusal(word, unknownWord(`call of ${api}`, call, callsOf(api)));
  const fault = faultKindOf(said);
  if (fault === undefined) throw refusal(word, unknownWord("fault", said, ["503", "applied-502", ...PLAIN]));
  const { kind, status, retryAfterSeconds } = fault;
  const retryAfter = retryAfterSeconds === undefined ? {} : { "retry-after": `${retryAfterSeconds * SECOND}ms` };
  return faultSchema.parse({ api, call, kind, status, times: Number(times), ...retryAfter });
}

function isApi(word: string): word is FaultApi {
  return FAULT_APIS.some((api) => api === word);
}

function unknownWord(what: string, word: string, known: readonly string[]): string {
  return `there is no ${what} \`${word}\`; ${didYouMean(word, known) ?? `there are ${oneOf(known)}`}`;
}

function refusal(word: string, because: string): RunbookError {
  return new RunbookError({
    what: `${JSON.stringify(word)} is no fault: ${because.replace(/\?$/, "")}.`,
    state: "Nothing was touched.",
    next: `Give --fault as '${FAULT_FORM}', such as 'cloud-run:update-traffic=503x2', 'github:dispatch=applied-502' or 'logging:*=timeout'; CALL may be *.`,
  });
}
