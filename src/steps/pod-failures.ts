/** What in a pod's state is a positive sign that the new version itself does not work, and what is only slow. Pure. */
import { MINUTE, msBetween, SECOND, type Instant } from "../model/time.ts";
import type { ContainerState, Pod } from "../ports/kubernetes.ts";

/** Waiting reasons that do not heal by themselves, and how old a pod may be before they are believed. */
const FATAL_WAITS: Readonly<Record<string, number>> = {
  CrashLoopBackOff: 0,
  InvalidImageName: 0,
  // A registry may answer late, and the first pull may race the push.
  ErrImagePull: 90 * SECOND,
  ImagePullBackOff: 90 * SECOND,
  ErrImageNeverPull: 0,
  // Secrets and ConfigMaps are sometimes applied after the workload that needs them.
  CreateContainerConfigError: MINUTE,
  CreateContainerError: MINUTE,
  RunContainerError: MINUTE,
};

/** So many restarts of one container are a crash loop, also in the moments in which it runs. */
const CRASH_LOOP_RESTARTS = 2;

export interface PodFailure {
  readonly pod: Pod;
  readonly container: ContainerState;
  /** "CrashLoopBackOff" */
  readonly reason: string;
  /** "CrashLoopBackOff, 3 restarts, last exit 1 (Error)" */
  readonly text: string;
}

/**
 * The failure that a pod shows, whichever container has it (init and sidecar containers too). Terminating pods show none.
 * `restartsOf`: the restarts that count, where not all of the pod's do.
 */
export function failureOf(
  pod: Pod,
  now: Instant,
  restartsOf: (container: ContainerState) => number = ({ restarts }) => restarts,
): PodFailure | undefined {
  if (pod.terminating) return undefined;
  for (const container of pod.containers) {
    const reason = reasonOf(pod, container, now, restartsOf(container));
    if (reason !== undefined) return { pod, container, reason, text: describe(reason, container) };
  }
  return undefined;
}

function reasonOf(pod: Pod, container: ContainerState, now: Instant, restarts: number): string | undefined {
  const { waiting } = container;
  const graceMs = waiting === undefined ? undefined : FATAL_WAITS[waiting.reason];
  if (waiting !== undefined && graceMs !== undefined && msBetween(pod.createdAt, now) >= graceMs) return waiting.reason;
  const died = (container.lastTerminated ?? container.terminated)?.exitCode ?? 0;
  return restarts >= CRASH_LOOP_RESTARTS && died !== 0 ? "crash loop" : undefined;
}

function describe(reason: string, container: ContainerState): string {
  const last = container.lastTerminated ?? container.terminated;
  const parts = [
    reason,
    ...(container.restarts > 0 ? [`${container.restarts} restart${container.restarts === 1 ? "" : "s"}`] : []),
    ...(last === undefined ? [] : [`last exit ${last.exitCode} (${last.reason})`]),
    ...(last === undefined && container.waiting?.message !== undefined
      ? [container.waiting.message.slice(0, 200)]
      : []),
  ];
  return parts.join(", ");
}

/** What keeps a pod from starting without being its fault: an autoscaler or another node may still help. */
export function symptomOf(pod: Pod): string | undefined {
  if (pod.terminating) return undefined;
  if (pod.unschedulable !== undefined) return "unschedulable";
  return pod.phase === "Failed" ? (pod.reason ?? "failed") : undefined;
}

/** Short text for a set of symptoms: "3 unschedulable". */
export function showSymptoms(pods: readonly Pod[]): string {
  const counts = new Map<string, number>();
  for (const symptom of pods.flatMap((pod) => symptomOf(pod) ?? []))
    counts.set(symptom, (counts.get(symptom) ?? 0) + 1);
  return [...counts].map(([symptom, count]) => `${count} ${symptom}`).join(", ");
}
