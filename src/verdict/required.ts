/** Positive evidence that a runbook demands: successes on a named route after the switch. Pure; it reads no log. */
import { z } from "zod";
import { MINUTE, formatDuration } from "../model/time.ts";
import { type Verdict, worstVerdict } from "../model/verdict.ts";
import { type JudgeEvidence, type Judgement, evidenceSchema } from "./evidence.ts";
import { judge } from "./judge.ts";

/** So many would have been expected by the past, and none came: a symptom of its own. */
const MANY = 10;

/** One demand and what was seen of it. Minutes are those that were read for it. */
export const requiredSchema = z.strictObject({
  route: z.string(),
  needed: z.number().int().positive(),
  /** Counted up to `needed`. */
  seen: z.number(),
  minutes: z.number(),
  baseline: z.strictObject({ seen: z.number(), minutes: z.number() }),
});
export type Required = z.infer<typeof requiredSchema>;

/** What check-errors stores: the judge's evidence alone, or with what the runbook demands besides. */
export const demandingEvidenceSchema = z.strictObject({
  v: z.literal(1),
  errors: evidenceSchema,
  required: z.array(requiredSchema).min(1),
});
export type DemandingEvidence = z.infer<typeof demandingEvidenceSchema>;

export type ErrorsEvidence = JudgeEvidence | DemandingEvidence;
export const errorsEvidenceSchema = z.union([evidenceSchema, demandingEvidenceSchema]);

export interface ErrorsVerdict {
  readonly verdict: Verdict;
  readonly because: string;
  readonly evidence: JudgeEvidence;
  readonly judgement: Judgement;
  readonly required: readonly RequiredVerdict[];
}

export interface RequiredVerdict extends Required {
  readonly verdict: Verdict;
  readonly because: string;
  /** How many the baseline's rate lets expect in the minutes read; "unknown" without a baseline. */
  readonly expected: number | "unknown";
}

/** A demand that is not met keeps a pass away; it never makes a fail, and never hides one. */
export function judgeErrors(stored: ErrorsEvidence): ErrorsVerdict {
  const evidence = "errors" in stored ? stored.errors : stored;
  const judgement = judge(evidence);
  const required = "errors" in stored ? stored.required.map(judgeRequired) : [];
  const verdict = worstVerdict([judgement.verdict, ...required.map((each) => each.verdict)]);
  return { verdict, because: reasonOf(verdict, judgement, required), evidence, judgement, required };
}

/** Only what decided, and for a pass the demands that were met. */
function reasonOf(verdict: Verdict, judgement: Judgement, required: readonly RequiredVerdict[]): string {
  const all = [judgement, ...required];
  return all.flatMap((each) => (each.verdict === verdict ? [each.because] : [])).join("; ");
}

export function judgeRequired(required: Required): RequiredVerdict {
  const { route, needed, seen, minutes, baseline } = required;
  const expected = baseline.minutes === 0 ? "unknown" : (minutes * baseline.seen) / baseline.minutes;
  const span = formatDuration(minutes * MINUTE);
  if (seen >= needed) {
    return { ...required, expected, verdict: "pass", because: `${route}: at least ${needed} successes` };
  }
  if (seen === 0 && expected !== "unknown" && expected >= MANY) {
    const because = `${route}: no success in ${span}, where ${Math.round(expected)} were to be expected`;
    return { ...required, expected, verdict: "warn", because };
  }
  const because = `${route}: ${seen} successes in ${span}; ${needed} are required`;
  return { ...required, expected, verdict: "inconclusive", because };
}
