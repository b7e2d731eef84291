/** Cloud Run services and revisions in our words (Admin API v2). */
import type { CloudRunTarget, TrafficEntry } from "../model/service.ts";
import type { Instant } from "../model/time.ts";

export interface CloudRunCondition {
  readonly state: "pending" | "reconciling" | "failed" | "succeeded" | "unknown";
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionAt?: Instant;
}

export interface CloudRunService {
  /** int64 as text. */
  readonly generation: string;
  readonly observedGeneration: string;
  readonly etag: string;
  /** While true, everything observed below is transient. */
  readonly reconciling: boolean;
  readonly latestCreatedRevision?: string;
  /** Ready, but not necessarily serving. */
  readonly latestReadyRevision?: string;
  /** Wanted traffic with LATEST resolved to a name; empty in the API means all to the latest. */
  readonly traffic: readonly TrafficEntry[];
  /** Observed traffic (`traffic_statuses`), summed per revision and tag, LATEST resolved. */
  readonly served: readonly TrafficEntry[];
  readonly ready: CloudRunCondition;
  /** When the observed routes last changed: the switch. From the RoutesReady condition. */
  readonly routesChangedAt?: Instant;
  readonly updatedAt?: Instant;
  readonly url?: string;
  readonly lastModifier?: string;
}

export interface CloudRunRevision {
  readonly name: string;
  readonly createdAt: Instant;
  readonly ready: CloudRunCondition;
  readonly images: readonly string[];
  /** The `commit-sha` label, where the deployment sets one. */
  readonly commit?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Revision names are always short ("backend-00907-kpc"). Throws PortFailure only. */
export interface CloudRun {
  service(target: CloudRunTarget, signal?: AbortSignal): Promise<CloudRunService>;
  revision(target: CloudRunTarget, name: string, signal?: AbortSignal): Promise<CloudRunRevision>;
  /**
   * Replaces the whole traffic vector (field mask `traffic`) under `etag`: conflict when somebody else changed the service.
   * Returns the long-running operation's name at once; the result is read back with `service`.
   */
  setTraffic(target: CloudRunTarget, etag: string, traffic: readonly TrafficEntry[]): Promise<{ operation: string }>;
}
