/** GitHub's own record of deployments: which commit went to which environment, and how that stands. */
import type { Instant } from "../model/time.ts";
import type { Repository } from "./workflows.ts";

export type DeploymentState = "in_progress" | "success" | "failure" | "error" | "inactive";

export interface Deployment {
  readonly id: number;
  readonly createdAt: Instant;
  /** The run of ours that made it; absent for anybody else's, such as that of a workflow's job with an `environment:`. */
  readonly run?: string;
}

export interface DeploymentRequest {
  /** A full commit id. */
  readonly sha: string;
  readonly environment: string;
  readonly run: string;
  readonly description: string;
}

export interface DeploymentStatus {
  readonly state: DeploymentState;
  /** At most 140 characters; the adapter cuts, and so must who looks for it: see `shortDescription`. */
  readonly description: string;
  readonly logUrl?: string;
  /** Whether a success makes earlier deployments of a non-production environment inactive. */
  readonly autoInactive: boolean;
}

/** Throws PortFailure only. https://docs.github.com/rest/deployments */
export interface Deployments {
  /** Of this commit to this environment, newest first, at most 100. */
  find(
    repository: Repository,
    of: { sha: string; environment: string },
    signal?: AbortSignal,
  ): Promise<readonly Deployment[]>;
  /** NOT idempotent; never retried by the adapter. Merges nothing and waits for no checks. */
  create(repository: Repository, request: DeploymentRequest): Promise<Deployment>;
  /** What has been said of it, newest first, at most 100. */
  statuses(
    repository: Repository,
    id: number,
    signal?: AbortSignal,
  ): Promise<readonly { readonly state: string; readonly description: string }[]>;
  /** Adds to its history: NOT idempotent. */
  setStatus(repository: Repository, id: number, status: DeploymentStatus): Promise<void>;
}
