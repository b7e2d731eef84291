/** A message that a run wants delivered somewhere: folded from its events, delivered by the crank, never a reason to fail. */

interface PostBase {
  /** Unique within the run and stable: "comment:checkpoint:20m". Delivery is journaled under it. */
  readonly key: string;
}

/** A comment on the pull request. Its first line is `marker`, by which it is found again. */
export interface CommentPost extends PostBase {
  readonly kind: "comment";
  readonly repository: string;
  readonly pullRequest: number;
  readonly marker: string;
  readonly body: string;
  /** `once`: written and left. `edit`: one comment whose body is replaced when it changes, at most every 30 s. */
  readonly mode: "once" | "edit";
}

export interface CommitStatusPost extends PostBase {
  readonly kind: "commit-status";
  readonly repository: string;
  readonly sha: string;
  readonly context: string;
  readonly state: "pending" | "success" | "failure" | "error";
  readonly description: string;
}

/** Where the deployment of a commit stands, as GitHub's environments show it. Only the newest state is told. */
export interface DeploymentPost extends PostBase {
  readonly kind: "deployment";
  readonly repository: string;
  readonly sha: string;
  readonly environment: string;
  /** Unique within the post: the state is told once under it. "switched" is not told of a deployment that a workflow made. */
  readonly name: string;
  readonly state: "in_progress" | "success" | "failure" | "error" | "inactive";
  readonly description: string;
  readonly logUrl?: string;
  /** The only commit of the run: earlier deployments of a non-production environment become inactive. */
  readonly isOnly: boolean;
}

export interface WebhookPost extends PostBase {
  readonly kind: "webhook";
  /** The reference as the runbook has it ("${{ env.X }}"): resolved at delivery, because the address is a secret. */
  readonly urlReference: string;
  /** `json`: the text and fields, signed where there is a secret. `slack`: what Slack and its likes take. */
  readonly format: "json" | "slack";
  /** Like `urlReference`, resolved at delivery. */
  readonly secretReference?: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, string>>;
}

export type Post = CommentPost | CommitStatusPost | DeploymentPost | WebhookPost;
