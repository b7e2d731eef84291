/** Cloud Monitoring v3 of the simulated cloud: the two request metrics of Cloud Run, aligned and reduced as asked; no others. */
import type { Server } from "@grpc/grpc-js";
import { instant, MINUTE, msOf } from "../model/time.ts";
import type { RunService } from "./cloud-run-model.ts";
import type { CloudRunState } from "./cloud-run-state.ts";
import {
  answering,
  ApiError,
  serviceDefinition,
  Status,
  type WireTime,
  wireTime,
  type GooglePlace,
} from "./grpc-api.ts";
import { type MetricFilter, parseMetricFilter } from "./metric-filter.ts";
import type { Traffic } from "./traffic.ts";

export interface MonitoringPlace extends GooglePlace {
  readonly cloudRun: CloudRunState;
  readonly traffic: Traffic;
}

/** "After sampling, data is not visible for up to 120 seconds." */
const VISIBLE_AFTER_MS = 120_000;

const SERVICE_FIELDS = ["resource.labels.location", "resource.labels.service_name"];
const REVISION_FIELD = "resource.labels.revision_name";

export function addMonitoring(server: Server, place: MonitoringPlace): void {
  server.addService(serviceDefinition("monitoring", "google.monitoring.v3.MetricService", place.observe), {
    ListTimeSeries: answering<ListRequest>(place, "monitoring", "list-time-series", (request, isHeldBack) =>
      paged(request, seriesOf(place, request), isHeldBack),
    ),
  });
}

interface ListRequest {
  readonly name: string;
  readonly filter: string;
  readonly interval: { readonly startTime: WireTime | null; readonly endTime: WireTime | null } | null;
  readonly aggregation: {
    readonly alignmentPeriod: { readonly seconds: string } | null;
    readonly perSeriesAligner: string;
    readonly crossSeriesReducer: string;
    readonly groupByFields: readonly string[];
  } | null;
  readonly pageSize: number;
  readonly pageToken: string;
}

function paged(request: ListRequest, all: readonly object[], isHeldBack: boolean): object {
  const start = request.pageToken === "" ? 0 : Number(request.pageToken);
  if (isHeldBack) return { timeSeries: [], nextPageToken: String(start) };
  const size = request.pageSize === 0 ? 1_000 : request.pageSize;
  if (!Number.isInteger(start)) throw new ApiError(Status.INVALID_ARGUMENT, "page_token is not valid.");
  const next = start + size;
  return { timeSeries: all.slice(start, next), nextPageToken: next < all.length ? String(next) : "" };
}

function seriesOf(place: MonitoringPlace, request: ListRequest): readonly object[] {
  const wanted = conditionsOf(request.filter);
  const project = request.name.split("/")[1];
  const services = place.cloudRun.services.filter(
    (service) =>
      service.project === project &&
      isWanted(wanted, "resource.labels.location", service.region) &&
      isWanted(wanted, "resource.labels.service_name", service.name),
  );
  const [metric = ""] = wanted.get("metric.type") ?? [];
  switch (metric) {
    case "run.googleapis.com/request_count":
      return request.aggregation?.groupByFields.length === 0
        ? summedCounts(place, services, request, wanted)
        : services.flatMap((service) => requestCounts(place, service, request, wanted));
    case "run.googleapis.com/request_latencies":
      return services.flatMap((service) => requestLatencies(place, service, request, wanted));
    default:
      throw new ApiError(Status.NOT_FOUND, `Cannot find metric(s) that match type "${metric}".`);
  }
}

function requestCounts(
  place: MonitoringPlace,
  service: RunService,
  request: ListRequest,
  wanted: MetricFilter,
): readonly object[] {
  const groups = ["metric.labels.response_code_class", ...SERVICE_FIELDS, REVISION_FIELD];
  expectAggregation(request, 60, "REDUCE_SUM", groups);
  const points = new Map<string, { revision: string; kind: string; values: { minuteMs: number; count: number }[] }>();
  for (const minuteMs of minutesOf(place, request)) {
    const sums = new Map<string, number>();
    for (const { revision, status, count } of place.traffic.counts(service.key, minuteMs)) {
      if (!isWanted(wanted, REVISION_FIELD, revision)) continue;
      const name = `${revision} ${Math.floor(status / 100)}xx`;
      sums.set(name, (sums.get(name) ?? 0) + count);
    }
    for (const [name, count] of sums) {
      const [revision = "", kind = ""] = name.split(" ");
      const series = points.get(name) ?? { revision, kind, values: [] };
      series.values.push({ minuteMs, count });
      points.set(name, series);
    }
  }
  return [...points.values()].map(({ revision, kind, values }) => ({
    metric: { type: "run.googleapis.com/request_count", labels: { response_code_class: kind } },
    resource: resourceOf(service, revision),
    metricKind: "DELTA",
    valueType: "INT64",
    points: values.toReversed().map(({ minuteMs, count }) => ({
      interval: { startTime: wireMinute(minuteMs), endTime: wireMinute(minuteMs + MINUTE) },
      value: { int64Value: count },
    })),
  }));
}

/** All that match as one series: the sum of a minute, or its rate a second. A minute without requests has no point. */
function summedCounts(
  place: MonitoringPlace,
  services: readonly RunService[],
  request: ListRequest,
  wanted: MetricFilter,
): readonly object[] {
  const isRate = request.aggregation?.perSeriesAligner === "ALIGN_RATE";
  if (!isRate) expectAggregation(request, 60, "REDUCE_SUM", []);
  const points = minutesOf(place, request).flatMap((minuteMs) => {
    const counts = services
      .flatMap(({ key }) => place.traffic.counts(key, minuteMs))
      .filter(
        ({ revision, status }) =>
          isWanted(wanted, REVISION_FIELD, revision) &&
          isWanted(wanted, "metric.labels.response_code_class", `${Math.floor(status / 100)}xx`),
      );
    if (counts.length === 0) return [];
    const sum = counts.reduce((total, { count }) => total + count, 0);
    const value = isRate ? { doubleValue: sum / 60 } : { int64Value: sum };
    return [{ interval: { startTime: wireMinute(minuteMs), endTime: wireMinute(minuteMs + MINUTE) }, value }];
  });
  if (points.length === 0) return [];
  const metric = { type: "run.googleapis.com/request_count", labels: {} };
  const resource = { type: "cloud_run_revision", labels: { project_id: services[0]?.project } };
  return [{ metric, resource, metricKind: "DELTA", valueType: "INT64", points: points.toReversed() }];
}

function requestLatencies(
  place: MonitoringPlace,
  service: RunService,
  request: ListRequest,
  wanted: MetricFilter,
): readonly object[] {
  const { fromMs, untilMs } = windowOf(request);
  const isByRevision = wanted.has(REVISION_FIELD);
  const groups = isByRevision ? [...SERVICE_FIELDS, REVISION_FIELD] : SERVICE_FIELDS;
  expectAggregation(request, (untilMs - fromMs) / 1_000, "REDUCE_PERCENTILE_95", groups);
  const minutes = minutesOf(place, request);
  const [first] = minutes;
  const last = minutes.at(-1);
  if (first === undefined || last === undefined) return [];
  const revisions = isByRevision
    ? [...service.revisions.keys()].filter((name) => isWanted(wanted, REVISION_FIELD, name))
    : [undefined];
  return revisions.flatMap((revision) => {
    const p95 = place.traffic.latencyP95(service.key, first, last + MINUTE, revision);
    if (p95 === undefined) return [];
    const at = wireTime(instant(untilMs));
    return [
      {
        metric: { type: "run.googleapis.com/request_latencies", labels: {} },
        resource: resourceOf(service, revision),
        metricKind: "GAUGE",
        valueType: "DOUBLE",
        points: [{ interval: { startTime: at, endTime: at }, value: { doubleValue: p95 } }],
      },
    ];
  });
}

/** Of a series that is grouped by service, and perhaps by revision: the other labels are aggregated away. */
function resourceOf({ project, region, name }: RunService, revision?: string): object {
  const labels = { project_id: project, location: region, service_name: name };
  return {
    type: "cloud_run_revision",
    labels: revision === undefined ? labels : { ...labels, revision_name: revision },
  };
}

/** Starts of the whole minutes asked for that are visible by now. */
function minutesOf(place: MonitoringPlace, request: ListRequest): readonly number[] {
  const { fromMs, untilMs } = windowOf(request);
  const end = Math.min(untilMs, msOf(place.world.now) - VISIBLE_AFTER_MS);
  const first = Math.ceil(fromMs / MINUTE) * MINUTE;
  return Array.from({ length: Math.max(0, Math.floor((end - first) / MINUTE)) }, (_, index) => first + index * MINUTE);
}

/** A number: the client's library reads it as readily as the text that its own messages have, and a day has thousands. */
function wireMinute(minuteMs: number): { seconds: number; nanos: number } {
  return { seconds: minuteMs / 1_000, nanos: 0 };
}

function windowOf({ interval }: ListRequest): { fromMs: number; untilMs: number } {
  if (interval === null || interval.endTime === null || interval.startTime === null) {
    throw new ApiError(Status.INVALID_ARGUMENT, "interval.start_time and interval.end_time are required.");
  }
  return { fromMs: Number(interval.startTime.seconds) * 1_000, untilMs: Number(interval.endTime.seconds) * 1_000 };
}

function expectAggregation(request: ListRequest, seconds: number, reducer: string, groups: readonly string[]): void {
  const { aggregation } = request;
  const isKnown =
    Number(aggregation?.alignmentPeriod?.seconds) === seconds &&
    (aggregation?.perSeriesAligner === "ALIGN_DELTA" || aggregation?.perSeriesAligner === "ALIGN_SUM") &&
    aggregation.crossSeriesReducer === reducer &&
    aggregation.groupByFields.toSorted().join() === groups.toSorted().join();
  if (!isKnown) throw new ApiError(Status.INVALID_ARGUMENT, "the simulated Monitoring does not know this aggregation.");
}

const FIELDS: readonly string[] = [
  "metric.type",
  "metric.labels.response_code_class",
  "resource.type",
  ...SERVICE_FIELDS,
  REVISION_FIELD,
];

function conditionsOf(filter: string): MetricFilter {
  try {
    return parseMetricFilter(filter, FIELDS);
  } catch (error) {
    throw new ApiError(Status.INVALID_ARGUMENT, `Invalid filter: ${error instanceof Error ? error.message : ""}`);
  }
}

function isWanted(wanted: MetricFilter, field: string, value: string): boolean {
  return wanted.get(field)?.includes(value) ?? true;
}
