/** Helm releases, for workloads that Helm owns (state in Secrets; an undo behind its back is re-applied later). */
/** `context`: the kubeconfig context; without it helm takes the current one, which may be another cluster. */
export interface Helm {
  /** The client's version, or undefined when there is no helm here. */
  version(): Promise<string | undefined>;
  /** Revisions, oldest first. Throws PortFailure (not-found when the release is unknown). */
  history(
    release: string,
    namespace: string,
    context?: string,
  ): Promise<readonly { revision: number; status: string; updatedAt: string }[]>;
  /** `helm rollback RELEASE REVISION`, without waiting. It makes a new revision. */
  rollback(release: string, namespace: string, revision: number, context?: string): Promise<void>;
}
