/** `query-metric`: judges one number a minute, from Cloud Monitoring or Prometheus, by thresholds or against its own past. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { PortFailure } from "../model/error.ts";
import type { ServiceSwitch } from "../model/service.ts";
import {
  ceilToMinute,
  clockTime,
  earliest,
  floorToMinute,
  formatDuration,
  instantSchema,
  MINUTE,
  plusMs,
} from "../model/time.ts";
import { judgeMetric, type MetricEvidence, type Samples, shortened } from "../verdict/metric-rule.ts";
import { SETTLING_MS } from "../verdict/settings.ts";
import { baselineWindow } from "./baseline-window.ts";
import { cutsOf, METRIC_DELAY_MS } from "./errors-before.ts";
import { gateTurn } from "./gate.ts";
import { lookAtEach, unmeasured } from "./look-at-each.ts";
import { monitoringSchema, prometheusSchema, readMetric } from "./metric-source.ts";
import type { CheckKind, Finding, LookContext, Looked, PreflightContext, StepService } from "./step.ts";

const thresholds = (side: string) =>
  z
    .strictObject({
      fail: z.number().exactOptional().describe(`A value ${side} this, long enough, is a FAIL.`),
      warn: z.number().exactOptional().describe(`A value ${side} this, long enough, is a WARN.`),
    })
    .prefault({});

const argsSchema = z
  .strictObject({
    monitoring: monitoringSchema.exactOptional().describe("A metric of Cloud Monitoring."),
    prometheus: prometheusSchema.exactOptional().describe("A metric of any Prometheus API."),
    compare: z
      .enum(["absolute", "baseline"])
      .prefault("absolute")
      .describe("Thresholds are values, or multiples of the median of `monitor.baseline` (default absolute)."),
    above: thresholds("above").describe("Too much."),
    below: thresholds("below").describe("Too little."),
    "in-a-row": z.number().int().min(1).max(60).prefault(5).describe("So many minutes in a row decide (default 5)."),
    for: durationSchema
      .refine((ms) => ms <= 45 * MINUTE, { error: "at most 45m: longer watches belong in monitor.checkpoints" })
      .prefault("5m")
      .describe("As a step: how long to judge after the switch has settled (default 5m)."),
  })
  .refine(({ monitoring, prometheus }) => (monitoring === undefined) !== (prometheus === undefined), {
    error: "expected exactly one of monitoring and prometheus",
  })
  .refine(({ above, below }) => Object.keys({ ...above, ...below }).length > 0, {
    error: "expected a threshold: above or below, with fail or warn",
  });
type Args = z.infer<typeof argsSchema>;

export const queryMetric: CheckKind<Args> = {
  uses: "query-metric",
  summary: "Judges a metric since the switch by thresholds, or against its own past.",
  args: argsSchema,
  platforms: ["cloud-run", "kubernetes"],
  needsServices: true,
  needs: ["google:monitoring.timeSeries.list"],
  defaultTimeoutMs: 60 * MINUTE,
  settleMs: METRIC_DELAY_MS,
  preflight: metricFindings,
  turn: (context) => gateTurn(queryMetric, context, context.args.for),
  look: (context) => lookAtEach(context, "query-metric", lookAtService),
};

/** Whether the query can be answered at all, asked of the last ten minutes. */
async function metricFindings({ args, ports, now, signal }: PreflightContext<Args>): Promise<readonly Finding[]> {
  if (args === undefined) return [];
  const until = floorToMinute(plusMs(now, -METRIC_DELAY_MS));
  try {
    const { values } = await readMetric(args, ports, plusMs(until, -10 * MINUTE), until, signal);
    if (values.some((value) => value !== null)) return [];
    const what = `${sourceOf(args)} gave no data in the last ten minutes: without data the check is inconclusive`;
    return [{ severity: "remark", what }];
  } catch (error) {
    if (!(error instanceof PortFailure) || error.kind === "aborted") throw error;
    const what = `${sourceOf(args)} cannot be asked, so it could not be judged: ${error.message}`;
    return [{ severity: error.kind === "unauthorised" ? "unauthorised" : "error", what }];
  }
}

function sourceOf({ monitoring, prometheus }: Args): string {
  return prometheus === undefined ? `the metric ${monitoring?.filter ?? ""}` : `the query ${prometheus.query}`;
}

async function lookAtService(context: LookContext<Args>, { name, switched }: StepService): Promise<Looked> {
  const row = { check: context.check, uses: "query-metric", service: name };
  if (switched === undefined) return { ...row, ...unmeasured("it has not switched to what this run deployed") };
  const { args, ports, now, horizonMs, signal } = context;
  const from = ceilToMinute(plusMs(switched.at, SETTLING_MS));
  const end = plusMs(switched.at, horizonMs);
  const until = floorToMinute(earliest([end, plusMs(now, -METRIC_DELAY_MS)]) ?? end);
  if (until <= from)
    return {
      ...row,
      ...unmeasured(`its first minute is complete at ${clockTime(plusMs(from, MINUTE + METRIC_DELAY_MS))}`),
    };
  const after = await readMetric(args, ports, from, until, signal);
  const before = args.compare === "baseline" ? await frozenBaseline(context, name, switched) : undefined;
  const evidence: MetricEvidence = {
    v: 1,
    uses: "query-metric",
    compare: args.compare,
    above: args.above,
    below: args.below,
    inARow: args["in-a-row"],
    ...(before === undefined ? {} : { before }),
    after,
  };
  const { verdict, because, median, baseline } = judgeMetric(evidence);
  const measured = after.values.filter((value) => value !== null).length;
  return {
    ...row,
    verdict,
    value: median === "unknown" ? "no data" : `median ${shortened(median)}`,
    baseline: before === undefined ? "none" : `median ${shortened(baseline)}`,
    sample: `${measured} of ${after.values.length} values in ${formatDuration(after.values.length * after.stepMs)}`,
    completeUntil: until,
    because,
    evidence,
  };
}

const storedSchema = z.strictObject({
  to: z.string(),
  from: instantSchema,
  stepMs: z.number(),
  values: z.array(z.number().nullable()),
});

/** Read once, with the windows of other deploys cut out. */
async function frozenBaseline(context: LookContext<Args>, service: string, switched: ServiceSwitch): Promise<Samples> {
  const key = `${service}/before`;
  const known = storedSchema.safeParse(await context.loadSample(key));
  if (known.success && known.data.to === switched.to) {
    const { to: _to, ...samples } = known.data;
    return samples;
  }
  const { from, until } = baselineWindow(context, switched);
  const samples = await readMetric(context.args, context.ports, from, until, context.signal);
  const cut = cutsOf(from, until, context.excluded);
  const minutesPerStep = samples.stepMs / MINUTE;
  const values = samples.values.map((value, index) => {
    const first = index * minutesPerStep;
    return cut.some(([start, length]) => first < start + length && first + minutesPerStep > start) ? null : value;
  });
  await context.saveSample(key, { ...samples, values, to: switched.to });
  return { ...samples, values };
}
