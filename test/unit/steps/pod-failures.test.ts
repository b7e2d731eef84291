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
  ["an init container", pod({ init: true, waiting: { reason: "CrashLoopBackOff" } }), 1, "CrashLoopBackOff"],
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
