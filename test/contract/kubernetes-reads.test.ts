/** What one look at a workload costs, and that what is kept of its revisions is never older than the workload. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KubernetesTarget } from "../../src/model/service.ts";
import { MINUTE, SECOND } from "../../src/model/time.ts";
import { currentRevision, servingHash, type WorkloadView } from "../../src/ports/kubernetes-rollout.ts";
import { viewWorkload } from "../../src/ports/view-workload.ts";
import type { SimulatedDeployment } from "../../src/simulator/kubernetes-model.ts";
import {
  kubernetesWorld,
  type KubernetesWorld,
  NAME,
  NAMESPACE,
  NEW_DIGEST,
  NEW_IMAGE,
  OLD_DIGEST,
  OLD_IMAGE,
  TARGET,
} from "../support/kubernetes-world.ts";
import { seeCalls } from "../support/seen-calls.ts";

const LIST = "list-replicasets";
const signal = new AbortController().signal;

let cloud: KubernetesWorld;
let calls: Map<string, number>;
beforeEach(async () => {
  cloud = await kubernetesWorld({ replicas: 3, graceMs: 1_000, startupMs: 1_000 });
  calls = new Map();
  seeCalls(cloud.faults, (_api, call) => calls.set(call, (calls.get(call) ?? 0) + 1));
});
afterEach(() => cloud.close());

function look(target: KubernetesTarget = TARGET): Promise<WorkloadView> {
  return viewWorkload(cloud.kubernetes, target, signal);
}

/** How often the act makes that call. */
async function costOf(call: string, act: () => Promise<unknown>): Promise<number> {
  const before = calls.get(call) ?? 0;
  await act();
  return (calls.get(call) ?? 0) - before;
}

async function currentHash(): Promise<string | undefined> {
  return currentRevision(await look())?.templateHash;
}

const roll = (image: string, digest: string): string => cloud.state.rollout(NAMESPACE, NAME, { image, digest });
const deployment = (): SimulatedDeployment => cloud.state.deployment(NAMESPACE, NAME);

describe("a deployment", () => {
  test("that does not change has its revisions listed once, whatever its pods do", async () => {
    const first = await look();
    for (const pod of deployment().pods) pod.ready = false;
    const second = await look();
    expect(second.revisions).toEqual(first.revisions);
    expect(second.workload.replicas.ready).toBe(0);
    // The first look needs the selector before it can list pods.
    expect(Object.fromEntries(calls)).toEqual({ "get-workload": 3, "list-pods": 2, [LIST]: 1 });
  });

  test("of another generation has them listed anew, and of one not yet observed at every look", async () => {
    await look();
    const hash = roll(NEW_IMAGE, NEW_DIGEST);
    expect(await costOf(LIST, look)).toBe(1);
    expect(await costOf(LIST, async () => expect(await currentHash()).toBeUndefined())).toBe(1);
    cloud.pass(SECOND / 2);
    expect(await costOf(LIST, async () => expect(await currentHash()).toBe(hash))).toBe(1);
    cloud.pass(MINUTE);
    expect(await costOf(LIST, async () => expect(servingHash(await look())).toBe(hash))).toBe(0);
  });

  test("that is put back to an old template serves it as its newest revision", async () => {
    const old = await currentHash();
    roll(NEW_IMAGE, NEW_DIGEST);
    cloud.pass(MINUTE);
    await look();
    roll(OLD_IMAGE, OLD_DIGEST);
    cloud.pass(MINUTE);
    const seen = await look();
    expect(currentRevision(seen)).toMatchObject({ revision: "14", templateHash: old });
    expect(seen.revisions.map(({ revision }) => revision)).toEqual(["13", "14"]);
    expect(servingHash(seen)).toBe(old);
  });

  // A sync that only scales observes the generation; the next numbers the old ReplicaSet anew; the one after names the number.
  test("whose controller names the new revision only some time after it has observed the generation", async () => {
    const old = await currentHash();
    const bad = roll(NEW_IMAGE, NEW_DIGEST);
    cloud.pass(MINUTE);
    roll(OLD_IMAGE, OLD_DIGEST);
    cloud.pass(MINUTE);
    const seen: (string | undefined)[] = [];
    for (const [numbered, named] of [
      [12, 13],
      [14, 13],
      [14, 14],
    ] as const) {
      Object.assign(deployment().replicaSets[0] ?? {}, { revision: numbered });
      Object.assign(deployment(), { revision: named });
      seen.push(await currentHash());
    }
    expect(seen).toEqual([bad, bad, old]);
  });

  test("whose revision is not in the list has none that is known, and the list is not kept", async () => {
    await look();
    deployment().revision = 99;
    expect(await currentHash()).toBeUndefined();
    expect(await costOf(LIST, look)).toBe(1);
  });

  test("that was deleted and made again is seen at once, though all its numbers are the same", async () => {
    const before = await look();
    const { options } = deployment();
    cloud.state.deployments.length = 0;
    const made = cloud.state.addDeployment({ ...options, image: NEW_IMAGE, digest: NEW_DIGEST });
    Object.assign(made, { uid: "another-deployment" });
    const after = await look();
    expect(after.workload).toMatchObject({ generation: before.workload.generation, revision: "12" });
    expect(currentRevision(after)?.templateHash).toBe(made.replicaSets[0]?.hash);
    expect(servingHash(after)).not.toBe(servingHash(before));
  });

  test("that was touched by an effect, whatever came of it, has its revisions listed anew", async () => {
    const { kubernetes } = cloud;
    const { workload, pods } = await look();
    await expect(
      kubernetes.restoreTemplate(TARGET, { resourceVersion: "1", revision: "12", images: {} }),
    ).rejects.toMatchObject({ kind: "conflict" });
    expect(await costOf(LIST, look)).toBe(1);
    // The simulated cluster deletes no pods.
    const [{ name, uid } = { name: "", uid: "" }] = pods;
    await expect(kubernetes.deletePod(TARGET, { name, uid })).rejects.toThrow("does not allow DELETE");
    expect(await costOf(LIST, look)).toBe(1);
    const { resourceVersion } = workload;
    await kubernetes.restoreTemplate(TARGET, { resourceVersion, revision: "12", images: { pusher: NEW_IMAGE } });
    cloud.pass(MINUTE);
    expect((await look()).revisions.at(-1)?.images).toEqual({ pusher: NEW_IMAGE });
  });

  test("keeps its revisions beside another's", async () => {
    const other = { ...TARGET, name: "other" };
    const { options } = deployment();
    cloud.state.addDeployment({ ...options, name: "other", selector: { app: "other" }, revision: 3 });
    await look();
    expect((await look(other)).revisions.map(({ revision }) => revision)).toEqual(["3"]);
    expect((await look()).revisions.map(({ revision }) => revision)).toEqual(["12"]);
    expect(calls.get(LIST)).toBe(2);
  });
});

describe.each(["StatefulSet", "DaemonSet"] as const)("a %s", (kind) => {
  const labels = { app: "store" };
  const target: KubernetesTarget = { ...TARGET, kind, name: "store" };
  const set = (): { metadata: { generation: number }; status: Record<string, unknown> } =>
    cloud.state.objects.get(`${kind.toLowerCase()}s`)?.[0] as never;

  function addRevision(revision: number): void {
    cloud.state.addObject("controllerrevisions", {
      metadata: {
        namespace: NAMESPACE,
        name: `store-${revision}`,
        labels: { ...labels, "controller-revision-hash": `${revision}` },
        creationTimestamp: "2026-04-01T00:00:00Z",
        ownerReferences: [{ apiVersion: "apps/v1", kind, name: "store", uid: "set-1", controller: true }],
      },
      revision,
      data: { spec: { template: { spec: { containers: [{ name: "redis", image: `redis:${revision}` }] } } } },
    });
  }

  beforeEach(() => {
    const template = { metadata: { labels }, spec: { containers: [{ name: "redis", image: "redis:1" }] } };
    cloud.state.addObject(`${kind.toLowerCase()}s`, {
      metadata: { namespace: NAMESPACE, name: "store", uid: "set-1", generation: 1, resourceVersion: "7" },
      spec: { replicas: 0, selector: { matchLabels: labels }, template, updateStrategy: { type: "RollingUpdate" } },
      status: { observedGeneration: 1, currentRevision: "store-1", updateRevision: "store-1" },
    });
    addRevision(1);
  });

  test("has its revisions listed once for each generation, and its pods once for each look", async () => {
    await look(target);
    expect(currentRevision(await look(target))?.images).toEqual({ redis: "redis:1" });
    expect(Object.fromEntries(calls)).toEqual({ "get-workload": 3, "list-pods": 2, "list-controllerrevisions": 1 });
    set().metadata.generation = 2;
    addRevision(2);
    expect(currentRevision(await look(target))).toBeUndefined();
    Object.assign(set().status, { observedGeneration: 2, updateRevision: "store-2" });
    expect(currentRevision(await look(target))?.images).toEqual({ redis: "redis:2" });
    expect(await costOf("list-controllerrevisions", () => look(target))).toBe(0);
  });
});
