/** What a runbook may ask of the clouds: the words in which step kinds and platforms declare it, and what they add up to. */
import type { KubernetesTarget } from "./service.ts";

/** Names of GitHub's fine-grained token permissions. https://docs.github.com/rest/overview/permissions-required-for-fine-grained-personal-access-tokens */
export type GitHubPermission = "actions" | "contents" | "deployments" | "pull-requests" | "statuses";

/**
 * In Kubernetes: `workload` is the service's own object, `revisions` its ReplicaSets or ControllerRevisions; the others are
 * resources of its namespace.
 */
export type KubernetesResource = "workload" | "revisions" | "pods" | "pods/log" | "events" | "secrets";
export type KubernetesVerb = "get" | "list" | "create" | "update" | "patch" | "delete";

/** `google:` is an IAM permission on the project of the service (or of the step's own `project`). */
export type Need =
  | `github:${GitHubPermission}=${"read" | "write"}`
  | `google:${string}`
  | `kubernetes:${KubernetesResource}=${KubernetesVerb}`;

export interface GitHubPrivileges {
  /** owner/name */
  readonly repository: string;
  readonly permissions: readonly {
    readonly name: GitHubPermission;
    readonly access: "read" | "write";
    /** Steps, checks and services that need it. */
    readonly for: readonly string[];
  }[];
}

export interface GooglePrivileges {
  readonly kind: "project" | "bucket";
  readonly name: string;
  readonly permissions: readonly { readonly name: string; readonly for: readonly string[] }[];
  /** The narrowest predefined roles that hold all of them; a custom role of exactly these permissions is narrower still. */
  readonly roles: readonly string[];
}

/** One rule of a Role. */
export interface KubernetesRule {
  /** "" for the core group. */
  readonly group: string;
  /** "deployments", "pods/log" */
  readonly resource: string;
  /** Only objects of these names; empty: all, because a list cannot be narrowed by name. */
  readonly names: readonly string[];
  readonly verbs: readonly { readonly verb: KubernetesVerb; readonly for: readonly string[] }[];
}

export interface KubernetesPrivileges {
  readonly cluster: string;
  readonly namespace: string;
  /** One of the services there: by it the cluster is found. */
  readonly target: KubernetesTarget;
  readonly rules: readonly KubernetesRule[];
}

/** Everything that one runbook needs, and nothing else. */
export interface Privileges {
  readonly github: readonly GitHubPrivileges[];
  readonly google: readonly GooglePrivileges[];
  readonly kubernetes: readonly KubernetesPrivileges[];
}
