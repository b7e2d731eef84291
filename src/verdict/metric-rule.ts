/** The rule of query-metric: thresholds that must be crossed several minutes in a row. Pure; it asks no metric. */
import { z } from "zod";
import { clockTime, formatDuration, type Instant, instantSchema, plusMs } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";

const thresholdsSchema = z.strictObject({ fail: z.number().exactOptional(), warn: z.number().exactOptional() });
export type Thresholds = z.infer<typeof thresholdsSchema>;

/** One value per step; null where there was none. */
const samplesSchema = z.strictObject({
  from: instantSchema,
  stepMs: z.number().positive(),
  values: z.array(z.number().nullable()),
});
export type Samples = z.infer<typeof samplesSchema>;

export const metricEvidenceSchema = z.strictObject({
  v: z.literal(1),
  uses: z.literal("query-metric"),
  /** `baseline`: thresholds are multiples of the baseline's median. */
  compare: z.enum(["absolute", "baseline"]),
  above: thresholdsSchema,
  below: thresholdsSchema,
  /** So many values in a row must be beyond a threshold, and so many at least must have been measured. */
  inARow: z.number().int().positive(),
  before: samplesSchema.exactOptional(),
  after: samplesSchema,
});
export type MetricEvidence = z.infer<typeof metricEvidenceSchema>;

export interface MetricVerdict {
  readonly verdict: Verdict;
  readonly because: string;
  /** Of the values since the switch, and of the baseline: "unknown" where there are none. */
  readonly median: number | "unknown";
  readonly baseline: number | "unknown";
}

/** A baseline with fewer values is refused; less than this share of the window measured is no pass. */
const LEAST_BASELINE = 60;
const LEAST_SHARE = 0.5;

/**
 * FAIL: `inARow` values in a row beyond a `fail` threshold. WARN: the same for `warn`, or any value beyond `fail`.
 * PASS: none of it, over at least half of the window. No data is never a pass.
 */
export function judgeMetric(evidence: MetricEvidence): MetricVerdict {
  const { compare, after, before, inARow } = evidence;
  const measured = known(after);
  const past = before === undefined ? [] : known(before);
  const seen = { median: medianOf(measured), baseline: medianOf(past) };
  const say = (verdict: Verdict, because: string): MetricVerdict => ({ verdict, because, ...seen });
  if (measured.length === 0) return say("inconclusive", "the query gave no data since the switch settled");
  let unit = 1;
  if (compare === "baseline") {
    if (past.length * (before?.stepMs ?? 0) < LEAST_BASELINE * 60_000) {
      return say("inconclusive", `the baseline has only ${past.length} values; ${LEAST_BASELINE} minutes are needed`);
    }
    if (seen.baseline === "unknown" || seen.baseline <= 0) {
      return say("inconclusive", "the baseline's median is not above zero, so nothing is a multiple of it");
    }
    unit = seen.baseline;
  }
  const tests = testsOf(evidence, unit);
  const failed = firstOf(tests.fail, after, inARow);
  if (failed !== undefined) return say("fail", reasonOf(failed, evidence));
  const warned = firstOf(tests.warn, after, inARow) ?? firstOf(tests.fail, after, 1);
  if (warned !== undefined)
    return say("warn", `${reasonOf(warned, evidence)}${tests.fail.length > 0 ? "; not enough for a FAIL" : ""}`);
  if (measured.length < inARow || measured.length < LEAST_SHARE * after.values.length) {
    return say("inconclusive", `only ${measured.length} of ${after.values.length} values could be measured yet`);
  }
  return say(
    "pass",
    `${measured.length} values, median ${shortened(seen.median)}, never ${[...tests.fail, ...tests.warn].map(({ text }) => text).join(" or ")}`,
  );
}

interface Test {
  readonly text: string;
  isBeyond(value: number): boolean;
}

function testsOf({ above, below, compare }: MetricEvidence, unit: number): { fail: Test[]; warn: Test[] } {
  const shown = (threshold: number): string =>
    compare === "baseline"
      ? `x${threshold} of the baseline's median (${shortened(threshold * unit)})`
      : String(threshold);
  const of = (key: keyof Thresholds): Test[] => {
    const high = above[key];
    const low = below[key];
    return [
      ...(high === undefined
        ? []
        : [{ text: `above ${shown(high)}`, isBeyond: (value: number) => value > high * unit }]),
      ...(low === undefined ? [] : [{ text: `below ${shown(low)}`, isBeyond: (value: number) => value < low * unit }]),
    ];
  };
  return { fail: of("fail"), warn: of("warn") };
}

interface Crossing {
  readonly test: Test;
  readonly number: number;
  readonly value: number;
  /** The end of the step in which the run was long enough. */
  readonly at: Instant;
}

/** The first run of `length` values beyond one threshold; a missing value ends a run. */
function firstOf(tests: readonly Test[], { from, stepMs, values }: Samples, length: number): Crossing | undefined {
  for (const test of tests) {
    let run = 0;
    for (const [index, value] of values.entries()) {
      run = value !== null && test.isBeyond(value) ? run + 1 : 0;
      if (run === length && value !== null) {
        return { test, number: length, value, at: plusMs(from, (index + 1) * stepMs) };
      }
    }
  }
  return undefined;
}

function reasonOf({ test, number, value, at }: Crossing, { after }: MetricEvidence): string {
  const span = formatDuration(number * after.stepMs);
  return `${test.text} for ${span} until ${clockTime(at)} (then ${shortened(value)})`;
}

function known({ values }: Samples): number[] {
  return values.filter((value) => value !== null);
}

function medianOf(values: readonly number[]): number | "unknown" {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const other = sorted[Math.ceil((sorted.length - 1) / 2)];
  return middle === undefined || other === undefined ? "unknown" : (middle + other) / 2;
}

export function shortened(value: number | "unknown"): string {
  return value === "unknown" ? value : String(Number(value.toPrecision(4)));
}
