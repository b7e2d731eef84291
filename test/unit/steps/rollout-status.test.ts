import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { HOUR, instant, MINUTE, msBetween, plusMs, SECOND } from "../../../src/model/time.ts";
import type { PodBehaviour } from "../../../src/simulator/kubernetes-model.ts";
import { rolloutStatus } from "../../../src/steps/rollout-status.ts";
import { pusher, runStep, snapshotOf } from "../../support/kubernetes-steps.ts";
import {
  kubernetesWorld,
  type KubernetesWorld,
  NAME,
  NAMESPACE,
  NEW_DIGEST,
  NEW_IMAGE,
  START,
  TARGET,
} from "../../support/kubernetes-world.ts";
import { preflightContext, stepContext } from "../../support/step-context.ts";

let cloud: KubernetesWorld;
beforeEach(async () => {
  cloud = await kubernetesWorld();
});
afterEach(() => cloud.close());

describe("a healthy roll", () => {
  test("of 27 pods in waves of 3 is waited for, and T0 is its completion by the API's timestamps", async () => {
    const before = await snapshotOf(cloud);
    cloud.world.after(30 * SECOND, () =>
      cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST }),
    );
    const { outcome, waits, switched, deadlines } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    expect(outcome).toMatchObject({ kind: "done", output: { pusher: switched[0]?.to } });
    expect(waits[0]).toBe("pusher: nothing new yet");
    expect(waits.some((text) => /^pusher: \d+\/27 updated, 26 available, wave of 3$/.test(text))).toBe(true);
    const [change] = switched;
    const progressing = cloud.state.deployment(NAMESPACE, NAME).progress;
    expect(change).toMatchObject({
      from: before.templateHash,
      rolloutStartedAt: instant("2026-04-12T04:00:30Z"),
      images: [NEW_IMAGE],
      commit: "9b6168c",
    });
    expect(msBetween(change?.at ?? START, progressing.lastUpdateAt)).toBeLessThan(SECOND);
    // Longer than the five minutes of #9915, and never in danger of its own deadline.
    expect(msBetween(START, change?.at ?? START)).toBeGreaterThan(5 * MINUTE);
    expect(msBetween(START, deadlines[0] ?? START)).toBeGreaterThan(HOUR);
  });

  test("an autoscaler that wants more in the middle is followed", async () => {
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.world.after(2 * MINUTE, () => cloud.state.scale(NAMESPACE, NAME, 33));
    const { outcome, waits } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    expect(outcome).toMatchObject({ kind: "done", summary: "pusher: 33/33 updated, 33 available, wave of 3" });
    expect(waits.some((text) => text.includes("/27 updated"))).toBe(true);
  });

  test("past its progress deadline goes on being waited for", async () => {
    await cloud.close();
    cloud = await kubernetesWorld({ replicas: 3, startupMs: 4 * MINUTE, progressDeadlineSeconds: 60 });
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    const { outcome, waits } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    expect(outcome.kind).toBe("done");
    expect(waits.some((text) => text.includes("its progress deadline has passed"))).toBe(true);
  });

  test("an unschedulable pod is a symptom, not a failure: an autoscaler brings a node", async () => {
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, {
      image: NEW_IMAGE,
      digest: NEW_DIGEST,
      behaviour: { kind: "unschedulable", forMs: 4 * MINUTE },
    });
    const { outcome, waits } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    expect(outcome.kind).toBe("done");
    expect(waits.some((text) => text.endsWith("unschedulable"))).toBe(true);
  });

  test("a restart under the same tag is new by its template", async () => {
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, { restartOnly: true, digest: NEW_DIGEST });
    const { outcome, switched } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    expect(outcome.kind).toBe("done");
    expect(switched[0]?.to).not.toBe(before.templateHash);
  });

  test("a template that ran once before is new again by its pods", async () => {
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(2 * HOUR);
    const before = await snapshotOf(cloud);
    const startedAt = cloud.world.now;
    cloud.state.rollout(NAMESPACE, NAME, { image: "gcr.io/based-hardware/pusher:3fabf10" });
    const { switched } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    expect(switched[0]?.rolloutStartedAt && switched[0].rolloutStartedAt >= startedAt).toBe(true);
  });
});

describe("a silent no-op", () => {
  test("is refused after five minutes, without a verdict against production", async () => {
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, { digest: NEW_DIGEST });
    const { outcome } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    expect(outcome).toMatchObject({
      kind: "refused",
      because: expect.stringContaining(
        "a silent no-op: the workload still runs gcr.io/based-hardware/pusher:3fabf10",
      ) as string,
    });
    expect("verdict" in outcome).toBe(false);
    expect(msBetween(START, cloud.world.now)).toBeLessThan(5.5 * MINUTE);
  });

  test("one pod that the autoscaler adds under a moved tag is no rollout", async () => {
    const before = await snapshotOf(cloud);
    cloud.state.registry.setDigest("gcr.io/based-hardware/pusher:3fabf10", NEW_DIGEST);
    cloud.state.scale(NAMESPACE, NAME, 28);
    expect((await runStep(cloud, rolloutStatus, {}, [pusher(before)])).outcome.kind).toBe("refused");
  });
});

describe("failing new pods end the wait early", () => {
  const log = ["Traceback (most recent call last):", "ImportError: cannot import name 'x' (token=abcdefgh)"];
  const rows: readonly (readonly [string, PodBehaviour, string, number])[] = [
    ["a crash at start", { kind: "crash", afterMs: 3_000, reason: "Error", log }, "CrashLoopBackOff", MINUTE],
    ["out of memory", { kind: "crash", afterMs: 8_000, reason: "OOMKilled" }, "CrashLoopBackOff", MINUTE],
    ["an image that is not there", { kind: "image-pull-error" }, "ImagePullBackOff", 2 * MINUTE],
    ["a secret that is not there", { kind: "config-error" }, "CreateContainerConfigError", 1.5 * MINUTE],
  ];
  test.each(rows)("%s", async (_what, behaviour, reason, withinMs) => {
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST, behaviour });
    const { outcome, switched } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    expect(outcome).toMatchObject({
      kind: "refused",
      verdict: "fail",
      results: [
        { service: "pusher", verdict: "fail", platformFailure: true, value: expect.stringContaining(reason) as string },
      ],
    });
    expect(switched).toEqual([]);
    expect(msBetween(START, cloud.world.now)).toBeLessThan(withinMs);
  });

  test("with the pod's own last words, its secrets taken out", async () => {
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, {
      image: NEW_IMAGE,
      digest: NEW_DIGEST,
      behaviour: { kind: "crash", afterMs: 3_000, reason: "Error", log },
    });
    const { outcome } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    const told = JSON.stringify(outcome);
    expect(told).toContain("ImportError: cannot import name 'x'");
    expect(told).toContain("Back-off restarting failed container");
    expect(told).not.toContain("abcdefgh");
  });

  test("even when neither events nor logs can be read", async () => {
    const before = await snapshotOf(cloud);
    cloud.faults.add({ api: "kubernetes", call: "list-events", kind: "status", status: 403, times: 9 });
    cloud.faults.add({ api: "kubernetes", call: "pod-log", kind: "status", status: 500, times: 9 });
    cloud.state.rollout(NAMESPACE, NAME, {
      image: NEW_IMAGE,
      digest: NEW_DIGEST,
      behaviour: { kind: "crash", afterMs: 3_000, reason: "Error" },
    });
    expect((await runStep(cloud, rolloutStatus, {}, [pusher(before)])).outcome).toMatchObject({ verdict: "fail" });
  });

  test("old pods that crash while the new ones are well do not fail it", async () => {
    const old = cloud.state.deployment(NAMESPACE, NAME).pods[26];
    if (old === undefined) throw new Error("27 pods");
    Object.assign(old, { restarts: 7, ready: false, startedAt: undefined, waiting: { reason: "CrashLoopBackOff" } });
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    expect((await runStep(cloud, rolloutStatus, {}, [pusher(before)])).outcome.kind).toBe("done");
  });
});

test("never-ready pods: the deadline moves only while counts do", async () => {
  const before = await snapshotOf(cloud);
  cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST, behaviour: { kind: "never-ready" } });
  const given: string[] = [];
  const context = {
    kind: rolloutStatus,
    world: cloud.world,
    ports: { kubernetes: cloud.kubernetes },
    args: rolloutStatus.args.parse({}),
    services: [pusher(before)],
    startedAt: START,
  };
  let memo: Json | undefined;
  for (let turn = 0; turn < 5; turn++) {
    const outcome = await rolloutStatus.turn(stepContext({ ...context, memo }));
    if (outcome.kind !== "waiting") throw new Error(outcome.kind);
    memo = outcome.memo;
    given.push(outcome.deadline ?? "");
    cloud.pass(2 * MINUTE);
  }
  // 9 waves of 12 m 30 s each.
  expect(new Set(given)).toEqual(new Set([plusMs(START, 9 * 12.5 * MINUTE)]));
});

describe("a roll that will not end", () => {
  async function failing(behaviour: PodBehaviour): Promise<{ because: string; minutes: number }> {
    const before = await snapshotOf(cloud);
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST, behaviour });
    const { outcome } = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
    if (outcome.kind !== "refused") throw new Error(outcome.kind);
    expect(outcome).toMatchObject({ verdict: "fail" });
    return { because: outcome.because, minutes: msBetween(START, cloud.world.now) / MINUTE };
  }

  test("pods that run and never become ready fail once their probes' time and the progress deadline are over", async () => {
    const { because, minutes } = await failing({ kind: "never-ready" });
    expect(because).toMatch(/^pusher: 3 of 3 new pods fail: .*: running for 12 min, and not ready.*\(try: read what/);
    expect(minutes).toBeLessThan(13.5);
  });

  test("pods without a node fail after ten minutes in which no autoscaler says anything", async () => {
    const { because, minutes } = await failing({ kind: "unschedulable" });
    expect(because).toContain("no node for it since 10 min: 0/9 nodes are available: 9 Insufficient memory.");
    expect(minutes).toBeLessThan(11);
  });

  test.each([
    ["NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached", 5],
    ["TriggeredScaleUp", "pod triggered scale-up: [{pool-1 3->4 (max: 4)}]", 15],
  ] as const)("%s: the autoscaler's word decides how long a node is waited for", async (reason, message, after) => {
    cloud.world.after(MINUTE, () => {
      const pods = cloud.state
        .deployment(NAMESPACE, NAME)
        .pods.filter(({ unschedulable }) => unschedulable !== undefined);
      for (const pod of pods) cloud.state.event(pod, "Normal", reason, message);
    });
    const { because, minutes } = await failing({ kind: "unschedulable" });
    expect(because).toContain(message);
    expect(minutes).toBeGreaterThanOrEqual(after);
    expect(minutes).toBeLessThan(after + 1);
  });
});

describe("preflight", () => {
  test.each([
    ["well", {}, TARGET, []],
    ["missing", {}, { ...TARGET, name: "nope" }, ["not found"]],
  ] as const)("%s", async (_what, _options, target, expected) => {
    const before = await snapshotOf(cloud);
    const context = preflightContext({
      args: rolloutStatus.args.parse({}),
      world: cloud.world,
      ports: { kubernetes: cloud.kubernetes },
      services: [{ ...pusher(before), target }],
    });
    const findings = (await rolloutStatus.preflight?.(context)) ?? [];
    expect(findings).toHaveLength(expected.length);
    for (const [index, text] of expected.entries())
      expect(findings[index]).toMatchObject({ what: expect.stringContaining(text) });
  });

  test("without the right to read it is unauthorised; a paused deployment is an error", async () => {
    const before = await snapshotOf(cloud);
    const context = preflightContext({
      args: rolloutStatus.args.parse({}),
      world: cloud.world,
      ports: { kubernetes: cloud.kubernetes },
      services: [pusher(before)],
    });
    cloud.faults.add({ api: "kubernetes", call: "get-workload", kind: "status", status: 403, times: 1 });
    expect(await rolloutStatus.preflight?.(context)).toMatchObject([{ severity: "unauthorised" }]);
    cloud.state.changeSpec(cloud.state.deployment(NAMESPACE, NAME), { paused: true });
    expect(await rolloutStatus.preflight?.(context)).toMatchObject([
      { severity: "error", what: expect.stringContaining("is paused") as string },
    ]);
  });
});
