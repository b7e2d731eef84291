/** Request counts and latencies as the platform measured them (Cloud Monitoring). */
import type { CloudRunTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";

export interface RequestCount {
  /** Start of the minute. */
  readonly minute: Instant;
  readonly revision: string;
  /** "2xx", "4xx", "5xx" */
  readonly statusClass: string;
  readonly count: number;
}

/** One question to Cloud Monitoring whose answer is one number a minute. */
export interface MetricQuery {
  readonly project: string;
  /** A Monitoring filter: `metric.type="…" AND resource.labels.…="…"`. */
  readonly filter: string;
  readonly since: Instant;
  readonly until: Instant;
  /** What becomes of one series within a minute. */
  readonly aligner: "mean" | "max" | "min" | "sum" | "delta" | "rate";
  /** How the series become one; percentiles are for distributions. */
  readonly reducer: "sum" | "mean" | "max" | "min" | "p50" | "p95" | "p99";
}

export interface MetricPoint {
  /** Start of the minute. */
  readonly minute: Instant;
  readonly value: number;
}

/** Requests of a service; with `revision`, only those that it answered. */
export interface Served {
  readonly target: CloudRunTarget;
  readonly revision?: string | undefined;
}

export interface Metrics {
  /** Ascending; a minute without data is absent. `invalid` when the filter is not understood. Throws PortFailure. */
  query(query: MetricQuery, signal?: AbortSignal): Promise<readonly MetricPoint[]>;
  /**
   * `run.googleapis.com/request_count`, aligned to minutes, all pages. A minute without a point is a minute without
   * requests only when it is older than the metric's visibility delay (up to 240 s): callers decide. Throws PortFailure.
   */
  requestCounts(
    target: CloudRunTarget,
    since: Instant,
    until: Instant,
    signal?: AbortSignal,
  ): Promise<readonly RequestCount[]>;
  /** 95th percentile of request latencies in milliseconds over the window, "unknown" when there were none. */
  latencyP95(
    target: CloudRunTarget,
    since: Instant,
    until: Instant,
    revision?: string,
    signal?: AbortSignal,
  ): Promise<number | "unknown">;
  /** `requestCounts` of services of one project in one request, in their order. Absent: one by one. */
  requestCountsTogether?(
    targets: readonly CloudRunTarget[],
    since: Instant,
    until: Instant,
    signal?: AbortSignal,
  ): Promise<readonly (readonly RequestCount[])[]>;
  /** `latencyP95` of services of one project, all with or all without a revision, in one request, in their order. */
  latencyP95Together?(
    served: readonly Served[],
    since: Instant,
    until: Instant,
    signal?: AbortSignal,
  ): Promise<readonly (number | "unknown")[]>;
}
