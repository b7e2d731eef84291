/** Why a rollout that is still rolling will not end: no node, no quota, no readiness. From conditions and events; changes nothing. */
import { PortFailure } from "../model/error.ts";
import type { KubernetesTarget } from "../model/service.ts";
import { type Instant, MINUTE, msBetween } from "../model/time.ts";
import type { Kubernetes, Pod, Workload, WorkloadRevision } from "../ports/kubernetes.ts";
import { PLACING_MS } from "../ports/kubernetes-rollout.ts";
import type { PodFailure } from "./pod-failures.ts";

/** Quotas are raised, and pods of the old version go, within a moment; what stands longer stays. */
const REFUSED_MS = MINUTE;
/** An autoscaler that said no says yes once room is made; after this long it will not. */
const NO_NODE_MS = 5 * MINUTE;
/** A node that an autoscaler has asked for comes within a few minutes, or is not to be had. */
const NODE_COMES_MS = 15 * MINUTE;
/** Nobody said anything: no autoscaler, or one that is slow. */
const UNTOLD_MS = 10 * MINUTE;

/** New pods that run, are old enough to be ready by their own probes, and are not, once the controller gave up on progress. */
export function neverReady(workload: Workload, fresh: readonly Pod[], now: Instant): readonly PodFailure[] {
  const progressing = workload.conditions.find(({ type }) => type === "Progressing");
  if (progressing !== undefined && progressing.reason !== "ProgressDeadlineExceeded") return [];
  // Sets have no progress deadline: theirs is a Deployment's default.
  const patienceMs = progressing === undefined ? workload.progressDeadlineSeconds * 1000 : PLACING_MS;
  const limitMs = workload.startupBudgetMs + patienceMs;
  return fresh
    .filter(({ ready, phase }) => phase === "Running" && !ready)
    .filter((pod) => msBetween(pod.scheduledAt ?? pod.createdAt, now) >= limitMs)
    .map((pod) => {
      const container = pod.containers.find(({ init, ready }) => !init && !ready);
      const minutes = Math.floor(msBetween(pod.createdAt, now) / MINUTE);
      return {
        pod,
        ...(container === undefined ? {} : { container }),
        reason: "never ready",
        text: `running for ${minutes} min, and not ready`,
        advice: "read what its readiness probe answers; if it only needs longer, give its startup probe more time",
      };
    });
}

/** The API refuses to make the new version's pods (quota, admission): the Deployment's own word for it. */
export function refusedPods(workload: Workload, current: WorkloadRevision, now: Instant): readonly PodFailure[] {
  const failure = workload.conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  if (failure?.reason !== "FailedCreate" || failure.lastUpdateAt === undefined) return [];
  const message = failure.message ?? "";
  // The condition may be an old ReplicaSet's; its message then names that one's pods.
  if (/pods "/.test(message) && !message.includes(current.name)) return [];
  if (msBetween(failure.lastUpdateAt, now) < REFUSED_MS) return [];
  return [refusal(message)];
}

/** What only events tell: whether an autoscaler helps a pod without a node, and why a set makes no pods. */
export async function toldStalls(
  kubernetes: Kubernetes,
  target: KubernetesTarget,
  fresh: readonly Pod[],
  standsSince: Instant,
  now: Instant,
  signal: AbortSignal,
): Promise<readonly PodFailure[]> {
  const waiting = fresh.filter(({ unschedulable, createdAt }) => {
    return unschedulable !== undefined && msBetween(createdAt, now) >= NO_NODE_MS;
  });
  const [oldest] = waiting.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  try {
    if (oldest !== undefined) return await withoutNode(kubernetes, target, oldest, now, signal);
    const isSet = target.kind !== "Deployment";
    if (!isSet || msBetween(standsSince, now) < REFUSED_MS) return [];
    const events = await kubernetes.events(target, target.name, signal);
    const refused = events.findLast(({ reason, at }) => reason === "FailedCreate" && at >= standsSince);
    return refused === undefined ? [] : [refusal(refused.message)];
  } catch (error) {
    // Without events the rollout is still rolling; its deadline goes on counting.
    if (error instanceof PortFailure && error.kind !== "aborted") return [];
    throw error;
  }
}

async function withoutNode(
  kubernetes: Kubernetes,
  target: KubernetesTarget,
  pod: Pod,
  now: Instant,
  signal: AbortSignal,
): Promise<readonly PodFailure[]> {
  const events = await kubernetes.events(target, pod.name, signal);
  const told = events.findLast(({ reason }) => reason === "TriggeredScaleUp" || reason === "NotTriggerScaleUp");
  const waitedMs = msBetween(pod.createdAt, now);
  const limitMs = told === undefined ? UNTOLD_MS : told.reason === "TriggeredScaleUp" ? NODE_COMES_MS : NO_NODE_MS;
  if (waitedMs < limitMs) return [];
  const said = told === undefined ? "" : `; the autoscaler: ${told.message.slice(0, 200)}`;
  const text = `no node for it since ${Math.floor(waitedMs / MINUTE)} min: ${pod.unschedulable?.slice(0, 200) ?? ""}${said}`;
  const advice = "lower what its pods request, raise the node pool's maximum, or let the roll take pods down first";
  return [{ pod, reason: "Unschedulable", text, advice }];
}

function refusal(message: string): PodFailure {
  return {
    reason: "FailedCreate",
    text: `no new pod can be made: ${message.slice(0, 300)}`,
    advice: /quota/i.test(message)
      ? "raise the namespace's quota, or lower the surge and what the pods request"
      : "read what admission demands of its pods",
  };
}
