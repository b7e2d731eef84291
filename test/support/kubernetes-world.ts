/** A simulated cluster with one deployment, served on loopback, and the real adapter connected to it. */
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import type { KubernetesTarget } from "../../src/model/service.ts";
import { instant, type Instant, plusMs } from "../../src/model/time.ts";
import type { Kubernetes } from "../../src/ports/kubernetes.ts";
import { Faults } from "../../src/simulator/faults.ts";
import type { DeploymentOptions } from "../../src/simulator/kubernetes-model.ts";
import { startKubernetesServer } from "../../src/simulator/kubernetes-server.ts";
import { KubernetesState } from "../../src/simulator/kubernetes-state.ts";
import { World } from "../../src/simulator/world.ts";

export const START = instant("2026-04-12T04:00:00Z");
export const NAMESPACE = "prod-omi-backend";
export const NAME = "prod-omi-pusher";
export const OLD_DIGEST = `sha256:${"a".repeat(64)}`;
export const NEW_DIGEST = `sha256:${"b".repeat(64)}`;
export const OLD_IMAGE = "gcr.io/based-hardware/pusher:3fabf10";
export const NEW_IMAGE = "gcr.io/based-hardware/pusher:9b6168c";

export const TARGET: KubernetesTarget = {
  platform: "kubernetes",
  project: "based-hardware",
  cluster: "prod-omi-gke",
  namespace: NAMESPACE,
  kind: "Deployment",
  name: NAME,
};

export interface KubernetesWorld {
  readonly world: World;
  readonly state: KubernetesState;
  readonly faults: Faults;
  readonly url: string;
  readonly kubernetes: Kubernetes;
  waitUntil(at: Instant): Promise<void>;
  /** Moves the world by so many milliseconds. */
  pass(ms: number): Instant;
  close(): Promise<void>;
}

export async function kubernetesWorld(
  options: Partial<DeploymentOptions> = {},
  timeoutMs = 5_000,
): Promise<KubernetesWorld> {
  const world = new World({ now: START, seed: 1 });
  const state = new KubernetesState(world);
  const faults = new Faults();
  state.addDeployment({
    project: TARGET.project,
    location: "us-central1",
    cluster: TARGET.cluster,
    namespace: NAMESPACE,
    name: NAME,
    container: "pusher",
    image: OLD_IMAGE,
    digest: OLD_DIGEST,
    selector: { "app.kubernetes.io/name": "pusher", "app.kubernetes.io/instance": NAME },
    replicas: 27,
    maxSurge: 2,
    maxUnavailable: 1,
    startupMs: 40_000,
    graceMs: 120_000,
    revision: 12,
    ...options,
  });
  const server = await startKubernetesServer(state, faults);
  return {
    world,
    state,
    faults,
    url: server.url,
    kubernetes: createKubernetes({ server: server.url, timeoutMs }),
    waitUntil: async (at) => world.advanceTo(at),
    pass: (ms) => {
      world.advanceTo(plusMs(world.now, ms));
      return world.now;
    },
    close: () => server.close(),
  };
}
