/** Reading a rollout from what the Kubernetes port returns: pure functions, no calls, no judgement of health. */
import { MINUTE } from "../model/time.ts";
import type { Pod, Workload, WorkloadRevision } from "./kubernetes.ts";

/** Pulling an image and finding a node, on top of what the probes allow. */
export const PLACING_MS = 2 * MINUTE;
const LEAST_BUDGET_MS = 10 * MINUTE;

/** Everything that one look at a workload reads. */
export interface WorkloadView {
  readonly workload: Workload;
  readonly revisions: readonly WorkloadRevision[];
  readonly pods: readonly Pod[];
}

/** The revision of the workload's present template; undefined in the moment before the controller has made it. */
export function currentRevision({ workload, revisions }: WorkloadView): WorkloadRevision | undefined {
  if (workload.observedGeneration < workload.generation) return undefined;
  return revisions.find(({ revision }) => revision === workload.revision);
}

export function livePods({ pods }: WorkloadView): readonly Pod[] {
  return pods.filter((pod) => !pod.terminating && pod.phase !== "Succeeded" && pod.phase !== "Failed");
}

/** The one template hash that every live pod within reach has and that the workload wants; "mixed" otherwise. */
export function servingHash(view: WorkloadView): string {
  const current = currentRevision(view)?.templateHash;
  const hashes = new Set(reachedPods(view).map(({ templateHash }) => templateHash));
  if (current === undefined) return "mixed";
  return hashes.size === 0 || (hashes.size === 1 && hashes.has(current)) ? current : "mixed";
}

/** Live pods that a rollout replaces: those at or above a StatefulSet's partition. */
export function reachedPods(view: WorkloadView): readonly Pod[] {
  const { partition } = view.workload;
  if (partition === 0) return livePods(view);
  return livePods(view).filter(({ name }) => Number(/-(\d+)$/.exec(name)?.[1] ?? 0) >= partition);
}

/**
 * `kubectl rollout status`' algorithm, with the wanted count as it is now (an autoscaler may change it at any time).
 * It proves nothing about newness: the old state of a workload that nobody touched is rolled out, too.
 */
export function isRolledOut({ generation, observedGeneration, replicas, partition }: Workload): boolean {
  const { wanted, updated, total, available } = replicas;
  if (observedGeneration < generation) return false;
  if (partition > 0) return updated >= Math.max(0, wanted - partition) && available >= wanted;
  return updated >= wanted && total <= updated && available >= updated;
}

/** How many pods are replaced at a time: surge (rounded up) and unavailable (rounded down), at least one. */
export function waveSize({ maxSurge, maxUnavailable, replicas }: Workload): number {
  const surge = Math.ceil(share(maxSurge, replicas.wanted));
  const unavailable = Math.floor(share(maxUnavailable, replicas.wanted));
  return Math.max(1, surge + unavailable);
}

/** How long a healthy roll may take at the very most: waves times what one pod may take to start. */
export function rolloutBudgetMs(workload: Workload): number {
  const waves = Math.ceil(workload.replicas.wanted / waveSize(workload));
  return Math.max(LEAST_BUDGET_MS, waves * (workload.startupBudgetMs + PLACING_MS));
}

/** "18/27 updated, 16 available, wave of 3" */
export function progressText(workload: Workload): string {
  const { updated, wanted, available } = workload.replicas;
  const reached = Math.max(0, wanted - workload.partition);
  return `${updated}/${reached} updated, ${available} available, wave of ${waveSize(workload)}`;
}

/** container -> the different digests that these pods run, sorted; containers whose digest nobody reports are absent. */
export function digestsOf(pods: readonly Pod[]): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, Set<string>>();
  for (const { name, init, digest } of pods.flatMap(({ containers }) => containers)) {
    if (init || digest === undefined) continue;
    found.set(name, (found.get(name) ?? new Set()).add(digest));
  }
  return Object.fromEntries([...found].map(([name, digests]) => [name, [...digests].toSorted()]));
}

/** The commit that an image's tag names, where every tag is a (short) commit and there is only one. */
export function commitOfImages(images: Readonly<Record<string, string>>): string | undefined {
  const tags = new Set(Object.values(images).map((image) => /:([0-9a-f]{7,40})$/.exec(image)?.[1]));
  const [tag] = tags;
  return tags.size === 1 ? tag : undefined;
}

function share(value: string, of: number): number {
  return value.endsWith("%") ? (Number.parseFloat(value) / 100) * of : Number(value);
}
