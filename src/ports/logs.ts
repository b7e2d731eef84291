/** Log entries of a service, page by page, and the link a person opens to see the same ones. */
import type { ServiceTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";

export interface LogQuery {
  readonly target: ServiceTarget;
  /**
   * `requests`: the platform's request log (Cloud Run only). `application`: what the containers wrote.
   * `platform`: what the platform wrote about them. `output`: both of these (of pods, what their containers wrote).
   */
  readonly log: "requests" | "application" | "platform" | "output";
  /** By entry timestamp: since <= t < until. */
  readonly since: Instant;
  readonly until: Instant;
  /** Only requests with at least this HTTP status. */
  readonly minStatus?: number;
  /** Only requests with an HTTP status below this. */
  readonly belowStatus?: number;
  /** Only requests of this method whose URL holds this path, anywhere: callers compare the route itself. */
  readonly onRoute?: { readonly method: string; readonly path: string };
  /** Only entries of at least this severity, for example "ERROR". */
  readonly minSeverity?: "DEFAULT" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";
  /** Only entries whose text holds one of these (escaped by the adapter). */
  readonly containsAny?: readonly string[];
  /** Besides what severity and text let through: entries whose text holds one of these, at any severity. */
  readonly orContainsAny?: readonly string[];
  /** Only this revision, this pod-template-hash, or this execution of a job. */
  readonly version?: string;
}

/** One entry, with nanoseconds and identity kept, so that it can be de-duplicated. Text is hostile. */
export interface LogRecord {
  readonly logName: string;
  readonly insertId: string;
  /** RFC 3339 with up to nine digits of fraction, as received. */
  readonly timestamp: string;
  readonly severity: string;
  /** Revision name, pod-template-hash, or the name of a job's execution. */
  readonly version?: string;
  readonly pod?: string;
  readonly text?: string;
  readonly request?: {
    readonly method: string;
    readonly url: string;
    readonly status: number;
    readonly latencyMs?: number;
  };
}

export interface LogPage {
  readonly records: readonly LogRecord[];
  /** An empty page with a token is legal: go on. */
  readonly nextPageToken?: string;
}

/** Throws PortFailure only; rate-limited when the project's read quota is used up. */
export interface Logs {
  /** One request, at most 1,000 entries, oldest first. */
  page(query: LogQuery, pageToken?: string, signal?: AbortSignal): Promise<LogPage>;
  /**
   * The whole of each query in one request, where queries differ by target (of one project) and version only: for callers
   * that keep a read quota. Undefined: together they do not fit one answer. Absent: each is asked for itself.
   */
  together?(queries: readonly LogQuery[], signal?: AbortSignal): Promise<readonly LogPage[] | undefined>;
  /** The newest entries, at most so many (up to 1,000), oldest first. One request. */
  tail(query: LogQuery, most: number, signal?: AbortSignal): Promise<readonly LogRecord[]>;
  /** Opens the Logs Explorer with exactly this query. */
  link(query: LogQuery): string;
}
