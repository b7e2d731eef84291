/** What `runbook check NAME` prints: a verdict of this moment, one line per check, for a terminal of any width. */
import type { Progress } from "../model/progress.ts";
import { dateTime, type Instant } from "../model/time.ts";
import type { CheckResult, Verdict } from "../model/verdict.ts";
import { plainLine } from "./escape.ts";
import { reasonOf } from "./headline.ts";
import { VERDICT_WORD } from "./words.ts";

export function checksText(
  progress: Progress,
  verdict: Verdict,
  results: readonly CheckResult[],
  now: Instant,
): string {
  const head = `${VERDICT_WORD[verdict]}  ${progress.plan.runbook.name}, run ${progress.run}, at ${dateTime(now)}: ${reasonOf(verdict, results)}`;
  const width = Math.max(0, ...results.map(({ check, service }) => nameOf(check, service).length));
  const rows = results.map((result) => {
    const name = nameOf(result.check, result.service).padEnd(width);
    return `  ${VERDICT_WORD[result.verdict].padEnd(12)}  ${name}  ${result.value} (before: ${result.baseline}): ${result.because}`;
  });
  return [plainLine(head), ...rows.map((row) => `  ${plainLine(row).trimStart()}`), "Nothing was changed."].join("\n");
}

function nameOf(check: string, service: string | undefined): string {
  return service === undefined ? check : `${check} ${service}`;
}
