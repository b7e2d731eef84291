/** Where clusters are found: a type of its own, so that naming it loads no client. */
import type { GkeConfig } from "./gke-cluster.ts";

export interface KubernetesConfig {
  /** A path, or several as KUBECONFIG has them. Default: KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** The simulator's "http://127.0.0.1:PORT": every target is there, without credentials. */
  readonly server?: string | undefined;
  /** Finds a cluster that no context names by asking GKE for it. Absent: a context is required. */
  readonly gke?: GkeConfig | undefined;
  /** Bound on one request. Default 15 s. */
  readonly timeoutMs?: number | undefined;
  /** Aborts after so many milliseconds; default: of real time. */
  readonly bound?: (ms: number) => AbortSignal;
}
