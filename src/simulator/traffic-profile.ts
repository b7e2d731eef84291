/** What clients ask of a simulated service and how it answers: plain descriptions, no behaviour. */
import type { Instant } from "../model/time.ts";

/**
 * Which revisions a rule is about: `new` are those made since the simulation began, `old` those before; else a revision's
 * name or a predicate on it.
 */
export type RevisionRule = "new" | "old" | { readonly name: string } | ((revision: string) => boolean);

/** When something happens: at random `perMinute` times a minute, regularly every so many minutes, or exactly once. */
export type Recurrence = { readonly perMinute: number } | { readonly everyMinutes: number } | { readonly at: Instant };

/** Limits of a rule; absent: none. */
export interface Bounds {
  readonly from?: Instant;
  readonly until?: Instant;
  readonly onRevision?: RevisionRule;
}

export type ErrorRule = Recurrence &
  Bounds & {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    /** Default 120 ms. The request started that long before its entry's timestamp. */
    readonly latencyMs?: number;
    /** Written to stderr with each of these requests. */
    readonly message?: string;
  };

/** A share (0..1) of the ordinary requests to matching revisions that fails. */
export interface FailureRule extends Bounds {
  readonly share: number;
  readonly status: number;
  readonly latencyMs?: number;
  readonly message?: string;
}

export type LineRule = Recurrence &
  Bounds & {
    readonly text: string;
    readonly severity: "DEFAULT" | "DEBUG" | "INFO" | "NOTICE" | "WARNING" | "ERROR" | "CRITICAL";
    readonly stream: "stdout" | "stderr";
  };

export interface TrafficProfile {
  /** Mean over the day of ordinary requests; rules of `errors` come on top. */
  readonly requestsPerMinute: number;
  /** 0..1: how far the day's peak rises above its mean. Default 0. */
  readonly dailyAmplitude?: number;
  /** Hour of the peak, UTC. Default 18. */
  readonly peakHour?: number;
  /** Shares add up to 1. "{id}" in a path is filled per request. */
  readonly routes: readonly { readonly method: string; readonly path: string; readonly share: number }[];
  /** Of ordinary requests. Default 60 / 240 ms. */
  readonly latency?: { readonly p50Ms: number; readonly p95Ms: number };
  readonly slow?: readonly { readonly onRevision: RevisionRule; readonly factor: number }[];
  readonly errors?: readonly ErrorRule[];
  readonly failures?: readonly FailureRule[];
  /** Errors within the minute around each switch of revisions. */
  readonly spike?: {
    readonly errors: number;
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly latencyMs?: number;
  };
  /** Ordinary INFO lines on stdout. Default 0. */
  readonly infoPerMinute?: number;
  readonly lines?: readonly LineRule[];
}
