/** Where query-metric's numbers come from: Cloud Monitoring, or any Prometheus API. One bounded request each; judges nothing. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import { type Instant, MINUTE, msBetween, msOf } from "../model/time.ts";
import type { Ports } from "../ports/ports.ts";
import type { Samples } from "../verdict/metric-rule.ts";

/** A Prometheus answer must fit into what a probe reads. */
const MOST_POINTS = 1_000;
const TIMEOUT_MS = 15_000;

export const monitoringSchema = z.strictObject({
  project: z.string().min(1).describe("The Google Cloud project id."),
  filter: z.string().min(1).describe('A Monitoring filter: `metric.type="…" AND resource.labels.service_name="…"`.'),
  aligner: z
    .enum(["mean", "max", "min", "sum", "delta", "rate"])
    .prefault("mean")
    .describe("What becomes of one series within a minute (default mean; delta or rate for counters)."),
  reducer: z
    .enum(["sum", "mean", "max", "min", "p50", "p95", "p99"])
    .prefault("sum")
    .describe("How the series become one number (default sum; percentiles are for distributions)."),
});

export const prometheusSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe("The server's address; `/api/v1/query_range` is added where it is missing."),
  query: z.string().min(1).describe("PromQL that gives one series: wrap it in sum() or max()."),
  authorization: z
    .string()
    .exactOptional()
    .describe('The Authorization header, as a reference: "Bearer ${{ env.PROMETHEUS_TOKEN }}".'),
});

export interface MetricSource {
  readonly monitoring?: z.infer<typeof monitoringSchema> | undefined;
  readonly prometheus?: z.infer<typeof prometheusSchema> | undefined;
}

/** Values of [since, until), null where there are none. Throws PortFailure. */
export async function readMetric(
  source: MetricSource,
  ports: Pick<Ports, "metrics" | "http">,
  since: Instant,
  until: Instant,
  signal: AbortSignal,
): Promise<Samples> {
  const { monitoring, prometheus } = source;
  if (prometheus !== undefined) return readPrometheus(prometheus, ports, since, until, signal);
  if (monitoring === undefined) throw new RangeError("a metric without a source was let through");
  const points = await ports.metrics.query({ ...monitoring, since, until }, signal);
  const samples = emptySamples(since, until, MINUTE);
  for (const { minute, value } of points) put(samples, msOf(minute), value);
  return samples;
}

async function readPrometheus(
  { url, query, authorization }: z.infer<typeof prometheusSchema>,
  { http }: Pick<Ports, "http">,
  since: Instant,
  until: Instant,
  signal: AbortSignal,
): Promise<Samples> {
  const stepMs = Math.max(1, Math.ceil(msBetween(since, until) / MINUTE / MOST_POINTS)) * MINUTE;
  const samples = emptySamples(since, until, stepMs);
  if (samples.values.length === 0) return samples;
  const address = new URL(url);
  if (!address.pathname.endsWith("/query_range")) {
    address.pathname = `${address.pathname.replace(/\/+$/, "")}/api/v1/query_range`;
  }
  // A value stands at the end of its step, as an alert would have seen it.
  const end = msOf(since) + samples.values.length * stepMs;
  const params = { query, start: (msOf(since) + stepMs) / 1_000, end: end / 1_000, step: stepMs / 1_000 };
  for (const [key, value] of Object.entries(params)) address.searchParams.set(key, String(value));
  const headers = authorization === undefined ? {} : { headers: { authorization } };
  const request = { method: "GET" as const, url: address.href, timeoutMs: TIMEOUT_MS, ...headers };
  const { status, body } = await http.probe(request, signal);
  for (const [seconds, text] of pointsOf(status, body, address.host)) {
    const value = Number(text);
    if (Number.isFinite(value)) put(samples, seconds * 1_000 - stepMs, value);
  }
  return samples;
}

const answerSchema = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
});

function pointsOf(status: number, body: string, host: string): readonly (readonly [number, string])[] {
  const what = `the Prometheus API at ${host}`;
  if (status === 401 || status === 403) throw new PortFailure("unauthorised", `${what} answered ${status}`);
  if (status === 429) throw new PortFailure("rate-limited", `${what} answered 429`);
  if (status >= 500) throw new PortFailure("unavailable", `${what} answered ${status}`);
  if (status !== 200) throw new PortFailure("invalid", `${what} answered ${status}: ${body.slice(0, 200)}`);
  const answer = answerSchema.safeParse(parsed(body));
  if (!answer.success) throw new PortFailure("invalid", `${what} gave an answer that is not a range of values`);
  const { result } = answer.data.data;
  if (result.length > 1) {
    throw new PortFailure(
      "invalid",
      `the query gives ${result.length} series and must give one: wrap it in sum() or max()`,
    );
  }
  return result[0]?.values ?? [];
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

interface Filling extends Samples {
  values: (number | null)[];
}

function emptySamples(from: Instant, until: Instant, stepMs: number): Filling {
  const length = Math.max(0, Math.floor(msBetween(from, until) / stepMs));
  return { from, stepMs, values: Array.from({ length }, () => null) };
}

function put(samples: Filling, atMs: number, value: number): void {
  const index = Math.floor((atMs - msOf(samples.from)) / samples.stepMs);
  if (index >= 0 && index < samples.values.length) samples.values[index] = value;
}
