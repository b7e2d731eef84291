import type { Server } from "node:https";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import type { Json } from "../../src/model/json.ts";
import type { KubernetesSnapshot, KubernetesTarget } from "../../src/model/service.ts";
import { kubernetesPlatform } from "../../src/platforms/kubernetes.ts";
import { currentRevision, isRolledOut, type WorkloadView } from "../../src/ports/kubernetes-rollout.ts";
import type { Workload } from "../../src/ports/kubernetes.ts";
import { rolloutStatus } from "../../src/steps/rollout-status.ts";
import type { Fact, Finding, RestoreOutcome } from "../../src/steps/step.ts";
import { checkedView } from "../support/checked-view.ts";
import { gkeWorld } from "../support/gke-world.ts";
import { noHelm, type Ran, runStep, snapshotOf } from "../support/kubernetes-steps.ts";
import { EffectLedger, preflightContext, stepContext } from "../support/step-context.ts";
import { CLUSTER, type ControlPlane, findPrograms, startControlPlane } from "./control-plane.ts";
import { registerNodes } from "./kubelet.ts";
import { liveCluster, type LiveCluster, podTemplate } from "./live-cluster.ts";

const OLD = "registry.example/web:1111111";
const NEW = "registry.example/web:2222222";
const LOOKS = 400;

const programs = findPrograms();
const title = "directory" in programs ? "a real control plane" : `SKIPPED, no real control plane: ${programs.missing}`;

describe.skipIf("missing" in programs)(title, () => {
  let plane: ControlPlane;
  let kubelets: Server;
  let cluster: LiveCluster;
  beforeAll(async () => {
    if ("missing" in programs) return;
    plane = await startControlPlane(programs.directory);
    kubelets = await registerNodes(plane);
  });
  afterAll(async () => {
    kubelets?.close();
    kubelets?.closeAllConnections();
    await plane?.stop();
  });
  beforeEach(async () => {
    cluster = await liveCluster(plane);
  });
  afterEach(() => cluster.close());

  const targetOf = (kind: KubernetesTarget["kind"]): KubernetesTarget => ({ ...cluster.target("web"), kind });
  const path = (kind: "StatefulSet" | "DaemonSet") =>
    `/apis/apps/v1/namespaces/${cluster.namespace}/${kind.toLowerCase()}s`;

  async function create(kind: "StatefulSet" | "DaemonSet", updateStrategy: object = {}): Promise<KubernetesTarget> {
    const sized = kind === "StatefulSet" ? { replicas: 3, serviceName: "web" } : {};
    await cluster.api.post(path(kind), {
      apiVersion: "apps/v1",
      kind,
      metadata: { name: "web" },
      spec: { ...sized, updateStrategy, selector: { matchLabels: { app: "web" } }, template: podTemplate("web", OLD) },
    });
    const target = targetOf(kind);
    await until(target, (workload) => workload.replicas.wanted === 3 && isRolledOut(workload));
    return target;
  }

  async function change(kind: "StatefulSet" | "DaemonSet", image: string): Promise<void> {
    const { spec } = podTemplate("web", image);
    await cluster.api.patch(`${path(kind)}/web`, { spec: { template: { spec } } });
  }

  async function until(target: KubernetesTarget, holds: (workload: Workload) => boolean): Promise<WorkloadView> {
    for (let looks = 0; looks < LOOKS; looks++) {
      const seen = await checkedView(cluster.kubernetes, target);
      if (holds(seen.workload)) return seen;
      await cluster.waitUntil(cluster.world.now);
    }
    throw new Error(`it never came to that: ${JSON.stringify(await cluster.kubernetes.workload(target))}`);
  }

  function roll(target: KubernetesTarget, before: KubernetesSnapshot): Promise<Ran> {
    return runStep(cluster, rolloutStatus, {}, [{ name: "web", target, before }]);
  }

  async function restore(target: KubernetesTarget, snapshot: KubernetesSnapshot): Promise<RestoreOutcome> {
    let memo: Json | undefined;
    const ledger = new EffectLedger();
    for (let turns = 0; turns < LOOKS; turns++) {
      const ports = { kubernetes: cluster.kubernetes, helm: noHelm };
      const context = { ...stepContext({ args: {}, world: cluster.world, ports, ledger }), memo };
      const about = { service: "web", target, snapshot, switched: undefined };
      const outcome = await kubernetesPlatform.restore({ ...context, ...about });
      if (outcome.kind !== "waiting") return outcome;
      memo = outcome.memo;
      await cluster.waitUntil(outcome.lookAt);
    }
    throw new Error("the restoration never ended");
  }

  describe.each(["StatefulSet", "DaemonSet"] as const)("a %s", (kind) => {
    test("rolls, and is restored to the template of its recorded ControllerRevision", async () => {
      const target = await create(kind);
      const before = await snapshotOf(cluster, target);
      expect(before).toMatchObject({ images: { main: OLD }, restorable: { possible: true } });
      await change(kind, NEW);
      const { outcome, switched } = await roll(target, before);
      expect(outcome.kind).toBe("done");
      expect(switched).toMatchObject([{ from: before.templateHash, images: [NEW] }]);
      expect(await restore(target, before)).toMatchObject({ kind: "restored", serving: before.templateHash });
    });

    test("is seen by the revision that each of its rolls makes, though lists of revisions are kept", async () => {
      const target = await create(kind);
      const hashes: (string | undefined)[] = [];
      for (const image of [OLD, NEW, OLD, NEW]) {
        await change(kind, image);
        hashes.push(currentRevision(await until(target, isRolledOut))?.templateHash);
      }
      const [old, made] = hashes;
      expect(made).not.toBe(old);
      expect(hashes).toEqual([old, made, old, made]);
    });

    test("whose new pod crashes fails with its reason", async () => {
      const target = await create(kind);
      const before = await snapshotOf(cluster, target);
      cluster.behave(NEW, "crash");
      await change(kind, NEW);
      const { outcome } = await roll(target, before);
      expect(outcome).toMatchObject({
        verdict: "fail",
        because: expect.stringContaining("CrashLoopBackOff") as string,
      });
    });

    test("that is updated OnDelete is refused at preflight", async () => {
      const target = await create(kind, { type: "OnDelete" });
      expect(await preflight(target)).toMatchObject([
        { severity: "error", what: expect.stringContaining("updated OnDelete") as string },
      ]);
    });
  });

  async function preflight(target: KubernetesTarget): Promise<readonly (Finding | Fact)[] | undefined> {
    const args = rolloutStatus.args.parse({});
    const before = await snapshotOf(cluster, target);
    const services = [{ name: "web", target, before }];
    const ports = { kubernetes: cluster.kubernetes };
    return rolloutStatus.preflight?.(preflightContext({ args, world: cluster.world, ports, services }));
  }

  test("a crashing StatefulSet is restored, though its controller waits for the broken pod", async () => {
    const target = await create("StatefulSet");
    const before = await snapshotOf(cluster, target);
    cluster.behave(NEW, "crash");
    await change("StatefulSet", NEW);
    expect((await roll(target, before)).outcome).toMatchObject({ verdict: "fail" });
    expect(await restore(target, before)).toMatchObject({ kind: "restored", serving: before.templateHash });
  });

  test("a partition: done when the pods above it are new", async () => {
    const target = await create("StatefulSet", { rollingUpdate: { partition: 2 } });
    const before = await snapshotOf(cluster, target);
    await change("StatefulSet", NEW);
    const { outcome } = await roll(target, before);
    expect(outcome).toMatchObject({ kind: "done", summary: expect.stringContaining("1/1 updated") as string });
    const pods = await cluster.kubernetes.pods(target);
    expect(pods.filter(({ templateHash }) => templateHash === before.templateHash)).toHaveLength(2);
  });

  test("a quota that refuses the new version's pods is a failure with what to try", async () => {
    await cluster.create({ name: "web", image: OLD, replicas: 3 });
    const target = cluster.target("web");
    const before = await snapshotOf(cluster, target);
    await cluster.api.post(`/api/v1/namespaces/${cluster.namespace}/resourcequotas`, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "pods" },
      spec: { hard: { pods: "3" } },
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await cluster.change("web", { image: NEW });
    await until(target, ({ conditions }) => conditions.some(({ type }) => type === "ReplicaFailure"));
    // A minute passes for the step, not for the cluster: whether the refusal lasts is all that it waits for.
    const later = { ...cluster, world: { now: new Date(Date.now() + 70_000).toISOString() as typeof before.takenAt } };
    const { outcome } = await runStep(later, rolloutStatus, {}, [{ name: "web", target, before }]);
    expect(outcome).toMatchObject({
      verdict: "fail",
      because: expect.stringMatching(/no new pod can be made: .*exceeded quota.*\(try: raise/) as string,
    });
  });

  test("without a context the cluster is found by name, over TLS with its own authority, with a token per request", async () => {
    await cluster.create({ name: "web", image: OLD, replicas: 1 });
    const caCertificate = Buffer.from(plane.ca).toString("base64");
    const endpoint = plane.url.replace("https://", "");
    const gke = await gkeWorld([{ project: "test", location: "here", name: CLUSTER, endpoint, caCertificate }]);
    let tokens = 0;
    const token = async (): Promise<string> => {
      tokens++;
      return plane.token;
    };
    const kubernetes = createKubernetes({ kubeconfig: "/dev/null", gke: { endpoint: gke.endpoint, token } });
    const workload = await kubernetes.workload({ ...cluster.target("web"), location: "here" });
    expect(workload.images).toEqual({ main: OLD });
    await kubernetes.workload({ ...cluster.target("web"), location: "here" });
    expect(tokens).toBe(2);
    gke.close();
  });
});
