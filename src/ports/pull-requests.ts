/** The pull request and the commits that a run reports on. */
import type { Repository } from "./workflows.ts";

export interface PullRequest {
  readonly number: number;
  readonly title: string;
  readonly state: "open" | "closed";
  readonly merged: boolean;
  /** The commit that the merge made, when merged. */
  readonly mergeCommit?: string;
  readonly headSha: string;
  readonly url: string;
}

export interface Comment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
}

export interface CommitComparison {
  readonly status: "identical" | "ahead" | "behind" | "diverged";
  readonly aheadBy: number;
  /** Newest last, at most 250. */
  readonly commits: readonly { readonly sha: string; readonly title: string }[];
}

export interface CommitStatus {
  readonly sha: string;
  readonly context: string;
  readonly state: "pending" | "success" | "failure" | "error";
  /** At most 140 characters; the adapter cuts. */
  readonly description: string;
  readonly url?: string;
}

/** Throws PortFailure only. */
export interface PullRequests {
  get(repository: Repository, number: number, signal?: AbortSignal): Promise<PullRequest>;
  /** Merged or open pull requests that contain the commit, newest first. */
  ofCommit(repository: Repository, sha: string, signal?: AbortSignal): Promise<readonly PullRequest[]>;
  /** Our own comments (same author as the token) whose first line is `marker`, oldest first; all pages are read. */
  findComments(repository: Repository, number: number, marker: string): Promise<readonly Comment[]>;
  /** NOT idempotent; never retried by the adapter. `body` begins with its marker. */
  createComment(repository: Repository, number: number, body: string): Promise<Comment>;
  /** Throws not-found when somebody deleted it. */
  updateComment(repository: Repository, id: number, body: string): Promise<Comment>;
  setCommitStatus(repository: Repository, status: CommitStatus): Promise<void>;
  compare(repository: Repository, base: string, head: string, signal?: AbortSignal): Promise<CommitComparison>;
}
