/** What the simulated cluster is made of, as plain data. Holds no behaviour and knows no wire format. */
import type { Instant } from "../model/time.ts";

/** How the pods of a template or of an image behave. `afterMs` counts from the start of each instance of the container. */
export type PodBehaviour =
  | { readonly kind: "healthy" }
  | {
      readonly kind: "crash";
      readonly afterMs: number;
      readonly reason: "Error" | "OOMKilled";
      /** Crashes of one pod; default: for ever. */
      readonly times?: number;
      /** Only so many pods of the template behave so; the others are healthy. Default: all. */
      readonly pods?: number;
      /** What the container writes to stderr as it dies. */
      readonly log?: readonly string[];
    }
  | { readonly kind: "image-pull-error" }
  | { readonly kind: "config-error"; readonly message?: string }
  /** Schedulable after `forMs` (an autoscaler brings a node); default: never. */
  | { readonly kind: "unschedulable"; readonly forMs?: number }
  | { readonly kind: "never-ready" };

export interface DeploymentOptions {
  readonly project: string;
  readonly location: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  /** Name of the one container. */
  readonly container: string;
  /** As written in the template: "gcr.io/p/pusher:3fabf10". */
  readonly image: string;
  /** What the image resolves to: "sha256:…". */
  readonly digest: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The object from which an operator makes it. */
  readonly owner?: { readonly kind: string; readonly name: string };
  /** matchLabels; also the labels of the pods. */
  readonly selector: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
  readonly hpa?: { readonly min: number; readonly max: number };
  /** From a pod's creation to its readiness. */
  readonly startupMs?: number;
  /** terminationGracePeriodSeconds × 1000; terminating pods linger so long. */
  readonly graceMs?: number;
  /** failureThreshold of the startup probe with a period of ten seconds. */
  readonly startupProbeFailures?: number;
  readonly progressDeadlineSeconds?: number;
  readonly helmRelease?: string;
  readonly revision?: number;
  /** When its pods were made; default: seven days before the world's present. */
  readonly since?: Instant;
}

/** A pod template as the API has it; loose, because clients may patch anything into it. */
export interface Template {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: { name: string; image: string; [key: string]: unknown }[]; [key: string]: unknown };
}

export interface SimulatedReplicaSet {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
  readonly template: Template;
  readonly createdAt: Instant;
  revision: number;
}

export interface SimulatedPod {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
  readonly deployment: SimulatedDeployment;
  readonly image: string;
  readonly digest: string;
  readonly createdAt: Instant;
  readonly behaviour: PodBehaviour;
  phase: "Pending" | "Running";
  ready: boolean;
  readyChangedAt: Instant;
  startedAt: Instant | undefined;
  restarts: number;
  waiting: { reason: string; message?: string } | undefined;
  lastTerminated: { reason: string; exitCode: number; startedAt: Instant; finishedAt: Instant } | undefined;
  unschedulable: string | undefined;
  deletedAt: Instant | undefined;
  goneAt: Instant | undefined;
}

export interface SimulatedDeployment {
  readonly options: DeploymentOptions;
  readonly uid: string;
  readonly createdAt: Instant;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  template: Template;
  replicas: number;
  paused: boolean;
  generation: number;
  observedGeneration: number;
  resourceVersion: number;
  revision: number;
  replicaSets: SimulatedReplicaSet[];
  /** Every pod there ever was, in order of creation; `goneAt` marks those that are no more. */
  pods: SimulatedPod[];
  progress: { reason: string; status: "True" | "False"; message: string; lastUpdateAt: Instant };
  lastProgressAt: Instant;
  behaviours: Map<string, PodBehaviour>;
}

export interface SimulatedEvent {
  readonly namespace: string;
  readonly name: string;
  readonly involved: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  message: string;
  readonly firstAt: Instant;
  lastAt: Instant;
  count: number;
}

/** One death of a container, for its log. */
export interface Crash {
  readonly pod: SimulatedPod;
  readonly at: Instant;
  readonly lines: readonly string[];
}

/** One accepted write by a client: what tests count. */
export interface AppliedPatch {
  readonly at: Instant;
  readonly namespace: string;
  readonly name: string;
  readonly contentType: string;
  readonly body: unknown;
  readonly generation: number;
}
