/** Verdicts and what a check found: plain data that the journal stores and every report shows. */
import { z } from "zod";
import { instantSchema } from "./time.ts";

/**
 * - `pass`: evidence of no harm. - `warn`: some evidence of harm, or a symptom that is no proof.
 * - `fail`: evidence of harm. - `inconclusive`: everything else; never success.
 */
export const verdictSchema = z.enum(["pass", "warn", "fail", "inconclusive"]);
export type Verdict = z.infer<typeof verdictSchema>;

const PRECEDENCE: Readonly<Record<Verdict, number>> = { fail: 3, inconclusive: 2, warn: 1, pass: 0 };

/** The verdict over several: fail, then inconclusive, then warn, then pass. Nothing evaluated is inconclusive. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return "inconclusive";
  return verdicts.reduce((worst, verdict) => (PRECEDENCE[verdict] > PRECEDENCE[worst] ? verdict : worst));
}

/** How often something was seen: events in minutes of observation, with the requests where totals are known. */
export const tallySchema = z.strictObject({
  errors: z.number(),
  requests: z.union([z.number(), z.literal("unknown")]),
  minutes: z.number(),
});
export type Tally = z.infer<typeof tallySchema>;

/** One route, signature or class of errors within a check, told apart by whether production had it before. */
export const groupFindingSchema = z.strictObject({
  /** "GET /v1/conversations 500", "ImportError: cannot import name …": hostile text, escape it wherever it is shown. */
  group: z.string(),
  kind: z.enum(["pre-existing", "new", "risen", "switch-window", "late-victim"]),
  baseline: tallySchema,
  candidate: tallySchema,
  /** One example line, redacted and cut. */
  example: z.string().optional(),
});
export type GroupFinding = z.infer<typeof groupFindingSchema>;

/** Per-minute errors for the small chart: index 0 is the minute `from`. */
export const seriesSchema = z.strictObject({
  from: instantSchema,
  errors: z.array(z.number()),
  switchedAt: instantSchema.optional(),
});
export type Series = z.infer<typeof seriesSchema>;

/** What one check found for one service (or for the whole run where it names none). One row of the report's table. */
export const checkResultSchema = z.strictObject({
  /** The check's id within the runbook ("check-errors", or the step's id). */
  check: z.string(),
  uses: z.string(),
  service: z.string().optional(),
  verdict: verdictSchema,
  /** True for a positive failure of the new revision or pods themselves (crash loop, image pull, revision failed). */
  platformFailure: z.boolean().optional(),
  /** What was measured, short: "4 × 5xx", "27/27 pods ready, 0 restarts", "200 in 84 ms". */
  value: z.string(),
  /** The same in the baseline: "20.0/h over 24h"; "none" where the check has no past. */
  baseline: z.string(),
  /** What it rests on: "1,204 requests in 12m", "27 pods", "3 probes". */
  sample: z.string(),
  /** No judgement beyond this moment; absent where the check reads the present. */
  completeUntil: instantSchema.optional(),
  /** One sentence: why this verdict. A pass says what it excludes: "any rise above x3.1 is excluded (95 %)". */
  because: z.string(),
  /** Opens the very query, workflow run, revision or workload. */
  link: z.string().optional(),
  groups: z.array(groupFindingSchema).optional(),
  series: seriesSchema.optional(),
  /** Digest of the stored evidence from which the verdict can be recomputed. */
  evidence: z.string().optional(),
  /** Digest of the whole judgement that this evidence gave, as canonical JSON: a recomputation must give the same bytes. */
  judgement: z.string().optional(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;
