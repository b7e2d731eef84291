/** Helm releases, for workloads that Helm owns (state in Secrets; an undo behind its back is re-applied later). */
export interface Helm {
  /** The client's version, or undefined when there is no helm here. */
  version(): Promise<string | undefined>;
  /** Revisions, oldest first. Throws PortFailure (not-found when the release is unknown). */
  history(
    release: string,
    namespace: string,
  ): Promise<readonly { revision: number; status: string; updatedAt: string }[]>;
  /** `helm rollback RELEASE REVISION`, without waiting. It makes a new revision. */
  rollback(release: string, namespace: string, revision: number): Promise<void>;
}
