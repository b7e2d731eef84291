/** Helm releases, for workloads that Helm owns (state in Secrets; an undo behind its back is re-applied later). */
import type { KubernetesTarget } from "../model/service.ts";

/** `target`: the workload whose cluster and namespace hold the release; helm's own current context may be another cluster. */
export interface Helm {
  /** The client's version, or undefined when there is no helm here. */
  version(): Promise<string | undefined>;
  /** Revisions, oldest first. Throws PortFailure (not-found when the release is unknown). */
  history(
    target: KubernetesTarget,
    release: string,
  ): Promise<readonly { revision: number; status: string; updatedAt: string }[]>;
  /** `helm rollback RELEASE REVISION`, without waiting. It makes a new revision. */
  rollback(target: KubernetesTarget, release: string, revision: number): Promise<void>;
}
