/** Kubernetes workloads, ReplicaSets and pods in our words. */
import type { KubernetesTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";

export interface Workload {
  readonly uid: string;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly resourceVersion: string;
  /** `deployment.kubernetes.io/revision` or the ControllerRevision's name. */
  readonly revision: string;
  readonly paused: boolean;
  readonly replicas: {
    readonly wanted: number;
    readonly updated: number;
    readonly total: number;
    readonly ready: number;
    readonly available: number;
  };
  /** How pods are replaced; "OnDelete": only when somebody deletes them. */
  readonly strategy: "RollingUpdate" | "Recreate" | "OnDelete";
  /** A StatefulSet's pods below this ordinal keep the version that they have; 0 elsewhere. */
  readonly partition: number;
  readonly maxSurge: string;
  readonly maxUnavailable: string;
  readonly progressDeadlineSeconds: number;
  /** Longest time one pod may take to start by its startup and readiness probes. */
  readonly startupBudgetMs: number;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
    readonly lastUpdateAt?: Instant;
  }[];
  /** The workload's own selector as a label query ("a=b,c in (d)"). */
  readonly selector: string;
  readonly images: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly manager: "plain" | "helm" | "argo-cd" | "flux" | "config-sync" | "operator";
  readonly release?: string;
  /** Of an operator's workload, the object from which it is made: "Kafka main". */
  readonly owner?: string;
}

/** A ReplicaSet of a Deployment (or a ControllerRevision of a StatefulSet or DaemonSet). */
export interface WorkloadRevision {
  readonly name: string;
  readonly revision: string;
  readonly templateHash: string;
  readonly createdAt: Instant;
  readonly images: Readonly<Record<string, string>>;
}

export interface ContainerState {
  readonly name: string;
  /** Sidecars are init containers, too. */
  readonly init: boolean;
  /** An init container that goes on running (restartPolicy Always). */
  readonly sidecar?: boolean;
  readonly ready: boolean;
  readonly restarts: number;
  readonly image: string;
  /** Digest from imageID, without the repository: "sha256:…". */
  readonly digest?: string;
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly terminated?: { readonly reason: string; readonly exitCode: number };
  readonly lastTerminated?: { readonly reason: string; readonly exitCode: number; readonly finishedAt?: Instant };
}

export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly reason?: string;
  readonly createdAt: Instant;
  /** When it got its node. */
  readonly scheduledAt?: Instant;
  readonly terminating: boolean;
  readonly ready: boolean;
  /** When the Ready condition last turned true. */
  readonly readyAt?: Instant;
  /** pod-template-hash or controller-revision-hash. */
  readonly templateHash: string;
  readonly unschedulable?: string;
  readonly containers: readonly ContainerState[];
}

export interface RestoreTemplate {
  readonly resourceVersion: string;
  /** Revision to restore, from the snapshot. */
  readonly revision: string;
  /** Its pod-template-hash where the snapshot has it: goes first, because a revision's number changes on reuse. */
  readonly templateHash?: string;
  /** container -> image reference to run instead of the template's (a digest where the tag has moved). */
  readonly images: Readonly<Record<string, string>>;
}

/** Throws PortFailure only. Lists are complete (all pages). */
export interface Kubernetes {
  workload(target: KubernetesTarget, signal?: AbortSignal): Promise<Workload>;
  /** Those of the workload as it was read, oldest first: what it names is among them unless it has changed since. */
  revisions(target: KubernetesTarget, workload: Workload, signal?: AbortSignal): Promise<readonly WorkloadRevision[]>;
  /** Pods matched by the workload's own selector, terminating ones included and marked. */
  pods(target: KubernetesTarget, signal?: AbortSignal): Promise<readonly Pod[]>;
  /** Events about the object of that name (a pod, or the workload); newest last, at most 50. */
  events(
    target: KubernetesTarget,
    about: string,
    signal?: AbortSignal,
  ): Promise<readonly { reason: string; message: string; at: Instant }[]>;
  /** The last lines of a container, the previous instance's when asked. */
  podLog(
    target: KubernetesTarget,
    pod: string,
    container: string,
    options: { lines: number; previous: boolean },
    signal?: AbortSignal,
  ): Promise<readonly string[]>;
  /** Only the pod with that uid: conflict when another has its name by now, not-found when it is gone. */
  deletePod(target: KubernetesTarget, pod: Pick<Pod, "name" | "uid">): Promise<void>;
  /** Guarded by resourceVersion: conflict when somebody else changed the workload. Returns the new generation. */
  restoreTemplate(target: KubernetesTarget, request: RestoreTemplate): Promise<{ generation: number }>;
}
