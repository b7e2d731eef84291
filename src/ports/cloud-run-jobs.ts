/** Cloud Run jobs and their executions in our words (Admin API v2). */
import type { CloudRunJobTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import type { CloudRunCondition } from "./cloud-run.ts";

export interface CloudRunJob {
  /** int64 as text. It grows when somebody changes the job, and not when it runs. */
  readonly generation: string;
  readonly observedGeneration: string;
  readonly reconciling: boolean;
  readonly ready: CloudRunCondition;
  /** Of the template that its next execution will have. */
  readonly images: readonly string[];
  /** The label `commit-sha` of that template, or of the job. */
  readonly commit?: string;
  /** The execution that was created last, whatever came of it. */
  readonly newestExecution?: string;
  readonly updatedAt?: Instant;
}

export interface CloudRunExecution {
  readonly name: string;
  readonly createdAt: Instant;
  readonly completedAt?: Instant;
  readonly images: readonly string[];
  /** The label `commit-sha`. */
  readonly commit?: string;
  /** `Completed`: succeeded only when every task has. */
  readonly completed: CloudRunCondition;
  readonly tasks: {
    readonly wanted: number;
    readonly running: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly cancelled: number;
    /** Tries after a failed one, of all tasks. */
    readonly retried: number;
  };
}

/** Names are always short ("migrate-x7k2p"). Reads only. Throws PortFailure only. */
export interface CloudRunJobs {
  job(target: CloudRunJobTarget, signal?: AbortSignal): Promise<CloudRunJob>;
  execution(target: CloudRunJobTarget, name: string, signal?: AbortSignal): Promise<CloudRunExecution>;
}
