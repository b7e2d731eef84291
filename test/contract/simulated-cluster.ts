/** The simulated cluster behind the Kubernetes contract: time passes in steps, nothing is waited for. */
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import { type Instant, instant, plusMs } from "../../src/model/time.ts";
import { Faults } from "../../src/simulator/faults.ts";
import type { PodBehaviour as Simulated } from "../../src/simulator/kubernetes-model.ts";
import { startKubernetesServer } from "../../src/simulator/kubernetes-server.ts";
import { KubernetesState } from "../../src/simulator/kubernetes-state.ts";
import { World } from "../../src/simulator/world.ts";
import type { ContractCluster, PodBehaviour } from "./kubernetes-cluster.ts";

const PLACE = { project: "test", location: "here", cluster: "live", namespace: "contract" } as const;
const BEHAVIOURS: Readonly<Record<PodBehaviour, Simulated>> = {
  healthy: { kind: "healthy" },
  crash: { kind: "crash", afterMs: 500, reason: "Error", log: ["ImportError: cannot import name 'x'"] },
  "image-pull": { kind: "image-pull-error" },
  "config-error": { kind: "config-error" },
  "never-ready": { kind: "never-ready" },
  unschedulable: { kind: "unschedulable" },
};

export async function simulatedCluster(): Promise<ContractCluster> {
  const world = new World({ now: instant("2026-04-12T04:00:00Z"), seed: 1 });
  const state = new KubernetesState(world);
  const server = await startKubernetesServer(state, new Faults());
  const behaviours = new Map<string, PodBehaviour>();
  const pass = async (at: Instant): Promise<void> => world.advanceTo(at);
  return {
    kubernetes: createKubernetes({ server: server.url }),
    world,
    target: (name) => ({ platform: "kubernetes", ...PLACE, kind: "Deployment", name }),
    async create({ name, image, replicas, ...rest }) {
      const fixed = { container: "main", selector: { app: name }, maxSurge: 1, maxUnavailable: 0 };
      const times = { startupMs: 1_000, graceMs: 1_000, since: world.now };
      state.addDeployment({ ...PLACE, ...fixed, ...times, name, image, digest: digestOf(image), replicas, ...rest });
      await pass(plusMs(world.now, 60_000));
    },
    async change(name, { image, replicas, paused }) {
      const deployment = state.deployment(PLACE.namespace, name);
      if (paused !== undefined) state.changeSpec(deployment, { paused });
      if (replicas !== undefined) state.scale(PLACE.namespace, name, replicas);
      if (image === undefined) return;
      const digest = state.registry.resolve(image) ?? digestOf(image);
      const behaviour = BEHAVIOURS[behaviours.get(image) ?? "healthy"];
      state.rollout(PLACE.namespace, name, { image, digest, behaviour });
    },
    behave: (image, behaviour) => void behaviours.set(image, behaviour),
    moveTag: (image, digest) => state.registry.setDigest(image, digest),
    waitUntil: pass,
    close: () => server.close(),
  };
}

/** Any digest that belongs to the text alone. */
function digestOf(text: string): string {
  return `sha256:${Buffer.from(text).toString("hex").padEnd(64, "0").slice(-64)}`;
}
