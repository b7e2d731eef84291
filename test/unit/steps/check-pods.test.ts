import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ServiceSwitch } from "../../../src/model/service.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/model/time.ts";
import type { Looked } from "../../../src/steps/step.ts";
import type { PodBehaviour } from "../../../src/simulator/kubernetes-model.ts";
import { checkPods } from "../../../src/steps/check-pods.ts";
import { rolloutStatus } from "../../../src/steps/rollout-status.ts";
import { looker, pusher, runStep, snapshotOf } from "../../support/kubernetes-steps.ts";
import {
  kubernetesWorld,
  type KubernetesWorld,
  NAME,
  NAMESPACE,
  NEW_DIGEST,
  NEW_IMAGE,
} from "../../support/kubernetes-world.ts";

let cloud: KubernetesWorld;
beforeEach(async () => {
  cloud = await kubernetesWorld();
});
afterEach(() => cloud.close());

/** Deploys a version with this behaviour, waits for the switch, and gives the look over it. */
async function switched(behaviour: PodBehaviour = { kind: "healthy" }): Promise<() => Promise<Looked>> {
  const before = await snapshotOf(cloud);
  cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST, behaviour });
  const run = await runStep(cloud, rolloutStatus, {}, [pusher(before)]);
  const [change] = run.switched;
  if (change === undefined) throw new Error(JSON.stringify(run.outcome));
  return looking(change);
}

async function looking(change?: ServiceSwitch): Promise<() => Promise<Looked>> {
  const look = looker(cloud, checkPods, [pusher(await snapshotOf(cloud), change)]);
  return async () => {
    const [result] = await look();
    if (result === undefined) throw new Error("one result per service");
    return result;
  };
}

test("pods that have just been made by a roll under way are no evidence against it", async () => {
  const look = await looking();
  cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST, behaviour: { kind: "healthy" } });
  cloud.pass(3 * SECOND);
  const result = await look();
  expect(result.verdict).toBe("inconclusive");
  expect(result.because).toMatch(
    /^its rollout is under way: 0 of 27 wanted pods of \w+ ready, \d+ starting, \d+ pods of/,
  );
});

describe("after a switch", () => {
  test("all wanted pods ready is a pass, with the value that a person would write", async () => {
    const look = await switched();
    expect(await look()).toMatchObject({
      verdict: "pass",
      value: "27/27 pods ready, 0 restarts, 0 crash loops",
      sample: "27 pods",
      service: "pusher",
    });
  });

  test("terminating pods are not counted", async () => {
    const look = await switched();
    cloud.state.scale(NAMESPACE, NAME, 20);
    cloud.pass(SECOND);
    expect(await look()).toMatchObject({ verdict: "pass", value: "20/20 pods ready, 0 restarts, 0 crash loops" });
  });

  test("pods that an autoscaler adds are starting: a warning, then a pass", async () => {
    const look = await switched();
    cloud.state.scale(NAMESPACE, NAME, 30);
    cloud.pass(10 * SECOND);
    expect(await look()).toMatchObject({ verdict: "warn", because: "27 of 30 wanted pods are ready" });
    cloud.pass(MINUTE);
    expect(await look()).toMatchObject({ verdict: "pass" });
  });

  test("a single restart for want of memory warns, and goes on being counted", async () => {
    const look = await switched({ kind: "crash", afterMs: 20 * MINUTE, reason: "OOMKilled", times: 1, pods: 1 });
    expect(await look()).toMatchObject({ verdict: "pass" });
    cloud.pass(HOUR);
    const result = await look();
    expect(result).toMatchObject({
      verdict: "warn",
      because: "1 restart since the switch, the last: OOMKilled",
      value: "27/27 pods ready, 1 restart, 0 crash loops",
    });
    expect(result.platformFailure).toBeUndefined();
  });

  test("a crash loop that begins later is a failure of the platform's, with the pod's own words", async () => {
    const look = await switched({ kind: "crash", afterMs: 10 * MINUTE, reason: "Error", log: ["MemoryError"] });
    cloud.pass(40 * MINUTE);
    const result = await look();
    expect(result).toMatchObject({ verdict: "fail", platformFailure: true });
    expect(result.because).toContain("MemoryError");
    expect(result.groups).toHaveLength(1);
  });

  test("restarts of pods that are no more still count", async () => {
    const look = await switched({ kind: "crash", afterMs: 20 * MINUTE, reason: "OOMKilled", times: 1, pods: 1 });
    cloud.pass(HOUR);
    await look();
    const victim = cloud.state.deployment(NAMESPACE, NAME).pods.find(({ restarts }) => restarts > 0);
    if (victim === undefined) throw new Error("no pod restarted");
    cloud.state.deletePod(victim);
    cloud.state.scale(NAMESPACE, NAME, 28);
    cloud.pass(10 * MINUTE);
    expect(await look()).toMatchObject({ verdict: "warn", value: "28/28 pods ready, 1 restart, 0 crash loops" });
  });

  test("old pods that do not go are a warning; when nothing of this run is left it cannot be judged", async () => {
    const look = await switched();
    cloud.state.rollout(NAMESPACE, NAME, {
      image: "gcr.io/based-hardware/pusher:fffffff",
      digest: `sha256:${"c".repeat(64)}`,
    });
    cloud.pass(30 * SECOND);
    expect(await look()).toMatchObject({
      verdict: "warn",
      because: expect.stringContaining("of another version still run") as string,
    });
    cloud.pass(HOUR);
    expect(await look()).toMatchObject({ verdict: "inconclusive" });
  });

  test("different images under one tag are a warning", async () => {
    const look = await switched();
    cloud.state.registry.setDigest(NEW_IMAGE, `sha256:${"d".repeat(64)}`);
    cloud.state.scale(NAMESPACE, NAME, 28);
    cloud.pass(MINUTE);
    expect(await look()).toMatchObject({ verdict: "warn", because: "pusher runs 2 different images under one tag" });
  });
});

describe("without a switch", () => {
  test("restarts from before the first look are not held against it", async () => {
    const pod = cloud.state.deployment(NAMESPACE, NAME).pods[0];
    if (pod === undefined) throw new Error("27 pods");
    const at = cloud.world.now;
    Object.assign(pod, {
      restarts: 9,
      lastTerminated: { reason: "Error", exitCode: 1, startedAt: at, finishedAt: at },
    });
    const look = await looking();
    expect(await look()).toMatchObject({ verdict: "pass", value: "27/27 pods ready, 0 restarts, 0 crash loops" });
    pod.restarts = 10;
    expect(await look()).toMatchObject({ verdict: "warn", value: "27/27 pods ready, 1 restart, 0 crash loops" });
    // The kubelet may start again from zero.
    pod.restarts = 1;
    expect(await look()).toMatchObject({ verdict: "fail", value: "27/27 pods ready, 2 restarts, 1 crash loop" });
  });

  test("pods of this run's roll that crash fail, also in a moment in which they run", async () => {
    const look = await looking();
    const crash = { kind: "crash", afterMs: 30 * SECOND, reason: "Error", log: ["boom"] } as const;
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST, behaviour: crash });
    cloud.pass(4 * MINUTE);
    const { pods } = cloud.state.deployment(NAMESPACE, NAME);
    while (pods.some(({ waiting }) => waiting?.reason === "CrashLoopBackOff")) cloud.pass(SECOND);
    expect(await look()).toMatchObject({ verdict: "fail", because: expect.stringContaining("crash loop, ") });
  });

  test("a crash loop that is there now fails, but is no failure of this run's version", async () => {
    const pod = cloud.state.deployment(NAMESPACE, NAME).pods[0];
    if (pod === undefined) throw new Error("27 pods");
    Object.assign(pod, { restarts: 9, ready: false, startedAt: undefined, waiting: { reason: "CrashLoopBackOff" } });
    const result = await (await looking())();
    expect(result).toMatchObject({ verdict: "fail", value: "26/27 pods ready, 0 restarts, 1 crash loop" });
    expect(result.platformFailure).toBeUndefined();
  });
});

describe("unknown is never success", () => {
  test("zero matching pods", async () => {
    const look = await looking();
    cloud.state.deployment(NAMESPACE, NAME).pods = [];
    expect(await look()).toMatchObject({
      verdict: "inconclusive",
      because: expect.stringContaining("matches no pods") as string,
    });
  });

  test("scaled to zero", async () => {
    const look = await looking();
    cloud.state.scale(NAMESPACE, NAME, 0);
    cloud.pass(MINUTE);
    expect(await look()).toMatchObject({ verdict: "inconclusive" });
  });

  test("no ready pod at all is a failure", async () => {
    const look = await looking();
    for (const pod of cloud.state.deployment(NAMESPACE, NAME).pods) pod.ready = false;
    expect(await look()).toMatchObject({ verdict: "fail", because: "none of its 27 pods is ready" });
  });

  test.each(["list-pods", "list-replicasets", "get-workload"])(
    "%s fails: inconclusive, with the reason",
    async (call) => {
      const look = await looking();
      // Somebody scales it and thinks better of it: another generation, of which the revisions are read anew.
      for (const replicas of [28, 27]) cloud.state.scale(NAMESPACE, NAME, replicas);
      cloud.pass(SECOND);
      cloud.faults.add({ api: "kubernetes", call, kind: "status", status: 503, times: 1 });
      expect(await look()).toMatchObject({
        verdict: "inconclusive",
        value: "unknown",
        because: expect.stringContaining("planned fault 503") as string,
      });
      expect(await look()).toMatchObject({ verdict: "pass" });
    },
  );
});

test("as a step it waits until all pods are ready", async () => {
  const before = await snapshotOf(cloud);
  cloud.state.scale(NAMESPACE, NAME, 30);
  const { outcome } = await runStep(cloud, checkPods, {}, [pusher(before)]);
  expect(outcome).toMatchObject({ kind: "done", results: [{ value: "30/30 pods ready, 0 restarts, 0 crash loops" }] });
});
