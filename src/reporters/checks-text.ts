/** What `runbook check NAME` prints: a verdict of this moment and one line per check; it changes and publishes nothing. */
import type { Progress } from "../model/progress.ts";
import type { Instant } from "../model/time.ts";
import type { CheckResult, Verdict } from "../model/verdict.ts";
import { columns, lines } from "./columns.ts";
import { reasonOf } from "./headline.ts";
import { reportOf } from "./report.ts";
import { serviceRow } from "./status.ts";
import { VERDICT_WORD, clockOn, withTimesSign } from "./words.ts";

/** What a look at production found at `now`, outside any checkpoint. */
export function checksText(
  progress: Progress,
  verdict: Verdict,
  results: readonly CheckResult[],
  now: Instant,
): string {
  const report = reportOf(progress, now);
  const rows = results.map((result) => [
    `  ${VERDICT_WORD[result.verdict]}`,
    [result.check, result.service].filter(Boolean).join(" "),
    result.value,
    `before: ${result.baseline}; ${result.sample}`,
  ]);
  const why = results.filter((result) => result.verdict !== "pass");
  return lines([
    `${VERDICT_WORD[verdict]}  ${report.runbook} at ${clockOn(now, report.startedAt)}: ${reasonOf(verdict, results)}`,
    ...columns(report.services.map((service) => serviceRow(service, now))).map((row) => `  ${row}`),
    "",
    ...columns(rows),
    ...why.map(
      ({ check, service, because }) => `  ${[check, service].filter(Boolean).join(" ")}: ${withTimesSign(because)}`,
    ),
    "Nothing was changed.",
    ...report.commands.map(({ does, command }) => `  to ${does}: ${command}`),
  ]);
}
