/** The newest list of each workload's revisions, kept for as long as a newer one could tell nothing else. Lists nothing itself. */
import type { KubernetesTarget } from "../model/service.ts";
import type { Workload, WorkloadRevision } from "../ports/kubernetes.ts";

type Read = Pick<Workload, "uid" | "generation" | "observedGeneration" | "revision">;

interface Kept {
  /** The workload as it was read before the list was. */
  readonly of: string;
  readonly revisions: readonly WorkloadRevision[];
}

/**
 * One list per target. It holds good for one object (uid) and one generation of it, because a new template is another
 * generation, and for the revision that the workload names: a controller makes or numbers a revision before it names it, which
 * may be after it has observed the generation. Only old revisions come and go meanwhile. Until the generation is observed,
 * and while the list lacks what is named, nothing is kept.
 */
export class KeptRevisions {
  readonly #kept = new Map<string, Kept>();

  async of(
    target: KubernetesTarget,
    { uid, generation, observedGeneration, revision }: Read,
    list: () => Promise<readonly WorkloadRevision[]>,
  ): Promise<readonly WorkloadRevision[]> {
    const key = JSON.stringify(target);
    // A DaemonSet names none: its newest is the present one as soon as the generation is observed.
    const named = target.kind === "DaemonSet" ? undefined : revision;
    const of = JSON.stringify([uid, generation, observedGeneration, named]);
    const before = this.#kept.get(key);
    if (before?.of === of) return before.revisions;
    const revisions = await list();
    const isThere = revisions.some((one) => named === undefined || one.revision === named);
    const isUntouched = this.#kept.get(key) === before;
    if (isThere && isUntouched && observedGeneration >= generation) this.#kept.set(key, { of, revisions });
    return revisions;
  }

  /** After an effect: neither what is kept nor what is being listed now is used again. */
  forget(target: KubernetesTarget): void {
    this.#kept.set(JSON.stringify(target), { of: "", revisions: [] });
  }
}
