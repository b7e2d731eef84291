/** A real control plane behind the Kubernetes contract: a namespace of its own, played kubelets, real time. */
import { randomBytes } from "node:crypto";
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import { instant } from "../../src/model/time.ts";
import type { ContractCluster } from "../contract/kubernetes-cluster.ts";
import { ApiClient } from "./api-client.ts";
import { CLUSTER, type ControlPlane } from "./control-plane.ts";
import { Kubelet } from "./kubelet.ts";

/** A look of the contract's at the cluster and the next lie at least so far apart. */
const MOMENT_MS = 60;
const COMPLETE_MS = 30_000;

export interface LiveCluster extends ContractCluster {
  readonly api: ApiClient;
  readonly kubelet: Kubelet;
  readonly namespace: string;
}

export async function liveCluster(plane: ControlPlane): Promise<LiveCluster> {
  const api = new ApiClient(plane);
  const namespace = `contract-${randomBytes(4).toString("hex")}`;
  await api.post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const kubelet = new Kubelet(api, namespace);
  const kubernetes = createKubernetes({ kubeconfig: plane.kubeconfig });
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const moment = async (): Promise<void> => {
    await kubelet.tick();
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
  };
  const cluster: LiveCluster = {
    api,
    kubelet,
    namespace,
    kubernetes,
    world: {
      get now() {
        return instant(Date.now());
      },
    },
    target: (name) => ({
      platform: "kubernetes",
      project: "test",
      cluster: CLUSTER,
      namespace,
      kind: "Deployment",
      name,
    }),
    async create({ name, image, replicas, progressDeadlineSeconds, annotations = {} }) {
      await api.post(deployments, {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, annotations },
        spec: {
          replicas,
          selector: { matchLabels: { app: name } },
          strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
          template: podTemplate(name, image),
        },
      });
      await complete(cluster, name);
    },
    async change(name, { image, replicas, paused }) {
      const template = image === undefined ? undefined : { spec: podTemplate(name, image).spec };
      await api.patch(`${deployments}/${name}`, { spec: { replicas, paused, template } });
    },
    behave: (image, behaviour) => kubelet.behave(image, behaviour),
    moveTag: (image, digest) => kubelet.setDigest(image, digest),
    waitUntil: moment,
    async close() {
      await api.delete(`/api/v1/namespaces/${namespace}`);
      api.close();
    },
  };
  return cluster;
}

export function podTemplate(name: string, image: string): { metadata: object; spec: object } {
  const containers = [{ name: "main", image }];
  return { metadata: { labels: { app: name } }, spec: { containers, terminationGracePeriodSeconds: 1 } };
}

async function complete(cluster: LiveCluster, name: string): Promise<void> {
  const deadline = Date.now() + COMPLETE_MS;
  while (Date.now() < deadline) {
    await cluster.waitUntil(cluster.world.now);
    const { conditions } = await cluster.kubernetes.workload(cluster.target(name));
    if (conditions.some(({ reason }) => reason === "NewReplicaSetAvailable")) return;
  }
  throw new Error(`${name} was not complete within ${COMPLETE_MS / 1000} s`);
}
