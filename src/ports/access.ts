/** Whose credentials these are and what they may do, as far as the clouds tell it. Reads only; nothing here is ever guessed. */
import type { GitHubPermission, KubernetesVerb } from "../model/needs.ts";
import type { CloudRunTarget, KubernetesTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import type { Repository } from "./workflows.ts";

export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAt: Instant;
}

export interface GitHubAccess {
  /** Scopes of a classic token; absent for every other kind of token, whose permissions GitHub does not tell. */
  readonly scopes?: readonly string[];
  readonly isPrivate: boolean;
  /** What the person whose token this is may do, where GitHub tells it; of a classic token that is the whole truth. */
  readonly role?: { readonly pull: boolean; readonly push: boolean };
}

/** Where IAM permissions are asked about: a grant on the project holds for its services and buckets, too. */
export type GooglePlace =
  | { readonly kind: "project"; readonly name: string }
  | { readonly kind: "bucket"; readonly name: string }
  | { readonly kind: "service"; readonly target: CloudRunTarget };

/** "May I `verb` the `resource` (called `name`) in the namespace of the target?" */
export interface KubernetesQuestion {
  /** "" for the core group. */
  readonly group: string;
  /** "deployments", "pods/log" */
  readonly resource: string;
  readonly verb: KubernetesVerb | "*";
  readonly name?: string;
}

/** Every method is one bounded request and throws PortFailure only. */
export interface Access {
  /** Of the core API, without spending any of it. */
  rateLimit(signal?: AbortSignal): Promise<RateLimit>;
  github(repository: Repository, signal?: AbortSignal): Promise<GitHubAccess>;
  /** Whether one small read that takes the permission succeeds; in a public repository everybody may read. */
  githubRead(repository: Repository, permission: GitHubPermission, signal?: AbortSignal): Promise<void>;
  /** For people: whose Google credentials are found first, with a token got for them. */
  googleAccount(signal?: AbortSignal): Promise<string>;
  /** Those of at most 100 permissions that are granted there, or on what holds it; "unknown" where there is nobody to ask. */
  google(
    place: GooglePlace,
    permissions: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly string[] | "unknown">;
  /** Kubernetes' own answer (SelfSubjectAccessReview), which holds for IAM on GKE too. */
  kubernetes(target: KubernetesTarget, question: KubernetesQuestion, signal?: AbortSignal): Promise<boolean>;
}
