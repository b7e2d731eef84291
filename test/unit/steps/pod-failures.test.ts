import { expect, test } from "vitest";
import { instant, plusMs } from "../../../src/model/time.ts";
import type { ContainerState, Pod } from "../../../src/ports/kubernetes.ts";
import { failureOf, symptomOf } from "../../../src/steps/pod-failures.ts";

const BORN = instant("2026-04-12T04:00:00Z");

function pod(container: Partial<ContainerState>, rest: Partial<Pod> = {}): Pod {
  const state = { name: "web", init: false, ready: false, restarts: 0, image: "web:1", ...container };
  return {
    name: "web-1",
    uid: "1",
    phase: "Running",
    createdAt: BORN,
    terminating: false,
    ready: false,
    templateHash: "h",
    containers: [state],
    ...rest,
  };
}

const died = (exitCode: number): Partial<ContainerState> => ({
  lastTerminated: { reason: exitCode === 137 ? "OOMKilled" : "Error", exitCode },
});

const healed = (afterSeconds: number): Partial<ContainerState> => ({
  ready: true,
  restarts: 2,
  lastTerminated: { reason: "Error", exitCode: 1, finishedAt: plusMs(BORN, afterSeconds * 1_000) },
});

test.each<[string, Pod, number, string | undefined]>([
  ["running", pod({}), 600, undefined],
  ["starting", pod({ waiting: { reason: "ContainerCreating" } }), 600, undefined],
  ["crash loop by its state", pod({ waiting: { reason: "CrashLoopBackOff" }, restarts: 1 }), 1, "CrashLoopBackOff"],
  ["one crash", pod({ restarts: 1, ...died(1) }), 600, undefined],
  ["one crash for want of memory", pod({ restarts: 1, ...died(137) }), 600, undefined],
  ["two crashes, running again", pod({ restarts: 2, ...died(1) }), 1, "crash loop"],
  ["two restarts that ended well", pod({ restarts: 2, ...died(0) }), 600, undefined],
  ["a pull that may still work", pod({ waiting: { reason: "ErrImagePull" } }), 89, undefined],
  ["a pull that does not", pod({ waiting: { reason: "ImagePullBackOff" } }), 90, "ImagePullBackOff"],
  ["an image name that cannot be", pod({ waiting: { reason: "InvalidImageName" } }), 0, "InvalidImageName"],
  ["a secret that may still come", pod({ waiting: { reason: "CreateContainerConfigError" } }), 59, undefined],
  [
    "a secret that does not",
    pod({ waiting: { reason: "CreateContainerConfigError" } }),
    60,
    "CreateContainerConfigError",
  ],
  [
    "an init container that waits by failing",
    pod({ init: true, waiting: { reason: "CrashLoopBackOff" } }),
    179,
    undefined,
  ],
  ["an init container", pod({ init: true, waiting: { reason: "CrashLoopBackOff" } }), 180, "CrashLoopBackOff"],
  [
    "an init container that has ended",
    pod({ init: true, terminated: { reason: "Completed", exitCode: 0 } }),
    600,
    undefined,
  ],
  ["a sidecar", pod({ init: true, sidecar: true, waiting: { reason: "CrashLoopBackOff" } }), 1, "CrashLoopBackOff"],
  [
    "crash loop for want of memory",
    pod({ waiting: { reason: "CrashLoopBackOff" }, restarts: 2, ...died(137) }),
    1,
    "CrashLoopBackOff (OOMKilled)",
  ],
  ["two deaths for want of memory, running again", pod({ restarts: 2, ...died(137) }), 1, "crash loop (OOMKilled)"],
  ["healed: ready for five minutes since its last death", pod(healed(0)), 300, undefined],
  ["perhaps healed", pod(healed(1)), 300, "crash loop"],
  [
    "a pull on a node that came late",
    pod({ waiting: { reason: "ErrImagePull" } }, { scheduledAt: plusMs(BORN, 300_000) }),
    389,
    undefined,
  ],
  [
    "a container that the runtime refuses",
    pod({ waiting: { reason: "CreateContainerError" } }),
    60,
    "CreateContainerError",
  ],
  ["a command that cannot be started", pod({ waiting: { reason: "RunContainerError" } }), 60, "RunContainerError"],
  ["an image that may not be pulled", pod({ waiting: { reason: "ErrImageNeverPull" } }), 0, "ErrImageNeverPull"],
  ["on its way out", pod({ waiting: { reason: "CrashLoopBackOff" } }, { terminating: true }), 600, undefined],
  ["unschedulable", pod({}, { unschedulable: "no node", phase: "Pending" }), 600, undefined],
])("%s", (_what, state, ageSeconds, reason) => {
  expect(failureOf(state, plusMs(BORN, ageSeconds * 1_000))?.reason).toBe(reason);
});

test("unschedulable and evicted pods are symptoms", () => {
  expect(symptomOf(pod({}, { unschedulable: "no node" }))).toBe("unschedulable");
  expect(symptomOf(pod({}, { phase: "Failed", reason: "Evicted" }))).toBe("Evicted");
  expect(symptomOf(pod({}))).toBeUndefined();
});
