/** What a simulated Cloud Run service is made of: plain data, and how its routes are read. Changes nothing. */
import type { Instant } from "../model/time.ts";

export interface RunCondition {
  readonly state: "CONDITION_RECONCILING" | "CONDITION_FAILED" | "CONDITION_SUCCEEDED";
  readonly at: Instant;
  readonly reason?: string;
  readonly message?: string;
}

export interface RunRevision {
  readonly name: string;
  readonly image: string;
  readonly commit?: string;
  readonly createdAt: Instant;
  ready: RunCondition;
}

/** An entry as wanted: without a revision it means the latest ready one. */
export interface RunTraffic {
  readonly revision?: string;
  readonly percent: number;
  readonly tag?: string;
}

/** Which revisions take requests since `at`; shares in percent. */
export interface RunServing {
  readonly at: Instant;
  readonly shares: ReadonlyMap<string, number>;
}

export interface RunService {
  /** "PROJECT/REGION/NAME" */
  readonly key: string;
  readonly project: string;
  readonly region: string;
  readonly name: string;
  generation: number;
  observedGeneration: number;
  etag: string;
  reconciling: boolean;
  traffic: readonly RunTraffic[];
  /** As observed: `traffic` with the latest named. */
  served: readonly (RunTraffic & { readonly latest: boolean })[];
  latestCreated: string;
  latestReady: string;
  ready: RunCondition;
  routes: RunCondition;
  updatedAt: Instant;
  lastModifier: string;
  readonly revisions: Map<string, RunRevision>;
  readonly history: RunServing[];
}

export interface RunDeploy {
  readonly image: string;
  readonly commit?: string;
  /** Default: "NAME-00002-abc". */
  readonly revision?: string;
  readonly readyAfterMs?: number;
  readonly switchAfterMs?: number;
  readonly outcome?: "ready" | "fails";
  readonly reason?: string;
  readonly message?: string;
  /** What its containers write before it fails. */
  readonly log?: readonly string[];
  readonly by?: string;
  /** As `gcloud run deploy --no-traffic` does: pins what serves now, so that the new revision gets nothing. */
  readonly noTraffic?: boolean;
}

/** A refusal, with the gRPC status that the server answers. */
export class RunRefusal extends Error {
  readonly status: "NOT_FOUND" | "ABORTED" | "INVALID_ARGUMENT";
  constructor(status: RunRefusal["status"], message: string) {
    super(message);
    this.status = status;
  }
}

export function sameRoutes(a: RunService["served"], b: RunService["served"]): boolean {
  const text = (routes: RunService["served"]): string =>
    JSON.stringify(routes.map(({ revision, percent, tag, latest }) => [revision, percent, tag ?? "", latest]));
  return text(a) === text(b);
}

export function pinnedAsServed({ served }: RunService): readonly RunTraffic[] {
  return served.map(({ revision, percent, tag }) => ({
    percent,
    ...(revision === undefined ? {} : { revision }),
    ...(tag === undefined ? {} : { tag }),
  }));
}
