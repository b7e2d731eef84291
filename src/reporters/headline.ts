/** The one sentence that says why a verdict is what it is; chosen from the checks' own sentences, never made up. */
import { type CheckResult, type Verdict, worstVerdict } from "../model/verdict.ts";
import { counted, withTimesSign } from "./words.ts";

/** Plain text, unescaped: it may hold route names and other hostile text. */
export function reasonOf(verdict: Verdict, results: readonly CheckResult[]): string {
  if (results.length === 0) return "nothing was evaluated";
  const decisive = results.filter((result) => result.verdict === verdict);
  if (verdict === "pass") return passReason(decisive);
  const first = decisive.find((result) => result.platformFailure === true) ?? decisive[0];
  if (first === undefined)
    return `the worst of ${counted(results.length, "result")} is ${worstVerdict(results.map((r) => r.verdict))}`;
  const more = decisive.length > 1 ? `, and ${counted(decisive.length - 1, "other result")} like it` : "";
  return withTimesSign(`${first.service === undefined ? "" : `${first.service}: `}${first.because}${more}`);
}

/** A pass says what it excludes; over several services, the weakest of their statements holds for all. */
function passReason(passed: readonly CheckResult[]): string {
  const stated = passed
    .map((result) => ({
      because: result.because,
      factor: /(?:above|beyond|over) [x×](\d+(?:\.\d+)?)/i.exec(result.because)?.[1],
    }))
    .filter((each) => each.factor !== undefined)
    .sort((a, b) => Number(b.factor) - Number(a.factor));
  const weakest = stated[0]?.because ?? passed.find(({ because }) => /exclud/i.test(because))?.because;
  return withTimesSign(weakest ?? passed[0]?.because ?? "nothing was evaluated");
}
