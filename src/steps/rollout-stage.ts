/** How far one workload's rollout is, told from one look at it and from the snapshot. Pure: reads no API. */
import type { KubernetesSnapshot, ServiceSwitch } from "../model/service.ts";
import { earliest, type Instant, latest, MINUTE, plusMs } from "../model/time.ts";
import type { Pod, WorkloadRevision } from "../ports/kubernetes.ts";
import {
  commitOfImages,
  currentRevision,
  digestsOf,
  isRolledOut,
  livePods,
  progressText,
  servingHash,
  type WorkloadView,
} from "../ports/kubernetes-rollout.ts";
import { failureOf, type PodFailure, showSymptoms } from "./pod-failures.ts";
import { neverReady, refusedPods } from "./rollout-stalls.ts";

export type Stage =
  /** Nothing made after the snapshot is there yet. */
  | { readonly kind: "unchanged"; readonly text: string; readonly running: string }
  /** `fresh`: the pods of the new version. */
  | { readonly kind: "rolling"; readonly text: string; readonly fresh: readonly Pod[] }
  | { readonly kind: "failing"; readonly text: string; readonly failures: readonly PodFailure[]; readonly pods: number }
  | { readonly kind: "done"; readonly text: string; readonly change: ServiceSwitch };

/** The clocks of this machine and of the API may differ by a little. */
const SKEW_MS = MINUTE;

export function stageOf(service: string, before: KubernetesSnapshot, view: WorkloadView, now: Instant): Stage {
  const { workload } = view;
  const current = currentRevision(view);
  if (current === undefined) return { kind: "rolling", text: "the change is not observed yet", fresh: [] };
  const fresh = freshPods(current, before, view);
  if (!isNew(current, before, view, fresh)) {
    return { kind: "unchanged", text: "nothing new yet", running: Object.values(workload.images).join(", ") };
  }
  const failures = fresh.flatMap((pod) => failureOf(pod, now) ?? []);
  const stalls = failures.length > 0 ? failures : neverReady(workload, fresh, now);
  if (stalls.length > 0) return failingStage(stalls, fresh);
  const isOver = isRolledOut(workload) && servingHash(view) === current.templateHash;
  if (isOver)
    return { kind: "done", text: progressText(workload), change: changeOf(service, before, current, view, fresh) };
  const refused = refusedPods(workload, current, now);
  return refused.length > 0 ? failingStage(refused, fresh) : { kind: "rolling", text: rollingText(view), fresh };
}

export function failingStage(failures: readonly PodFailure[], fresh: readonly Pod[]): Stage {
  const ofPods = failures.filter(({ pod }) => pod !== undefined).length;
  const text = ofPods === 0 ? "the roll cannot go on" : `${ofPods} of ${fresh.length} new pods fail`;
  return { kind: "failing", text, failures, pods: fresh.length };
}

/** Live pods of the present template that were made after the snapshot. */
function freshPods(current: WorkloadRevision, before: KubernetesSnapshot, view: WorkloadView): readonly Pod[] {
  const since = plusMs(before.takenAt, -SKEW_MS);
  return livePods(view).filter(
    ({ templateHash, createdAt }) => templateHash === current.templateHash && createdAt >= since,
  );
}

/** A template other than before, or other digests under the same one (a moved tag), made after the snapshot. */
function isNew(
  current: WorkloadRevision,
  before: KubernetesSnapshot,
  view: WorkloadView,
  fresh: readonly Pod[],
): boolean {
  const isMade = current.createdAt >= plusMs(before.takenAt, -SKEW_MS) || fresh.length > 0;
  if (isOtherTemplate(current, before)) return isMade || view.workload.replicas.wanted === 0;
  // One pod that an autoscaler added under a moved tag is no rollout: every live pod must be new.
  return fresh.length > 0 && livePods(view).every((pod) => fresh.includes(pod) && hasOtherDigests(before, [pod]));
}

function isOtherTemplate(current: WorkloadRevision, before: KubernetesSnapshot): boolean {
  return before.templateHash === undefined
    ? current.revision !== before.revision
    : current.templateHash !== before.templateHash;
}

function hasOtherDigests(before: KubernetesSnapshot, pods: readonly Pod[]): boolean {
  return Object.entries(digestsOf(pods)).some(([container, digests]) => {
    const known = before.digests[container];
    return known !== undefined && digests.some((digest) => !known.includes(digest));
  });
}

function rollingText(view: WorkloadView): string {
  const { conditions, paused } = view.workload;
  const progressing = conditions.find(({ type }) => type === "Progressing");
  const symptoms = showSymptoms(view.pods);
  return [
    progressText(view.workload),
    ...(paused ? ["the deployment is paused"] : []),
    ...(progressing?.reason === "ProgressDeadlineExceeded" ? ["its progress deadline has passed"] : []),
    ...(symptoms === "" ? [] : [symptoms]),
  ].join(", ");
}

function changeOf(
  service: string,
  before: KubernetesSnapshot,
  current: WorkloadRevision,
  view: WorkloadView,
  fresh: readonly Pod[],
): ServiceSwitch {
  const { images } = view.workload;
  // A ReplicaSet that is used again keeps its old creation time: then its first new pod is the beginning.
  const isMadeNow = current.createdAt >= plusMs(before.takenAt, -SKEW_MS);
  const firstPod = earliest(fresh.map(({ createdAt }) => createdAt)) ?? current.createdAt;
  const rolloutStartedAt = isMadeNow ? current.createdAt : firstPod;
  const commit = commitOfImages(images);
  return {
    service,
    at: completedAt(view, rolloutStartedAt, fresh) ?? rolloutStartedAt,
    from: before.templateHash ?? before.revision,
    to: current.templateHash,
    rolloutStartedAt,
    images: Object.values(images),
    ...(commit === undefined ? {} : { commit }),
  };
}

/** By the controller's own word; else when the newest of the new pods became ready. */
function completedAt({ workload }: WorkloadView, since: Instant, fresh: readonly Pod[]): Instant | undefined {
  const available = workload.conditions.find(({ reason }) => reason === "NewReplicaSetAvailable");
  if (available?.lastUpdateAt !== undefined && available.lastUpdateAt >= since) return available.lastUpdateAt;
  return latest(fresh.flatMap(({ readyAt }) => readyAt ?? []));
}
