/** The life of one simulated pod in world time: it starts, becomes ready, crashes and backs off, and goes. */
import { type Instant, plusMs } from "../model/time.ts";
import type { Crash, SimulatedPod } from "./kubernetes-model.ts";
import type { World } from "./world.ts";

const BACK_OFF_FIRST_MS = 10_000;
const BACK_OFF_MOST_MS = 300_000;
/** ErrImagePull first, ImagePullBackOff from the second try on. */
const PULL_TRY_MS = 15_000;

/** What a pod's life tells its cluster. */
export interface PodWatcher {
  /** Its status changed. */
  changed(pod: SimulatedPod): void;
  crashed(crash: Crash): void;
  event(pod: SimulatedPod, type: "Normal" | "Warning", reason: string, message: string): void;
}

/** Begins the life of a pod that was just created. */
export function startPod(world: World, pod: SimulatedPod, watcher: PodWatcher): void {
  const { behaviour } = pod;
  switch (behaviour.kind) {
    case "unschedulable":
      pod.unschedulable = "0/9 nodes are available: 9 Insufficient memory.";
      watcher.event(pod, "Warning", "FailedScheduling", pod.unschedulable);
      if (behaviour.forMs !== undefined) {
        whileAlive(world, pod, behaviour.forMs, () => {
          pod.unschedulable = undefined;
          startContainer(world, pod, watcher);
        });
      }
      return;
    case "image-pull-error":
      failToPull(world, pod, watcher);
      return;
    case "config-error":
      pod.waiting = {
        reason: "CreateContainerConfigError",
        message: behaviour.message ?? `secret "${pod.deployment.options.name}-env" not found`,
      };
      watcher.event(pod, "Warning", "Failed", `Error: ${pod.waiting.message}`);
      return;
    case "healthy":
    case "never-ready":
    case "crash":
      pod.waiting = { reason: "ContainerCreating" };
      whileAlive(world, pod, Math.min(3_000, startupMs(pod) / 3), () => startContainer(world, pod, watcher));
  }
}

/** Marks a pod for deletion; it lingers for its grace period. */
export function stopPod(world: World, pod: SimulatedPod, watcher: PodWatcher): void {
  const graceMs = pod.deployment.options.graceMs ?? 30_000;
  pod.deletedAt = world.now;
  watcher.event(pod, "Normal", "Killing", `Stopping container ${pod.deployment.options.container}`);
  world.after(graceMs, () => {
    pod.goneAt = world.now;
    watcher.changed(pod);
  });
}

function startContainer(world: World, pod: SimulatedPod, watcher: PodWatcher): void {
  pod.phase = "Running";
  pod.waiting = undefined;
  const startedAt = world.now;
  pod.startedAt = startedAt;
  watcher.event(pod, "Normal", "Started", `Started container ${pod.deployment.options.container}`);
  watcher.changed(pod);
  const crash =
    pod.behaviour.kind === "crash" && pod.restarts < (pod.behaviour.times ?? Infinity) ? pod.behaviour : undefined;
  const readyAfterMs = pod.restarts === 0 ? startupMs(pod) - elapsed(pod.createdAt, startedAt) : startupMs(pod);
  if (pod.behaviour.kind !== "never-ready" && (crash === undefined || crash.afterMs > readyAfterMs)) {
    whileAlive(world, pod, Math.max(0, readyAfterMs), () => setReady(world, pod, true, watcher));
  }
  if (crash !== undefined) {
    whileAlive(world, pod, crash.afterMs, () => die(world, pod, crash.reason, crash.log ?? [], startedAt, watcher));
  }
}

function die(
  world: World,
  pod: SimulatedPod,
  reason: "Error" | "OOMKilled",
  lines: readonly string[],
  startedAt: Instant,
  watcher: PodWatcher,
): void {
  pod.lastTerminated = { reason, exitCode: reason === "OOMKilled" ? 137 : 1, startedAt, finishedAt: world.now };
  pod.startedAt = undefined;
  watcher.crashed({ pod, at: world.now, lines });
  setReady(world, pod, false, watcher);
  const backOffMs = pod.restarts === 0 ? 0 : Math.min(BACK_OFF_FIRST_MS * 2 ** (pod.restarts - 1), BACK_OFF_MOST_MS);
  if (backOffMs > 0) {
    pod.waiting = {
      reason: "CrashLoopBackOff",
      message: `back-off ${backOffMs / 1000}s restarting failed container=${pod.deployment.options.container} pod=${pod.name}`,
    };
    watcher.event(pod, "Warning", "BackOff", "Back-off restarting failed container");
    watcher.changed(pod);
  }
  whileAlive(world, pod, backOffMs, () => {
    pod.restarts++;
    startContainer(world, pod, watcher);
  });
}

function failToPull(world: World, pod: SimulatedPod, watcher: PodWatcher): void {
  const message = `Failed to pull image "${pod.image}": not found`;
  pod.waiting = { reason: "ErrImagePull", message };
  watcher.event(pod, "Warning", "Failed", message);
  whileAlive(world, pod, PULL_TRY_MS, () => {
    pod.waiting = { reason: "ImagePullBackOff", message: `Back-off pulling image "${pod.image}"` };
    watcher.event(pod, "Warning", "BackOff", pod.waiting.message ?? "");
    watcher.changed(pod);
  });
}

function setReady(world: World, pod: SimulatedPod, ready: boolean, watcher: PodWatcher): void {
  if (pod.ready !== ready) {
    pod.ready = ready;
    pod.readyChangedAt = world.now;
  }
  watcher.changed(pod);
}

function whileAlive(world: World, pod: SimulatedPod, afterMs: number, act: () => void): void {
  world.at(plusMs(world.now, afterMs), () => {
    if (pod.deletedAt === undefined) act();
  });
}

function startupMs(pod: SimulatedPod): number {
  return pod.deployment.options.startupMs ?? 30_000;
}

function elapsed(from: Instant, until: Instant): number {
  return Date.parse(until) - Date.parse(from);
}
