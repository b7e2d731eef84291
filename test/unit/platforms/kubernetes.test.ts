import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PortFailure } from "../../../src/model/error.ts";
import type { Json } from "../../../src/model/json.ts";
import type { KubernetesSnapshot, ServiceSwitch } from "../../../src/model/service.ts";
import { MINUTE, SECOND } from "../../../src/model/time.ts";
import { kubernetesPlatform } from "../../../src/platforms/kubernetes.ts";
import { movingImages } from "../../../src/platforms/kubernetes-restore.ts";
import type { Helm } from "../../../src/ports/helm.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import type { DeploymentOptions } from "../../../src/simulator/kubernetes-model.ts";
import type { RestoreOutcome } from "../../../src/steps/step.ts";
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
} from "../../support/kubernetes-world.ts";
import { EffectLedger, stepContext } from "../../support/step-context.ts";

const LATEST = "gcr.io/based-hardware/backend:latest";
const signal = new AbortController().signal;
const noHelm: Helm = {
  version: async () => undefined,
  history: async () => [],
  rollback: async () => undefined,
};

let cloud: KubernetesWorld;
let opened: KubernetesWorld | undefined;
let ledger: EffectLedger;
let helm: Helm;
beforeEach(() => {
  ledger = new EffectLedger();
  helm = noHelm;
  opened = undefined;
});
afterEach(() => opened?.close());

async function start(options: Partial<DeploymentOptions> = {}): Promise<void> {
  cloud = opened = await kubernetesWorld({ replicas: 4, graceMs: 10_000, ...options });
}

function ports(): Ports {
  return stepContext({ args: {}, world: cloud.world, ports: { kubernetes: cloud.kubernetes, helm } }).ports;
}

function capture(): Promise<KubernetesSnapshot> {
  return kubernetesPlatform.capture(TARGET, ports(), cloud.world.now, signal);
}

function serving(): Promise<string> {
  return kubernetesPlatform.serving(TARGET, ports(), signal);
}

/** Turns until it is no longer waiting; the world moves by a turn's look-at, as the crank does. */
async function restore(snapshot: KubernetesSnapshot, to?: string): Promise<RestoreOutcome> {
  let memo: Json | undefined;
  for (let turns = 0; turns < 500; turns++) {
    const outcome = await restoreTurn(snapshot, memo, to);
    if (outcome.kind !== "waiting") return outcome;
    memo = outcome.memo;
    cloud.world.advanceTo(outcome.lookAt);
  }
  throw new Error("the restoration never ended");
}

function restoreTurn(snapshot: KubernetesSnapshot, memo: Json | undefined, to?: string): Promise<RestoreOutcome> {
  const { now } = cloud.world;
  const switched: ServiceSwitch | undefined =
    to === undefined ? undefined : { service: "pusher", at: now, from: "a", to, rolloutStartedAt: now, images: [] };
  const context = stepContext({ args: {}, world: cloud.world, ports: { kubernetes: cloud.kubernetes, helm }, ledger });
  const { run, effect } = context;
  return kubernetesPlatform.restore({
    run,
    service: "pusher",
    target: TARGET,
    snapshot,
    switched,
    now,
    memo,
    ports: ports(),
    signal,
    effect,
  });
}

test.each([
  [{ a: "gcr.io/p/a:latest" }, ["a"]],
  [{ a: "gcr.io/p/a" }, ["a"]],
  [{ a: "localhost:5000/p/a" }, ["a"]],
  [{ a: "gcr.io/p/a:3fabf10", b: "b:main" }, ["b"]],
  [{ a: `gcr.io/p/a:latest@${OLD_DIGEST}` }, []],
  [{ a: "gcr.io/p/a:v1.2.3" }, []],
])("moving tags of %j are %j", (images, moving) => {
  expect(movingImages(images)).toEqual(moving);
});

describe("capture and serving", () => {
  test("the revision, the template's hash, images, digests, and how it would be restored", async () => {
    await start();
    const snapshot = await capture();
    expect(snapshot).toMatchObject({
      revision: "12",
      images: { pusher: OLD_IMAGE },
      digests: { pusher: [OLD_DIGEST] },
      replicas: { wanted: 4, ready: 4 },
      manager: "plain",
      commit: "3fabf10",
      restorable: { possible: true, how: "the pod template of revision 12, guarded by its resourceVersion" },
    });
    expect(await serving()).toBe(kubernetesPlatform.versionOf(snapshot));
  });

  test("a roll under way serves a mixture, and cannot be a rollback's target", async () => {
    await start();
    const before = await serving();
    const hash = cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    expect(await serving()).toBe("mixed");
    cloud.pass(20 * SECOND);
    expect(await serving()).toBe("mixed");
    const snapshot = await capture();
    expect(snapshot.templateHash).toBeUndefined();
    expect(snapshot.restorable).toMatchObject({ possible: false });
    cloud.pass(10 * MINUTE);
    expect(await serving()).toBe(hash);
    expect(hash).not.toBe(before);
  });

  test.each([
    ["argocd.argoproj.io/tracking-id", "x", "argo-cd", "Argo CD applies it from Git"],
    ["kustomize.toolkit.fluxcd.io/name", "x", "flux", "Flux applies it from Git"],
    ["configmanagement.gke.io/managed", "enabled", "config-sync", "Config Sync applies it from Git"],
  ])("%s: not restorable from here", async (annotation, value, manager, because) => {
    await start({ annotations: { [annotation]: value }, helmRelease: "pusher" });
    const snapshot = await capture();
    expect(snapshot.manager).toBe(manager);
    expect(snapshot.restorable).toMatchObject({ possible: false, because: expect.stringContaining(because) as string });
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(10 * MINUTE);
    expect(await restore(snapshot)).toMatchObject({ kind: "refused" });
    expect(cloud.state.patches).toHaveLength(0);
  });

  test("what an operator makes is not restorable from here, and the object from which it makes it is named", async () => {
    await start({ owner: { kind: "Kafka", name: "main" }, helmRelease: "pusher" });
    expect(await capture()).toMatchObject({
      manager: "operator",
      restorable: {
        possible: false,
        because: expect.stringContaining("the operator of Kafka main makes it") as string,
      },
    });
  });

  test("what Config Sync is told to leave alone is restorable", async () => {
    await start({ annotations: { "configmanagement.gke.io/managed": "disabled" } });
    expect(await capture()).toMatchObject({ manager: "plain", restorable: { possible: true } });
  });

  test("Helm: the deployed revision is recorded; without helm the drift is announced", async () => {
    await start({ helmRelease: "prod-omi-pusher" });
    expect((await capture()).restorable).toMatchObject({
      how: expect.stringContaining("there is no helm here") as string,
    });
    helm = { ...noHelm, version: async () => "v4.2.4", history: async () => history(6, 7) };
    expect(await capture()).toMatchObject({
      releaseRevision: 7,
      restorable: { possible: true, how: "helm rollback prod-omi-pusher 7" },
    });
  });
});

function history(...revisions: number[]): { revision: number; status: string; updatedAt: string }[] {
  return revisions.map((revision, index) => ({
    revision,
    status: index === revisions.length - 1 ? "deployed" : "superseded",
    updatedAt: "2026-04-12T00:00:00Z",
  }));
}

describe("restore", () => {
  test("the recorded template runs again, verified, with one patch", async () => {
    await start();
    const snapshot = await capture();
    const hash = cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(10 * MINUTE);
    expect(await restore(snapshot, hash)).toMatchObject({ kind: "restored", serving: snapshot.templateHash });
    expect(cloud.state.patches).toHaveLength(1);
    expect(await serving()).toBe(snapshot.templateHash);
  });

  test("a crash-looping roll that never completed is put back", async () => {
    await start();
    const snapshot = await capture();
    cloud.state.rollout(NAMESPACE, NAME, {
      image: NEW_IMAGE,
      digest: NEW_DIGEST,
      behaviour: { kind: "crash", afterMs: 2_000, reason: "Error" },
    });
    cloud.pass(3 * MINUTE);
    expect(await restore(snapshot)).toMatchObject({ kind: "restored", serving: snapshot.templateHash });
  });

  test("what still runs as before is not touched", async () => {
    await start();
    expect(await restore(await capture())).toMatchObject({ kind: "restored" });
    expect(cloud.state.patches).toHaveLength(0);
  });

  test("a moving tag comes back by digest, not by its name", async () => {
    await start({ image: LATEST });
    const snapshot = await capture();
    expect(snapshot.restorable).toMatchObject({ how: expect.stringContaining("by digest") as string });
    const hash = cloud.state.rollout(NAMESPACE, NAME, { digest: NEW_DIGEST, restartOnly: true });
    cloud.pass(10 * MINUTE);
    const outcome = await restore(snapshot, hash);
    expect(outcome).toMatchObject({
      kind: "restored",
      remarks: expect.arrayContaining([expect.stringContaining(`@${OLD_DIGEST}`)]) as string[],
    });
    expect((await capture()).digests).toEqual({ pusher: [OLD_DIGEST] });
    expect((await restore(snapshot, hash)).kind).toBe("restored");
    expect(cloud.state.patches).toHaveLength(1);
  });

  test("a tag that nobody suspected has moved: noticed by the digests, then restored by digest", async () => {
    await start();
    const snapshot = await capture();
    const hash = cloud.state.rollout(NAMESPACE, NAME, { digest: NEW_DIGEST, restartOnly: true });
    cloud.pass(10 * MINUTE);
    expect(await restore(snapshot, hash)).toMatchObject({ kind: "restored" });
    expect((await capture()).digests).toEqual({ pusher: [OLD_DIGEST] });
    expect([...ledger.acts.keys()]).toEqual(["template", "template-by-digest"]);
  });

  test("somebody else's deploy is left alone", async () => {
    await start();
    const snapshot = await capture();
    const ours = cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(10 * MINUTE);
    cloud.state.rollout(NAMESPACE, NAME, {
      image: "gcr.io/based-hardware/pusher:fffffff",
      digest: `sha256:${"c".repeat(64)}`,
    });
    cloud.pass(10 * MINUTE);
    expect(await restore(snapshot, ours)).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("neither what this run deployed") as string,
    });
    expect(cloud.state.patches).toHaveLength(0);
  });

  test("a patch whose answer was lost is found again, not repeated", async () => {
    await start();
    const snapshot = await capture();
    const hash = cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(10 * MINUTE);
    cloud.faults.add({ api: "kubernetes", call: "patch-workload", kind: "applied", status: 504, times: 1 });
    await expect(restoreTurn(snapshot, undefined, hash)).rejects.toBeInstanceOf(PortFailure);
    cloud.pass(5 * SECOND);
    expect(await restore(snapshot, hash)).toMatchObject({ kind: "restored" });
    expect(cloud.state.patches).toHaveLength(1);
  });

  test("Helm rolls back to the revision that was deployed, and the pods are verified", async () => {
    await start({ helmRelease: "prod-omi-pusher" });
    const asked: unknown[] = [];
    helm = {
      version: async () => "v4.2.4",
      history: async () => history(6, 7),
      rollback: async (...args) => {
        asked.push(args);
        cloud.state.rollout(NAMESPACE, NAME, { image: OLD_IMAGE });
      },
    };
    const snapshot = await capture();
    const hash = cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(10 * MINUTE);
    expect(await restore(snapshot, hash)).toMatchObject({ kind: "restored", serving: snapshot.templateHash });
    expect(asked).toEqual([[TARGET, "prod-omi-pusher", 7]]);
    expect(cloud.state.patches).toHaveLength(0);
  });

  test("without helm the template is patched, and the drift is said", async () => {
    await start({ helmRelease: "prod-omi-pusher" });
    const snapshot = await capture();
    const hash = cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(10 * MINUTE);
    const outcome = await restore(snapshot, hash);
    expect(outcome).toMatchObject({
      kind: "restored",
      remarks: expect.arrayContaining([expect.stringContaining("Helm was not told")]) as string[],
    });
  });

  test("old pods that do not come up again end in a refusal, after their time", async () => {
    await start();
    const snapshot = await capture();
    const hash = cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(10 * MINUTE);
    cloud.state.deployment(NAMESPACE, NAME).behaviours.set(snapshot.templateHash ?? "", { kind: "never-ready" });
    expect(await restore(snapshot, hash)).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("not restored within its time") as string,
    });
  });
});
