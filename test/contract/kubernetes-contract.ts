/** What our Kubernetes adapter, steps and restoration rely on, demanded alike of the simulated cluster and of a real control plane. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PortFailure } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { KubernetesSnapshot, ServiceSwitch } from "../../src/model/service.ts";
import { plusMs, SECOND } from "../../src/model/time.ts";
import { kubernetesPlatform } from "../../src/platforms/kubernetes.ts";
import { currentRevision, isRolledOut, livePods, type WorkloadView } from "../../src/ports/kubernetes-rollout.ts";
import { checkPods } from "../../src/steps/check-pods.ts";
import { rolloutStatus } from "../../src/steps/rollout-status.ts";
import type { RestoreOutcome, StepService } from "../../src/steps/step.ts";
import { checkedView } from "../support/checked-view.ts";
import { looker, noHelm, type Ran, runStep, snapshotOf } from "../support/kubernetes-steps.ts";
import { EffectLedger, preflightContext, stepContext } from "../support/step-context.ts";
import type { ContractCluster } from "./kubernetes-cluster.ts";

const OLD = "registry.example/web:1111111";
const NEW = "registry.example/web:2222222";
const BAD = "registry.example/web:3333333";
const REPLICAS = 3;

export function kubernetesContract(open: () => Promise<ContractCluster>): void {
  let cluster: ContractCluster;
  beforeEach(async () => {
    cluster = await open();
  });
  afterEach(() => cluster.close());

  const target = (name = "web") => cluster.target(name);
  const create = (
    more: { progressDeadlineSeconds?: number; image?: string; annotations?: Record<string, string> } = {},
  ) => cluster.create({ name: "web", image: OLD, replicas: REPLICAS, ...more });
  const service = (before: KubernetesSnapshot, switched?: ServiceSwitch): StepService => ({
    name: "web",
    target: target(),
    before,
    ...(switched === undefined ? {} : { switched }),
  });

  const view = (): Promise<WorkloadView> => checkedView(cluster.kubernetes, target());

  /** Lets the cluster live in steps of a second until it looks so. */
  async function until(holds: (seen: WorkloadView) => boolean): Promise<WorkloadView> {
    for (let looks = 0; looks < 300; looks++) {
      const seen = await view();
      if (holds(seen)) return seen;
      await cluster.waitUntil(plusMs(cluster.world.now, SECOND));
    }
    throw new Error(`it never came to that: ${JSON.stringify((await view()).workload)}`);
  }

  const complete = () => until((seen) => isRolledOut(seen.workload) && currentRevision(seen) !== undefined);

  async function roll(before: KubernetesSnapshot, image = NEW): Promise<Ran> {
    await cluster.change("web", { image });
    return runStep(cluster, rolloutStatus, {}, [service(before)]);
  }

  async function restore(snapshot: KubernetesSnapshot, switched?: ServiceSwitch): Promise<RestoreOutcome> {
    let memo: Json | undefined;
    const ledger = new EffectLedger();
    for (let turns = 0; turns < 300; turns++) {
      const ports = { kubernetes: cluster.kubernetes, helm: noHelm };
      const { run, effect, signal, now, ...rest } = stepContext({ args: {}, world: cluster.world, ports, ledger });
      const common = { run, effect, signal, now, ports: rest.ports, memo };
      const outcome = await kubernetesPlatform.restore({
        ...common,
        service: "web",
        target: target(),
        snapshot,
        switched,
      });
      if (outcome.kind !== "waiting") return outcome;
      memo = outcome.memo;
      await cluster.waitUntil(outcome.lookAt);
    }
    throw new Error("the restoration never ended");
  }

  describe("reading", () => {
    test("a deployment at rest", async () => {
      await create();
      const { workload, revisions, pods } = await view();
      expect(workload).toMatchObject({
        revision: "1",
        paused: false,
        replicas: { wanted: 3, updated: 3, total: 3, ready: 3, available: 3 },
        maxSurge: "1",
        maxUnavailable: "0",
        progressDeadlineSeconds: 600,
        selector: "app=web",
        images: { main: OLD },
        manager: "plain",
      });
      expect(workload.observedGeneration).toBe(workload.generation);
      expect(workload.conditions).toContainEqual(
        expect.objectContaining({ type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" }),
      );
      expect(workload.conditions).toContainEqual(
        expect.objectContaining({ type: "Available", status: "True", reason: "MinimumReplicasAvailable" }),
      );
      expect(revisions).toMatchObject([{ revision: "1", images: { main: OLD } }]);
      expect(pods.map(({ templateHash }) => templateHash)).toEqual(Array(3).fill(revisions[0]?.templateHash));
      expect(pods.every(({ ready, containers }) => ready && containers[0]?.digest !== undefined)).toBe(true);
    });

    test("a change raises the generation at once, and the controller observes it a moment later", async () => {
      await create();
      const before = await cluster.kubernetes.workload(target());
      await cluster.change("web", { image: NEW });
      expect((await cluster.kubernetes.workload(target())).generation).toBe(before.generation + 1);
      const { workload } = await until((seen) => seen.workload.observedGeneration === before.generation + 1);
      expect(workload.revision).toBe("2");
    });

    test("a change that changes nothing makes no generation", async () => {
      await create();
      const { generation } = await cluster.kubernetes.workload(target());
      await cluster.change("web", { image: OLD });
      expect((await cluster.kubernetes.workload(target())).generation).toBe(generation);
    });
  });

  describe("a roll", () => {
    test("is done when every pod is new, and never has fewer available than wanted", async () => {
      await create();
      const before = await snapshotOf(cluster, target());
      const { outcome, switched, waits } = await roll(before);
      expect(outcome.kind).toBe("done");
      const { revisions, pods, workload } = await view();
      expect(switched).toMatchObject([
        { from: before.templateHash, to: revisions.at(-1)?.templateHash, images: [NEW] },
      ]);
      expect(waits.filter((text) => text.includes(" available,")).every((text) => /[34] available/.test(text))).toBe(
        true,
      );
      expect(revisions.map(({ revision }) => revision)).toEqual(["1", "2"]);
      expect(workload.conditions.find(({ type }) => type === "Progressing")?.reason).toBe("NewReplicaSetAvailable");
      const live = livePods({ workload, revisions, pods });
      expect(live.map(({ templateHash }) => templateHash)).toEqual(Array(3).fill(revisions[1]?.templateHash));
    });

    test("and the way back are seen by the revision that each makes, though lists of revisions are kept", async () => {
      await create();
      const hashes: (string | undefined)[] = [];
      for (const image of [OLD, NEW, OLD, NEW]) {
        await cluster.change("web", { image });
        hashes.push(currentRevision(await complete())?.templateHash);
      }
      const [old, made] = hashes;
      expect(made).not.toBe(old);
      expect(hashes).toEqual([old, made, old, made]);
    });

    test("follows an autoscaler that wants more in the middle", async () => {
      await create();
      const before = await snapshotOf(cluster, target());
      await cluster.change("web", { image: NEW });
      await until(({ workload }) => workload.replicas.updated === 1);
      await cluster.change("web", { replicas: 5 });
      const { outcome } = await runStep(cluster, rolloutStatus, {}, [service(before)]);
      expect(outcome).toMatchObject({ kind: "done", summary: "web: 5/5 updated, 5 available, wave of 1" });
    });

    test("of a paused deployment is refused at preflight and never happens", async () => {
      await create();
      await cluster.change("web", { paused: true });
      const before = await snapshotOf(cluster, target());
      await until(({ workload }) => workload.paused && workload.observedGeneration === workload.generation);
      const ports = { kubernetes: cluster.kubernetes };
      const findings = await rolloutStatus.preflight?.(
        preflightContext({
          args: rolloutStatus.args.parse({}),
          world: cluster.world,
          ports,
          services: [service(before)],
        }),
      );
      expect(findings).toMatchObject([{ severity: "error", what: expect.stringContaining("is paused") as string }]);
      await cluster.change("web", { image: NEW });
      for (let moment = 0; moment < 10; moment++) await cluster.waitUntil(plusMs(cluster.world.now, SECOND));
      expect((await view()).revisions).toHaveLength(1);
    });

    test("that did not happen is a silent no-op", async () => {
      await create();
      const before = await snapshotOf(cluster, target());
      await cluster.change("web", { image: OLD });
      const { outcome } = await runStep(cluster, rolloutStatus, { "appear-within": "1s" }, [service(before)]);
      expect(outcome).toMatchObject({ kind: "refused", because: expect.stringContaining("a silent no-op") as string });
    });
  });

  describe("a bad version", () => {
    test("that crashes ends the wait with its reason and last words, while the old pods serve", async () => {
      await create();
      const before = await snapshotOf(cluster, target());
      cluster.behave(NEW, "crash");
      const { outcome } = await roll(before);
      expect(outcome).toMatchObject({
        kind: "refused",
        verdict: "fail",
        because: expect.stringMatching(/CrashLoopBackOff, .*last exit 1 \(Error\): ImportError/) as string,
      });
      const { pods } = await view();
      expect(pods.filter(({ ready, templateHash }) => ready && templateHash === before.templateHash)).toHaveLength(3);
    });

    test("that never becomes ready passes the progress deadline, and is still only rolling", async () => {
      await create({ progressDeadlineSeconds: 3 });
      cluster.behave(NEW, "never-ready");
      await cluster.change("web", { image: NEW });
      const { workload } = await until((seen) =>
        seen.workload.conditions.some(({ reason }) => reason === "ProgressDeadlineExceeded"),
      );
      expect(workload.conditions).toContainEqual(
        expect.objectContaining({ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }),
      );
      expect(workload.replicas).toEqual({ wanted: 3, updated: 1, total: 4, ready: 3, available: 3 });
    });

    test.each([
      ["image-pull", /^(ErrImagePull|ImagePullBackOff)$/],
      ["config-error", /^CreateContainerConfigError$/],
    ] as const)("%s shows as its pod's waiting reason", async (behaviour, reason) => {
      await create();
      cluster.behave(NEW, behaviour);
      await cluster.change("web", { image: NEW });
      await until(({ pods }) => pods.some(({ containers }) => reason.test(containers[0]?.waiting?.reason ?? "")));
    });

    test("that finds no node is pending, and no container says anything", async () => {
      await create();
      cluster.behave(NEW, "unschedulable");
      await cluster.change("web", { image: NEW });
      const { pods } = await until((seen) => seen.pods.some(({ unschedulable }) => unschedulable !== undefined));
      const pending = pods.find(({ unschedulable }) => unschedulable !== undefined);
      expect(pending).toMatchObject({ phase: "Pending", ready: false, containers: [] });
    });
  });

  describe("check-pods", () => {
    test("passes a complete roll, and fails one whose pods crash", async () => {
      await create();
      const before = await snapshotOf(cluster, target());
      const { switched } = await roll(before);
      const [change] = switched;
      const look = looker(cluster, checkPods, [service(before, change)]);
      expect(await look()).toMatchObject([{ verdict: "pass", value: "3/3 pods ready, 0 restarts, 0 crash loops" }]);

      cluster.behave(BAD, "crash");
      await cluster.change("web", { image: BAD });
      const seen = await until(({ pods }) =>
        pods.some((pod) => pod.containers[0]?.waiting?.reason === "CrashLoopBackOff"),
      );
      const hash = currentRevision(seen)?.templateHash ?? "";
      const bad = {
        service: "web",
        at: cluster.world.now,
        from: "",
        to: hash,
        rolloutStartedAt: before.takenAt,
        images: [],
      };
      expect(await looker(cluster, checkPods, [service(before, bad)])()).toMatchObject([
        { verdict: "fail", platformFailure: true, because: expect.stringContaining("CrashLoopBackOff") as string },
      ]);
    });
  });

  describe("a restoration", () => {
    test("puts the recorded template back under its old hash and a new revision, and only its pods run", async () => {
      await create();
      const before = await snapshotOf(cluster, target());
      cluster.behave(NEW, "crash");
      const { outcome } = await roll(before);
      expect(outcome.kind).toBe("refused");
      expect(await restore(before)).toMatchObject({ kind: "restored", serving: before.templateHash });
      const { workload, revisions } = await complete();
      expect(workload).toMatchObject({ revision: "3", images: { main: OLD } });
      expect(revisions.map(({ revision }) => revision)).toEqual(["2", "3"]);
    });

    test("keeps the number of pods that an autoscaler has set since", async () => {
      await create();
      const before = await snapshotOf(cluster, target());
      const { switched } = await roll(before);
      await cluster.change("web", { replicas: 4 });
      await complete();
      expect(await restore(before, switched[0])).toMatchObject({ kind: "restored" });
      expect((await view()).workload.replicas.wanted).toBe(4);
    });

    test("names the digest where the tag has moved, and says so", async () => {
      const latest = "registry.example/web:latest";
      await create({ image: latest });
      const before = await snapshotOf(cluster, target());
      cluster.moveTag(latest, `sha256:${"e".repeat(64)}`);
      const { switched } = await roll(before);
      const outcome = await restore(before, switched[0]);
      const remark = expect.stringContaining("runs by digest") as string;
      expect(outcome).toMatchObject({ kind: "restored", remarks: expect.arrayContaining([remark]) as string[] });
      expect((await view()).workload.images["main"]).toBe(`registry.example/web@${before.digests["main"]?.[0]}`);
    });

    test("is a conflict when somebody else changed the workload meanwhile, and changes nothing", async () => {
      await create();
      const { workload, revisions } = await view();
      const { resourceVersion } = workload;
      await cluster.change("web", { image: NEW });
      const request = { resourceVersion, revision: "1", templateHash: revisions[0]?.templateHash ?? "", images: {} };
      const failure: unknown = await cluster.kubernetes
        .restoreTemplate(target(), request)
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(PortFailure);
      expect(failure).toMatchObject({ kind: "conflict", applied: "no" });
      expect((await view()).workload.images).toEqual({ main: NEW });
    });

    test("of a revision that is not kept any more is not-found", async () => {
      await create();
      const { resourceVersion } = await cluster.kubernetes.workload(target());
      await expect(
        cluster.kubernetes.restoreTemplate(target(), { resourceVersion, revision: "9", images: {} }),
      ).rejects.toMatchObject({ kind: "not-found" });
    });

    test.each([
      ["argocd.argoproj.io/tracking-id", "web:apps/Deployment:x/web"],
      ["configmanagement.gke.io/managed", "enabled"],
    ])("is impossible where GitOps would revert it: %s", async (annotation, value) => {
      await create({ annotations: { [annotation]: value } });
      expect((await snapshotOf(cluster, target())).restorable).toMatchObject({ possible: false });
    });
  });
}
