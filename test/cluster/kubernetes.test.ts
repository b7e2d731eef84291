import type { Server } from "node:https";
import { afterAll, beforeAll, describe } from "vitest";
import { kubernetesContract } from "../contract/kubernetes-contract.ts";
import { type ControlPlane, findPrograms, startControlPlane } from "./control-plane.ts";
import { registerNodes } from "./kubelet.ts";
import { liveCluster } from "./live-cluster.ts";

const programs = findPrograms();
const title = "directory" in programs ? "a real control plane" : `SKIPPED, no real control plane: ${programs.missing}`;

describe.skipIf("missing" in programs)(title, () => {
  let plane: ControlPlane;
  let kubelets: Server;
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

  kubernetesContract(() => liveCluster(plane));
});
