/** What `runbook doctor` prints: one line per thing that was asked, and what to do about each that is not well. */
import type { Diagnosis, DiagnosisState } from "../model/diagnosis.ts";
import { columns, lines } from "./columns.ts";
import { counted } from "./words.ts";

const MARK: Readonly<Record<DiagnosisState, string>> = {
  ok: "✓",
  unauthorised: "✗",
  unreachable: "✗",
  wrong: "✗",
  unknown: "?",
};

export function diagnosisText(title: string, rows: readonly Diagnosis[]): string {
  const table = columns(rows.map((row) => [MARK[row.state], row.what, row.about, row.said]));
  const ill = rows.filter(({ state }) => state !== "ok");
  const steps = new Map<string, string[]>();
  for (const { about, next } of ill) if (next !== undefined) steps.set(next, [...(steps.get(next) ?? []), about]);
  return lines([
    ill.length === 0 ? `${title}: all ${counted(rows.length, "answer")} are good` : `${title}: ${summary(ill)}`,
    ...table.map((row) => `  ${row}`),
    ...[...steps].map(([next, about]) => `  ${about.join(", ")}: ${next}`),
    "Nothing was changed.",
  ]);
}

const WORDS: Readonly<Record<Exclude<DiagnosisState, "ok">, string>> = {
  unauthorised: "not authorised",
  unreachable: "not reachable",
  wrong: "not right",
  unknown: "unknown",
};

/** "2 not authorised, 1 not reachable" */
function summary(ill: readonly Diagnosis[]): string {
  return Object.entries(WORDS)
    .map(([state, words]) => [ill.filter((row) => row.state === state).length, words] as const)
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${count} ${words}`)
    .join(", ");
}
