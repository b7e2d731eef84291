/** Plays the scheduler and the kubelets of a namespace on a real control plane: binds, starts, fails and removes pods. Runs nothing. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { PodBehaviour } from "../contract/kubernetes-cluster.ts";
import { ApiClient, ApiError } from "./api-client.ts";
import type { ControlPlane } from "./control-plane.ts";

interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms: readonly {
            readonly matchFields?: readonly { readonly values: readonly string[] }[];
          }[];
        };
      };
    };
  };
}

/** What the kubelet remembers of one pod. */
interface Life {
  readonly startedAt: number;
  readonly digest: string;
  restarts: number;
  crashedAt: number;
  told: string;
}

const READY_AFTER_MS = 150;
const CRASH_EVERY_MS = 150;
export const NODES = ["node-1", "node-2", "node-3"] as const;
const CRASH_LOG = ["Traceback (most recent call last):", "ImportError: cannot import name 'x'"];

/** One kubelet's port on 127.0.0.1 from which the API server fetches logs; nodes are registered once per control plane. */
export async function registerNodes(plane: ControlPlane): Promise<Server> {
  const api = new ApiClient(plane);
  const server = createServer({ cert: plane.certificate.cert, key: plane.certificate.key }, (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain" }).end(CRASH_LOG.map((line) => `${line}\n`).join(""));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  for (const name of NODES) {
    const node = { apiVersion: "v1", kind: "Node", metadata: { name, labels: { "kubernetes.io/hostname": name } } };
    await api.post("/api/v1/nodes", node);
    // Admission taints a new node as not ready, which DaemonSets respect.
    await api.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } });
    await api.patch(`/api/v1/nodes/${name}/status`, {
      status: {
        addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
        daemonEndpoints: { kubeletEndpoint: { Port: port } },
        capacity: { cpu: "64", memory: "256Gi", pods: "250" },
        allocatable: { cpu: "64", memory: "256Gi", pods: "250" },
        conditions: [
          {
            type: "Ready",
            status: "True",
            reason: "KubeletReady",
            lastHeartbeatTime: now(),
            lastTransitionTime: now(),
          },
        ],
      },
    });
  }
  api.close();
  return server;
}

export class Kubelet {
  readonly #api: ApiClient;
  readonly #namespace: string;
  readonly #lives = new Map<string, Life>();
  readonly #behaviours = new Map<string, PodBehaviour>();
  readonly #digests = new Map<string, string>();
  /** When the first pod of all was first told to be in a crash loop; what a detector's lead is counted from. */
  firstCrashLoopAt: number | undefined;

  constructor(api: ApiClient, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /** How pods of an image behave that start from now on. */
  behave(image: string, behaviour: PodBehaviour): void {
    this.#behaviours.set(image, behaviour);
  }

  setDigest(image: string, digest: string): void {
    this.#digests.set(image, digest);
  }

  /** One look at every pod of the namespace, and what follows from it. */
  async tick(): Promise<void> {
    const { items } = await this.#api.get<{ items: readonly PodObject[] }>(
      `/api/v1/namespaces/${this.#namespace}/pods`,
    );
    await Promise.all(items.map((pod, index) => this.#sync(pod, index).catch(ignoreChanged)));
  }

  async #sync(pod: PodObject, index: number): Promise<void> {
    const { metadata, spec } = pod;
    const path = `/api/v1/namespaces/${this.#namespace}/pods/${metadata.name}`;
    if (metadata.deletionTimestamp !== undefined) {
      await this.#api.delete(`${path}?gracePeriodSeconds=0`);
      return;
    }
    const behaviour = this.#behaviours.get(spec.containers[0]?.image ?? "") ?? "healthy";
    if (spec.nodeName === undefined) {
      if (behaviour === "unschedulable") return this.#tell(pod, unschedulable());
      const node = wantedNode(pod) ?? NODES[index % NODES.length];
      await this.#api.post(`${path}/binding`, {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name: metadata.name },
        target: { apiVersion: "v1", kind: "Node", name: node },
      });
      return;
    }
    await this.#tell(pod, this.#statusOf(pod, behaviour));
  }

  #statusOf(pod: PodObject, behaviour: PodBehaviour): Record<string, unknown> {
    const life = this.#lifeOf(pod);
    const age = Date.now() - life.startedAt;
    if (behaviour === "crash" && Date.now() - life.crashedAt >= CRASH_EVERY_MS && life.restarts < 3) {
      life.restarts++;
      life.crashedAt = Date.now();
      this.firstCrashLoopAt ??= Date.now();
    }
    const isReady = behaviour === "healthy" && age >= READY_AFTER_MS;
    return {
      phase: behaviour === "image-pull" || behaviour === "config-error" ? "Pending" : "Running",
      startTime: iso(life.startedAt),
      conditions: conditions(isReady, life.startedAt),
      containerStatuses: pod.spec.containers.map(({ name, image }) => ({
        name,
        image,
        imageID: behaviour === "image-pull" ? "" : `${image.replace(/[:@].*$/, "")}@${life.digest}`,
        ready: isReady,
        started: isReady,
        restartCount: life.restarts,
        ...stateOf(behaviour, life),
      })),
    };
  }

  #lifeOf(pod: PodObject): Life {
    const known = this.#lives.get(pod.metadata.uid);
    if (known !== undefined) return known;
    const image = pod.spec.containers[0]?.image ?? "";
    const digest = /@(sha256:\w+)$/.exec(image)?.[1] ?? this.#digests.get(image) ?? digestOf(image);
    const life = { startedAt: Date.now(), digest, restarts: 0, crashedAt: 0, told: "" };
    this.#lives.set(pod.metadata.uid, life);
    return life;
  }

  async #tell(pod: PodObject, status: Record<string, unknown>): Promise<void> {
    const life = this.#lifeOf(pod);
    const text = JSON.stringify(status);
    if (life.told === text) return;
    await this.#api.patch(`/api/v1/namespaces/${this.#namespace}/pods/${pod.metadata.name}/status`, { status });
    life.told = text;
  }
}

export function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function stateOf(behaviour: PodBehaviour, life: Life): Record<string, unknown> {
  switch (behaviour) {
    case "healthy":
    case "never-ready":
      return { state: { running: { startedAt: iso(life.startedAt) } } };
    case "crash": {
      const terminated = {
        exitCode: 1,
        reason: "Error",
        startedAt: iso(life.startedAt),
        finishedAt: iso(life.crashedAt),
        containerID: `containerd://${life.restarts}`,
      };
      const waiting = { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container" };
      return { state: { waiting }, lastState: { terminated } };
    }
    case "image-pull":
      return { state: { waiting: { reason: "ErrImagePull", message: "not found" } } };
    case "config-error":
      return { state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "web-env" not found' } } };
    case "unschedulable":
      return {};
  }
}

function conditions(isReady: boolean, startedAt: number): readonly unknown[] {
  const ready = {
    status: isReady ? "True" : "False",
    lastTransitionTime: iso(startedAt + (isReady ? READY_AFTER_MS : 0)),
  };
  return [
    { type: "PodScheduled", status: "True", lastTransitionTime: iso(startedAt) },
    { type: "Initialized", status: "True", lastTransitionTime: iso(startedAt) },
    { type: "ContainersReady", ...ready },
    { type: "Ready", ...ready },
  ];
}

function unschedulable(): Record<string, unknown> {
  const message = "0/3 nodes are available: 3 Insufficient memory.";
  return { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] };
}

/** A DaemonSet's pod names its node by an affinity to the node's name. */
function wantedNode({ spec }: PodObject): string | undefined {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values[0];
}

/** Between the look and the write a pod may have gone or changed: the next tick sees it. */
function ignoreChanged(error: unknown): void {
  if (error instanceof ApiError && (error.code === 404 || error.code === 409)) return;
  throw error;
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function now(): string {
  return iso(Date.now());
}
