/** The verdict on pods from stored evidence alone: boundaries, and the same words once more. */
import { expect, test } from "vitest";
import { judgePods, type PodsEvidence } from "../../../src/steps/judge-pods.ts";
import { rejudge } from "../../../src/steps/rejudge.ts";

const container = { name: "app", digest: "sha256:a", restarts: 0, restartsSinceSwitch: 0 };
const pod = { name: "p-1", ready: true, phase: "Running", containers: [container] };
const GOOD: PodsEvidence = {
  uses: "check-pods",
  version: "5tcz",
  wanted: 2,
  switched: true,
  restartsInGonePods: 0,
  otherVersions: 0,
  failures: [],
  pending: "",
  pods: [pod, { ...pod, name: "p-2" }],
};

const STARTING = { ...pod, ready: false, starting: true } as const;

test.each<[string, Partial<PodsEvidence>, string, string]>([
  ["all ready", {}, "pass", "all 2 wanted pods of 5tcz are ready; no restart since the switch"],
  [
    "never switched",
    { switched: false },
    "pass",
    "all 2 wanted pods of 5tcz are ready; no restart while it was watched",
  ],
  ["one short", { pods: [pod], pending: "1 Pending" }, "warn", "1 of 2 wanted pods are ready (1 Pending)"],
  ["none ready", { pods: [{ ...pod, ready: false }] }, "fail", "none of its 1 pods is ready"],
  [
    "a roll under way: the old ones serve, the new ones start",
    {
      switched: false,
      otherVersions: 5,
      otherVersionsReady: 5,
      pods: [STARTING, STARTING],
    },
    "inconclusive",
    "its rollout is under way: 0 of 2 wanted pods of 5tcz ready, 2 starting, 5 pods of another version",
  ],
  [
    "all replaced at once, and still starting",
    { switched: false, pods: [STARTING] },
    "inconclusive",
    "its rollout is under way: 0 of 2 wanted pods of 5tcz ready, 1 starting",
  ],
  [
    "a roll that stands still while the old ones serve",
    { switched: false, otherVersions: 5, otherVersionsReady: 5, pods: [{ ...pod, ready: false }] },
    "warn",
    "none of its 1 pods is ready; 5 pods of another version still serve",
  ],
  [
    "a roll that stands still and nothing serves",
    { switched: false, otherVersions: 5, otherVersionsReady: 0, pods: [{ ...pod, ready: false }] },
    "fail",
    "none of its 1 pods is ready",
  ],
  [
    "one of two starts anew, nothing rolls",
    { switched: false, pods: [pod, STARTING] },
    "warn",
    "1 of 2 wanted pods are ready",
  ],
  [
    "none ready after the switch, however young",
    { otherVersions: 1, otherVersionsReady: 1, pods: [STARTING] },
    "fail",
    "none of its 1 pods is ready",
  ],
  ["none there", { pods: [], otherVersions: 2 }, "inconclusive", "no pod runs 5tcz any more; 2 run something else"],
  ["an old one left", { otherVersions: 1 }, "warn", "1 pod of another version still runs"],
  ["a restart in a pod that is gone", { restartsInGonePods: 1 }, "warn", "1 restart since the switch"],
  [
    "two images under one tag",
    { pods: [pod, { ...pod, containers: [{ ...container, digest: "sha256:b" }] }] },
    "warn",
    "app runs 2 different images under one tag",
  ],
  [
    "a failure",
    {
      failures: [
        { pod: "p-1", reason: "CrashLoopBackOff", text: "t", advice: "read its log", told: "p-1: t: KeyError" },
      ],
    },
    "fail",
    "1 of 2 pods fail: p-1: t: KeyError (try: read its log)",
  ],
])("%s", (_name, change, verdict, because) => {
  expect(judgePods({ ...GOOD, ...change })).toMatchObject({ verdict, because });
});

test("a failure of what this run switched is the platform's own, of what it did not is none of its doing", () => {
  const failing = { ...GOOD, pods: [{ ...pod, ready: false }] };
  expect(judgePods(failing).platformFailure).toBe(true);
  expect(judgePods({ ...failing, switched: false }).platformFailure).toBeUndefined();
});

test("explain judges the stored evidence once more; evidence of another form is refused", () => {
  expect(rejudge("check-pods", JSON.parse(JSON.stringify(GOOD)))).toEqual(judgePods(GOOD));
  expect(() => rejudge("check-pods", { ...GOOD, wanted: "2" })).toThrow(/wanted/);
});
