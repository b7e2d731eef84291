/** What a judgement rests on and what it says: readonly JSON, complete enough to judge again from it, bit for bit. */
import { z } from "zod";
import { instantSchema } from "../model/time.ts";
import { verdictSchema } from "../model/verdict.ts";

/** Non-zero counts as [index of the minute within the window, errors], ascending. */
const countsSchema = z.array(z.tuple([z.number().int().nonnegative(), z.number().nonnegative()]));
export type Counts = z.infer<typeof countsSchema>;

/**
 * Consecutive minutes. `exposure` per minute: requests where totals are known, else 1.
 * `cut` are ranges [first index, length] that belong to other deploys or incidents; their exposure is 0.
 */
export const windowSchema = z.strictObject({
  from: instantSchema,
  exposure: z.array(z.number().nonnegative()),
  cut: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()])),
});
export type MinuteWindow = z.infer<typeof windowSchema>;

/**
 * - `overall`: all errors of the check. - `route`: one method, route family and status. - `signature`: one error
 *   fingerprint. - `critical`: the pool of signatures that a deploy must never bring.
 */
export const streamKindSchema = z.enum(["overall", "route", "critical", "signature"]);
export type StreamKind = z.infer<typeof streamKindSchema>;

export const streamSchema = z.strictObject({
  kind: streamKindSchema,
  group: z.string(),
  /** `window` names an entry of `windows`. */
  baseline: z.strictObject({ window: z.string(), errors: countsSchema }),
  candidate: z.strictObject({ window: z.string(), errors: countsSchema }),
});
export type Stream = z.infer<typeof streamSchema>;

/** The knobs of the judge, frozen with the evidence. Times in milliseconds. */
export const settingsSchema = z.strictObject({
  alphaFail: z.number(),
  alphaWarn: z.number(),
  beta: z.number(),
  rhoFail: z.number(),
  rhoWarn: z.number(),
  minRatioFail: z.number(),
  minErrorsFail: z.number(),
  minRatioWarn: z.number(),
  minErrorsWarn: z.number(),
  /** A baseline with fewer counted minutes is refused. */
  minBaselineMinutes: z.number(),
  minRequests: z.number(),
  /** Share of the requests expected from the same hour that the data needs to be alive, and below which traffic collapsed. */
  aliveShare: z.number(),
  collapseShare: z.number(),
  minEntries: z.number(),
  /** p95 latency above `latencyRatio` times and `latencyFloorMs` more than the baseline's is a symptom. */
  latencyRatio: z.number(),
  latencyFloorMs: z.number(),
  /** [distance of T+N, value], ascending; between them linear in log T. */
  ratioTolerances: z.array(z.tuple([z.number(), z.number()])),
  absoluteTolerances: z.array(z.tuple([z.number(), z.number()])),
  weights: z.strictObject({ overall: z.number(), route: z.number(), critical: z.number(), signature: z.number() }),
});
export type Settings = z.infer<typeof settingsSchema>;

export const evidenceSchema = z.strictObject({
  v: z.literal(1),
  windows: z.record(z.string(), windowSchema),
  streams: z.array(streamSchema),
  /** Whether `exposure` counts requests. */
  totalsKnown: z.boolean(),
  /** The baseline is another version over the same minutes: its traffic says nothing about what to expect. */
  concurrent: z.boolean().optional(),
  /** Of a concurrent comparison: the requests that the candidate's share of the traffic lets expect. */
  expectedRequests: z.number().nonnegative().optional(),
  /** Of a concurrent comparison: the service's own past, against which an outage of both versions shows. */
  past: z.strictObject({ window: z.string(), errors: countsSchema }).optional(),
  judgedServices: z.number().int().positive(),
  horizonMs: z.number().positive(),
  /** Log entries of any kind from the new revision or pods within the window, counted up to a bound. */
  candidateEntries: z.union([z.number(), z.literal("unknown")]),
  latencyP95: z
    .strictObject({
      baselineMs: z.union([z.number(), z.literal("unknown")]),
      candidateMs: z.union([z.number(), z.literal("unknown")]),
    })
    .optional(),
  /** Minutes of the new revision around the switch, for the guard against catastrophes. */
  settling: z
    .strictObject({
      from: instantSchema,
      errors: z.array(z.number()),
      requests: z.array(z.number()),
      /** Share of the baseline's requests that failed. */
      baselineShare: z.number(),
    })
    .optional(),
  /** Why the counts are not the whole truth ("more than 50 pages of entries"): forbids a pass, not a fail. */
  gaps: z.array(z.string()),
  settings: settingsSchema,
});
export type JudgeEvidence = z.infer<typeof evidenceSchema>;

/** A number, or that there is no bound. */
const boundSchema = z.union([z.number(), z.literal("unbounded")]);

export const streamJudgementSchema = z.strictObject({
  kind: streamKindSchema,
  group: z.string(),
  says: z.enum(["fail", "warn", "nothing"]),
  /** First minute at whose end the stream failed; it stays failed. */
  failedAt: instantSchema.optional(),
  baseline: z.strictObject({ errors: z.number(), exposure: z.number(), minutes: z.number() }),
  candidate: z.strictObject({ errors: z.number(), exposure: z.number(), minutes: z.number() }),
  weight: z.number(),
  phi: z.number(),
  winsorised: z.number(),
  lnEFail: z.number(),
  lnEFailNeeded: z.number(),
  lnEWarn: z.number(),
  lnEWarnNeeded: z.number(),
  ratio: z.number(),
  ratioWinsorised: z.number(),
  /** Excluded at level beta: rate ratios of at least `ratioBound`; at least `absoluteBound` errors a minute. */
  ratioBound: boundSchema,
  absoluteBound: boundSchema,
});
export type StreamJudgement = z.infer<typeof streamJudgementSchema>;

export const judgementSchema = z.strictObject({
  verdict: verdictSchema,
  /** One sentence. */
  because: z.string(),
  streams: z.array(streamJudgementSchema),
  /** Groups that the false-discovery procedure e-BH (level 0.1) names, by evidence. */
  suspects: z.array(z.string()),
  alive: z.boolean(),
  expectedRequests: z.union([z.number(), z.literal("unknown")]),
  /** Symptoms that are no proof: collapse of traffic, latency. */
  symptoms: z.array(z.string()),
  /** Of a concurrent comparison: the baseline's version against the service's own past, where it has risen as well. */
  shared: streamJudgementSchema.optional(),
  tolerance: z.strictObject({ ratio: z.number(), absolute: z.number() }),
});
export type Judgement = z.infer<typeof judgementSchema>;
