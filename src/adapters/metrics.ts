/** Cloud Run's request metrics over the official Cloud Monitoring client; counts as measured, minutes without data absent. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { CloudRunTarget } from "../model/service.ts";
import { floorToMinute, instant, type Instant, MINUTE, msOf } from "../model/time.ts";
import type { MetricPoint, Metrics, RequestCount, Served } from "../ports/metrics.ts";
import { bounded, callOptions, type GoogleConfig, msOfWire, once } from "./google.ts";
import { apart, filterFor, projectOf, REVISION_FIELD, SERVICE_FIELDS } from "./metric-filter.ts";

/** 24 h of two revisions in five classes are 14,400 points: one page. More than this many pages is a fault. */
const MOST_PAGES = 50;

export function createMetrics(config: GoogleConfig): Metrics {
  const client = once(() => connect(config));
  return {
    async query({ project, filter, since, until, aligner, reducer }, signal) {
      const series = await everySeries(config, client, signal, `a metric of project ${project}`, {
        name: `projects/${project}`,
        filter,
        interval: { startTime: wireTime(floorToMinute(since)), endTime: wireTime(floorToMinute(until)) },
        aggregation: {
          alignmentPeriod: { seconds: 60 },
          perSeriesAligner: `ALIGN_${aligner.toUpperCase()}`,
          crossSeriesReducer: `REDUCE_${reducer.toUpperCase().replace(/^P/, "PERCENTILE_")}`,
        },
        view: "FULL",
      });
      if (series.length > 1) throw new PortFailure("malformed", "a reduced metric came as more than one series");
      return series.flatMap(({ points }) => points.map(pointOf)).toSorted((a, b) => (a.minute < b.minute ? -1 : 1));
    },
    requestCounts: async (target, since, until, signal) => only(await countsOfEach([target], since, until, signal)),
    requestCountsTogether: countsOfEach,
    latencyP95: async (target, since, until, revision, signal) =>
      only(await p95OfEach([{ target, revision }], since, until, signal)),
    latencyP95Together: p95OfEach,
  };

  async function countsOfEach(
    targets: readonly CloudRunTarget[],
    since: Instant,
    until: Instant,
    signal?: AbortSignal,
  ): Promise<readonly (readonly RequestCount[])[]> {
    const served = targets.map((target) => ({ target }));
    const series = await everySeries(config, client, signal, whatOf(served), {
      name: `projects/${projectOf(served)}`,
      filter: filterFor("request_count", served),
      interval: { startTime: wireTime(floorToMinute(since)), endTime: wireTime(floorToMinute(until)) },
      aggregation: {
        alignmentPeriod: { seconds: 60 },
        perSeriesAligner: "ALIGN_DELTA",
        crossSeriesReducer: "REDUCE_SUM",
        groupByFields: [...SERVICE_FIELDS, REVISION_FIELD, "metric.labels.response_code_class"],
      },
      view: "FULL",
    });
    return apart(served, series).map((own) => own.flatMap(countsOf));
  }

  async function p95OfEach(
    served: readonly Served[],
    since: Instant,
    until: Instant,
    signal?: AbortSignal,
  ): Promise<readonly (number | "unknown")[]> {
    const from = msOf(floorToMinute(since));
    const seconds = Math.max(60, Math.ceil((msOf(until) - from) / MINUTE) * 60);
    const series = await everySeries(config, client, signal, whatOf(served), {
      name: `projects/${projectOf(served)}`,
      filter: filterFor("request_latencies", served),
      interval: { startTime: wireTime(instant(from)), endTime: wireTime(instant(from + seconds * 1_000)) },
      // One period over the whole window; the distributions of all classes are merged before the percentile is taken.
      aggregation: {
        alignmentPeriod: { seconds },
        perSeriesAligner: "ALIGN_DELTA",
        crossSeriesReducer: "REDUCE_PERCENTILE_95",
        groupByFields: served.some(({ revision }) => revision !== undefined)
          ? [...SERVICE_FIELDS, REVISION_FIELD]
          : SERVICE_FIELDS,
      },
      view: "FULL",
    });
    return apart(served, series).map(([own]) => own?.points[0]?.value.doubleValue ?? "unknown");
  }
}

interface MetricClient {
  listTimeSeries(request: object, options: object): Promise<readonly unknown[]>;
}

async function connect(config: GoogleConfig): Promise<MetricClient> {
  const [{ MetricServiceClient }, { clientOptions }] = await Promise.all([
    import("@google-cloud/monitoring"),
    import("./google-client.ts"),
  ]);
  return new MetricServiceClient(await clientOptions(config));
}

function whatOf(served: readonly Served[]): string {
  return `metrics of Cloud Run ${served.length === 1 ? "service" : "services"} ${served.map(({ target }) => target.service).join(", ")}`;
}

function only<T>(answers: readonly T[]): T {
  const [answer] = answers;
  if (answer === undefined) throw new RangeError("as many answers as questions");
  return answer;
}

async function everySeries(
  config: GoogleConfig,
  client: () => Promise<MetricClient>,
  signal: AbortSignal | undefined,
  what: string,
  request: object,
): Promise<readonly Series[]> {
  const all: Series[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await bounded(what, config, signal, async () =>
      (await client()).listTimeSeries(
        { ...request, ...(pageToken === undefined ? {} : { pageToken }) },
        { ...callOptions(config), autoPaginate: false },
      ),
    );
    const response = responseSchema.safeParse(answer[2] ?? { timeSeries: answer[0] });
    if (!response.success) {
      throw new PortFailure("malformed", `${what}: an answer that is not what the API promises`, {
        cause: response.error,
      });
    }
    all.push(...response.data.timeSeries);
    pageToken = response.data.nextPageToken || undefined;
    if (pageToken === undefined) return all;
  }
  throw new PortFailure("malformed", `${what}: more than ${MOST_PAGES} pages`);
}

const seriesSchema = z.object({
  metric: z.object({ labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  resource: z.object({ labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  points: z.array(
    z.object({
      interval: z.object({
        endTime: z.object({ seconds: z.union([z.string(), z.number()]).nullish(), nanos: z.number().nullish() }),
      }),
      value: z.object({
        /** int64 as text. */
        int64Value: z.union([z.string(), z.number()]).nullish(),
        doubleValue: z.number().nullish(),
      }),
    }),
  ),
});
type Series = z.infer<typeof seriesSchema>;

const responseSchema = z.object({ timeSeries: z.array(seriesSchema), nextPageToken: z.string().nullish() });

function countsOf(series: Series): readonly RequestCount[] {
  const revision = series.resource?.labels?.["revision_name"];
  const statusClass = series.metric?.labels?.["response_code_class"];
  if (revision === undefined || statusClass === undefined) {
    throw new PortFailure("malformed", "a request_count series without its revision or class");
  }
  return series.points.map((point) => {
    const { minute, value } = pointOf(point);
    return { minute, revision, statusClass, count: value };
  });
}

function pointOf({ interval, value }: Series["points"][number]): MetricPoint {
  const number = Number(value.int64Value ?? value.doubleValue ?? Number.NaN);
  if (!Number.isFinite(number)) throw new PortFailure("malformed", "a point of a metric without a number");
  // An aligned value stands at the end of its period.
  return { minute: instant(msOfWire(interval.endTime) - MINUTE), value: number };
}

function wireTime(at: Instant): { seconds: number; nanos: number } {
  return { seconds: Math.floor(msOf(at) / 1_000), nanos: (msOf(at) % 1_000) * 1_000_000 };
}
