/** GitHub Actions in our words: dispatch a workflow, and watch its run. One call is one bounded request (or one page loop). */
import type { Instant } from "../model/time.ts";

/** "owner/name" */
export type Repository = string;

export interface WorkflowInput {
  readonly required: boolean;
  readonly type: string;
  readonly default?: string;
  readonly options?: readonly string[];
}

/** What the workflow file says on one ref. */
export interface WorkflowDefinition {
  readonly file: string;
  readonly name: string;
  /** The commit that the ref pointed to when the file was read. */
  readonly sha: string;
  /** False when the file has no `workflow_dispatch` trigger. */
  readonly dispatchable: boolean;
  readonly inputs: Readonly<Record<string, WorkflowInput>>;
  /** `run-name` as written; a nonce can be found again where it shows one of the inputs. */
  readonly runName?: string;
  /** Input names that the file's text uses (`inputs.x`, `github.event.inputs.x`). */
  readonly usedInputs: readonly string[];
  /** The concurrency groups that the workflow or its jobs name, as written. */
  readonly concurrency: readonly string[];
}

export interface WorkflowRun {
  readonly id: number;
  readonly attempt: number;
  readonly status: "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending";
  readonly conclusion?:
    | "success"
    | "failure"
    | "neutral"
    | "cancelled"
    | "skipped"
    | "timed_out"
    | "action_required"
    | "stale"
    | "startup_failure";
  readonly headSha: string;
  /** The evaluated run-name. */
  readonly title: string;
  readonly actor: string;
  readonly url: string;
  readonly createdAt: Instant;
  readonly startedAt?: Instant;
  readonly updatedAt: Instant;
}

export interface WorkflowJob {
  readonly id: number;
  /** The attempt of the run in which it ran; a re-run of the failed jobs keeps the others from before. */
  readonly attempt: number;
  readonly name: string;
  readonly status: string;
  readonly conclusion?: string;
  readonly url: string;
  readonly startedAt?: Instant;
  readonly completedAt?: Instant;
  /** Name of the first failed step. */
  readonly failedStep?: string;
}

export interface PendingApproval {
  readonly environment: string;
  readonly reviewers: readonly string[];
  readonly url: string;
}

export interface DispatchRequest {
  readonly repository: Repository;
  readonly file: string;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
}

export interface RunFilter {
  readonly repository: Repository;
  readonly file: string;
  /** Runs created at or after this moment. */
  readonly since: Instant;
  readonly headSha?: string;
  readonly actor?: string;
  /** Not only dispatched ones. */
  readonly anyEvent?: true;
}

export interface Viewer {
  readonly login: string;
  readonly id: number;
  /** GitHub's own time as it answered, to the second, where it says it. */
  readonly at?: Instant;
}

/** Every method takes a signal of the operator's interruption, is bounded by its own timeout, and throws PortFailure only. */
export interface Workflows {
  /** Whose token this is. */
  viewer(signal?: AbortSignal): Promise<Viewer>;
  /** Throws not-found when the repository, the ref or the file does not exist (the message says which). */
  definition(repository: Repository, file: string, ref: string, signal?: AbortSignal): Promise<WorkflowDefinition>;
  /**
   * NOT idempotent; never retried by the adapter. Returns the run's id where the server tells it (since February 2026),
   * else undefined. https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event
   */
  dispatch(request: DispatchRequest): Promise<{ runId?: number }>;
  /** All pages, newest first, at most 1,000. */
  findRuns(filter: RunFilter, signal?: AbortSignal): Promise<readonly WorkflowRun[]>;
  run(repository: Repository, id: number, signal?: AbortSignal): Promise<WorkflowRun>;
  /** Jobs of the latest attempt, all pages. */
  jobs(repository: Repository, id: number, signal?: AbortSignal): Promise<readonly WorkflowJob[]>;
  /**
   * The end of a finished job's log, as GitHub wrote it: at most 64 KiB of hostile text, not redacted. Throws not-found when
   * there is none (yet, or no more).
   */
  jobLog(repository: Repository, jobId: number, signal?: AbortSignal): Promise<string>;
  pendingApprovals(repository: Repository, id: number, signal?: AbortSignal): Promise<readonly PendingApproval[]>;
  /** Idempotent: cancelling what is over is no error. */
  cancel(repository: Repository, id: number): Promise<void>;
}
