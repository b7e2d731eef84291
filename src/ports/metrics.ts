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

export interface Metrics {
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
}
