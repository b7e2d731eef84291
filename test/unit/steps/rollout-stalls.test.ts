import { expect, test } from "vitest";
import { PortFailure } from "../../../src/model/error.ts";
import { instant, MINUTE, plusMs } from "../../../src/model/time.ts";
import type { Kubernetes, Workload, WorkloadRevision } from "../../../src/ports/kubernetes.ts";
import { refusedPods, toldStalls } from "../../../src/steps/rollout-stalls.ts";
import { TARGET } from "../../support/kubernetes-world.ts";

const START = instant("2026-04-12T04:00:00Z");
const QUOTA =
  'pods "web-new-x7k2p" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=3, limited: pods=3';
const CURRENT = { name: "web-new" } as WorkloadRevision;

function refusing(message: string, status = "True"): Workload {
  const condition = { type: "ReplicaFailure", status, reason: "FailedCreate", message, lastUpdateAt: START };
  return { conditions: [condition] } as unknown as Workload;
}

test.each<[string, Workload, number, string | undefined]>([
  ["a quota that may be raised", refusing(QUOTA), 0.9, undefined],
  [
    "a quota that is not",
    refusing(QUOTA),
    1,
    "raise the namespace's quota, or lower the surge and what the pods request",
  ],
  ["the old ReplicaSet's pods", refusing(QUOTA.replace("web-new", "web-old")), 9, undefined],
  [
    "a webhook's refusal",
    refusing("admission webhook denied the request"),
    1,
    "read what admission demands of its pods",
  ],
  ["over again", refusing(QUOTA, "False"), 9, undefined],
  ["nothing of the kind", { conditions: [] } as unknown as Workload, 9, undefined],
])("%s", (_what, workload, minutes, advice) => {
  expect(refusedPods(workload, CURRENT, plusMs(START, minutes * MINUTE))[0]?.advice).toBe(advice);
});

test.each<[string, "StatefulSet" | "Deployment", string, number, number]>([
  ["a set that stands still tells why by its events", "StatefulSet", "FailedCreate", 2, 1],
  ["a moment's standstill is none", "StatefulSet", "FailedCreate", 0.5, 0],
  ["what a set says when it moves", "StatefulSet", "SuccessfulCreate", 2, 0],
  ["a deployment says it by a condition instead", "Deployment", "FailedCreate", 2, 0],
])("%s", async (_what, kind, reason, minutes, count) => {
  const events = async () => [{ reason, message: QUOTA, at: START }];
  const now = plusMs(START, minutes * MINUTE);
  const kubernetes = { events } as unknown as Kubernetes;
  const stalls = await toldStalls(kubernetes, { ...TARGET, kind }, [], START, now, new AbortController().signal);
  expect(stalls).toHaveLength(count);
});

test("events that cannot be read leave the rollout rolling", async () => {
  const events = async () => Promise.reject(new PortFailure("unauthorised", "no"));
  const kubernetes = { events } as unknown as Kubernetes;
  const target = { ...TARGET, kind: "StatefulSet" } as const;
  expect(await toldStalls(kubernetes, target, [], START, plusMs(START, MINUTE), new AbortController().signal)).toEqual(
    [],
  );
});
