/** What in a pod's state is a positive sign that the new version itself does not work, and what is only slow. Pure. */
import { MINUTE, msBetween, SECOND, type Instant } from "../model/time.ts";
import type { ContainerState, Pod } from "../ports/kubernetes.ts";

interface FatalWait {
  /** How long after its placing a pod may show it before it is believed. */
  readonly graceMs: number;
  /** What to look at first. */
  readonly advice: string;
}

/** Waiting reasons that do not heal by themselves. */
const FATAL_WAITS: Readonly<Record<string, FatalWait>> = {
  CrashLoopBackOff: {
    graceMs: 0,
    advice: "read the log of its previous instance; run the image with the same settings",
  },
  InvalidImageName: { graceMs: 0, advice: "correct the image reference in the template" },
  ErrImageNeverPull: { graceMs: 0, advice: "its imagePullPolicy is Never: the image must be on the node already" },
  // A registry may answer late, and the first pull may race the push.
  ErrImagePull: { graceMs: 90 * SECOND, advice: "check that the tag was pushed and that the nodes may pull it" },
  ImagePullBackOff: { graceMs: 90 * SECOND, advice: "check that the tag was pushed and that the nodes may pull it" },
  // Secrets and ConfigMaps are sometimes applied after the workload that needs them.
  CreateContainerConfigError: { graceMs: MINUTE, advice: "create the Secret, ConfigMap or key that its message names" },
  CreateContainerError: {
    graceMs: MINUTE,
    advice: "read the event: the runtime refuses the container as it is described",
  },
  RunContainerError: {
    graceMs: MINUTE,
    advice: "check the command, its arguments and its mounts: it could not be started",
  },
};

/** An init container often waits for something by failing: its restarts are believed later. */
const INIT_GRACE_MS = 3 * MINUTE;
/** So many restarts of one container are a crash loop, also in the moments in which it runs. */
const CRASH_LOOP_RESTARTS = 2;
/** A container that is ready, and has not died for so long, has healed. */
const HEALED_MS = 5 * MINUTE;

/** What ails a rollout: one container of a pod, a pod, or (without either) the making of pods. */
export interface PodFailure {
  readonly pod?: Pod;
  readonly container?: ContainerState;
  /** "CrashLoopBackOff" */
  readonly reason: string;
  /** "CrashLoopBackOff, 3 restarts, last exit 1 (Error)" */
  readonly text: string;
  /** What to try, as an imperative clause. */
  readonly advice: string;
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
  const ageMs = msBetween(pod.scheduledAt ?? pod.createdAt, now);
  for (const container of pod.containers) {
    const found = waitFailure(container, ageMs) ?? crashLoop(container, ageMs, restartsOf(container), now);
    if (found === undefined) continue;
    const { reason, advice } = found;
    return { pod, container, reason, text: describe(reason, container), advice };
  }
  return undefined;
}

type Found = Pick<PodFailure, "reason" | "advice">;

function waitFailure(container: ContainerState, ageMs: number): Found | undefined {
  const { reason } = container.waiting ?? { reason: "" };
  const known = FATAL_WAITS[reason];
  if (known === undefined) return undefined;
  const isCrash = reason === "CrashLoopBackOff";
  if (ageMs < (isCrash ? crashGraceMs(container) : known.graceMs)) return undefined;
  return isCrash
    ? (outOfMemory(container, reason) ?? { reason, advice: known.advice })
    : { reason, advice: known.advice };
}

function crashLoop(container: ContainerState, ageMs: number, restarts: number, now: Instant): Found | undefined {
  const died = container.lastTerminated ?? container.terminated;
  if (restarts < CRASH_LOOP_RESTARTS || (died?.exitCode ?? 0) === 0 || ageMs < crashGraceMs(container))
    return undefined;
  const finishedAt = container.lastTerminated?.finishedAt;
  if (container.ready && finishedAt !== undefined && msBetween(finishedAt, now) >= HEALED_MS) return undefined;
  const advice = "read the log of its previous instance: it starts, and dies again";
  return outOfMemory(container, "crash loop") ?? { reason: "crash loop", advice };
}

function crashGraceMs({ init, sidecar }: ContainerState): number {
  return init && sidecar !== true ? INIT_GRACE_MS : 0;
}

function outOfMemory({ lastTerminated, terminated }: ContainerState, reason: string): Found | undefined {
  if ((lastTerminated ?? terminated)?.reason !== "OOMKilled") return undefined;
  return { reason: `${reason} (OOMKilled)`, advice: "raise its memory limit, or find what takes the memory" };
}

function describe(reason: string, container: ContainerState): string {
  const last = container.lastTerminated ?? container.terminated;
  const kind = container.sidecar === true ? "sidecar " : container.init ? "init container " : "";
  const parts = [
    `${kind === "" ? "" : `${kind}${container.name}: `}${reason}`,
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
