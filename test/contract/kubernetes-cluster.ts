/** What the Kubernetes contract asks of a cluster, the simulated one or a real control plane whose kubelets the tests play. */
import type { KubernetesTarget } from "../../src/model/service.ts";
import type { Instant } from "../../src/model/time.ts";
import type { Kubernetes } from "../../src/ports/kubernetes.ts";

export type PodBehaviour = "healthy" | "crash" | "image-pull" | "config-error" | "never-ready" | "unschedulable";

export interface WorkloadSpec {
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly progressDeadlineSeconds?: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface WorkloadChange {
  readonly image?: string;
  readonly replicas?: number;
  readonly paused?: boolean;
}

export interface ContractCluster {
  /** Our adapter, connected to it. */
  readonly kubernetes: Kubernetes;
  readonly world: { readonly now: Instant };
  target(name: string): KubernetesTarget;
  /** A deployment of one container "main" that rolls one pod at a time (surge 1, unavailable 0), complete when this returns. */
  create(spec: WorkloadSpec): Promise<void>;
  /** What a deploy tool, a person or an autoscaler does to it. */
  change(name: string, change: WorkloadChange): Promise<void>;
  /** How pods of an image behave that are made from now on. */
  behave(image: string, behaviour: PodBehaviour): void;
  /** What an image's tag resolves to for pods that are made from now on. */
  moveTag(image: string, digest: string): void;
  /** Lets the cluster live for a moment; a simulated one until `at` at once, a real one for a fraction of a second. */
  waitUntil(at: Instant): Promise<void>;
  close(): Promise<void>;
}
