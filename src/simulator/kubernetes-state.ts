/** The simulated cluster's state and what scenarios do to it: deployments, rollouts, scaling, moving tags. Speaks no HTTP. */
import { type Instant, plusMs, DAY } from "../model/time.ts";
import { type Cluster, activePods, currentReplicaSet, reconcile, templateHash } from "./kubernetes-controller.ts";
import type {
  AppliedPatch,
  Crash,
  DeploymentOptions,
  PodBehaviour,
  SimulatedDeployment,
  SimulatedEvent,
  SimulatedPod,
  SimulatedReplicaSet,
  Template,
} from "./kubernetes-model.ts";
import { type PodWatcher, startPod, stopPod } from "./kubernetes-pod.ts";
import { token, type World } from "./world.ts";

/** The controller sees a changed spec this much later. */
const OBSERVED_AFTER_MS = 200;
const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";

export interface RolloutRequest {
  /** New image reference; default: as it is. */
  readonly image?: string;
  /** What the image resolves to from now on. */
  readonly digest?: string;
  readonly behaviour?: PodBehaviour;
  /** `kubectl rollout restart`: the same image, an annotation changes. */
  readonly restartOnly?: boolean;
}

/** What image references resolve to at the moment a pod is made: moving tags move here. */
export class Registry {
  readonly #digests = new Map<string, string>();

  setDigest(image: string, digest: string): void {
    this.#digests.set(image, digest);
  }

  resolve(image: string): string | undefined {
    return image.includes("@") ? image.slice(image.indexOf("@") + 1) : this.#digests.get(image);
  }
}

export class KubernetesState implements Cluster, PodWatcher {
  readonly world: World;
  readonly registry = new Registry();
  readonly deployments: SimulatedDeployment[] = [];
  readonly events: SimulatedEvent[] = [];
  readonly crashes: Crash[] = [];
  /** Accepted writes of clients, oldest first. */
  readonly patches: AppliedPatch[] = [];
  /** Raw objects by resource ("statefulsets", "pods"), served as they are. */
  readonly objects = new Map<string, Record<string, unknown>[]>();
  /** What access reviews say no to: "patch deployments". */
  readonly refused = new Set<string>();
  readonly #imageBehaviours = new Map<string, PodBehaviour>();
  readonly #listeners = new Set<(deployment: SimulatedDeployment) => void>();
  #resourceVersion = 1000;

  constructor(world: World) {
    this.world = world;
  }

  /** A deployment that has been running for a while: all pods ready, its rollout long complete. */
  addDeployment(options: DeploymentOptions): SimulatedDeployment {
    const since = options.since ?? plusMs(this.world.now, -7 * DAY);
    this.registry.setDigest(options.image, options.digest);
    const deployment = newDeployment(options, since, this.world, this.#nextVersion());
    this.deployments.push(deployment);
    const replicaSet = currentReplicaSet(this.world, deployment);
    replicaSet.revision = deployment.revision = options.revision ?? 1;
    deployment.replicaSets = [{ ...replicaSet, createdAt: since }];
    const readyAt = plusMs(since, options.startupMs ?? 30_000);
    for (let index = 0; index < options.replicas; index++) {
      const pod = this.#newPod(deployment, replicaSet, since);
      Object.assign(pod, { phase: "Running", ready: true, readyChangedAt: readyAt, startedAt: since });
      deployment.pods.push(pod);
    }
    deployment.progress = { ...deployment.progress, lastUpdateAt: readyAt };
    return deployment;
  }

  /** Throws when there is none: a scenario that names an unknown workload is wrong. */
  deployment(namespace: string, name: string): SimulatedDeployment {
    const found = this.deployments.find(({ options }) => options.namespace === namespace && options.name === name);
    if (found === undefined) throw new Error(`the simulated cluster has no deployment ${namespace}/${name}`);
    return found;
  }

  /** Begins a rollout now; returns the new pod-template-hash. An unchanged template changes nothing (a silent no-op). */
  rollout(namespace: string, name: string, request: RolloutRequest): string {
    const deployment = this.deployment(namespace, name);
    const template = structuredClone(deployment.template);
    for (const container of template.spec.containers) container.image = request.image ?? container.image;
    if (request.restartOnly === true) {
      template.metadata = { ...template.metadata };
      template.metadata.annotations = { ...template.metadata.annotations, [RESTARTED_AT]: this.world.now };
    }
    const image = template.spec.containers[0]?.image ?? deployment.options.image;
    if (request.digest !== undefined) this.registry.setDigest(image, request.digest);
    const isNewHash = !deployment.replicaSets.some((replicaSet) => replicaSet.hash === templateHash(template));
    if (request.behaviour !== undefined) {
      const digest = this.registry.resolve(image);
      const isKnown = deployment.pods.some((pod) => pod.digest === digest);
      if (digest !== undefined && !isKnown) this.#imageBehaviours.set(digest, request.behaviour);
      else if (isNewHash) deployment.behaviours.set(templateHash(template), request.behaviour);
    }
    this.changeSpec(deployment, { template });
    return templateHash(template);
  }

  /** What an autoscaler (or a person) does: other wanted replicas, also in the middle of a rollout. */
  scale(namespace: string, name: string, replicas: number): void {
    this.changeSpec(this.deployment(namespace, name), { replicas });
  }

  /** The new generation is seen by the controller a moment later. Without a real change nothing happens. */
  changeSpec(
    deployment: SimulatedDeployment,
    change: { template?: Template; replicas?: number; paused?: boolean },
  ): void {
    const before = JSON.stringify([deployment.template, deployment.replicas, deployment.paused]);
    const after = { ...deployment, ...change };
    if (JSON.stringify([after.template, after.replicas, after.paused]) === before) return;
    Object.assign(deployment, change);
    deployment.generation++;
    this.touch(deployment);
    this.world.after(OBSERVED_AFTER_MS, () => {
      deployment.observedGeneration = deployment.generation;
      reconcile(this, deployment);
      this.touch(deployment);
    });
  }

  /** A new resourceVersion; whoever watches is told. */
  touch(deployment: SimulatedDeployment): void {
    deployment.resourceVersion = this.#nextVersion();
    for (const listener of this.#listeners) listener(deployment);
  }

  get resourceVersion(): number {
    return this.#resourceVersion;
  }

  /** Returns the function that stops listening. */
  onChange(listener: (deployment: SimulatedDeployment) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  createPod(deployment: SimulatedDeployment, replicaSet: SimulatedReplicaSet): void {
    const pod = this.#newPod(deployment, replicaSet, this.world.now);
    deployment.pods.push(pod);
    deployment.lastProgressAt = this.world.now;
    startPod(this.world, pod, this);
  }

  deletePod(pod: SimulatedPod): void {
    stopPod(this.world, pod, this);
  }

  changed(pod: SimulatedPod): void {
    const { deployment } = pod;
    if (pod.ready && pod.readyChangedAt === this.world.now) deployment.lastProgressAt = this.world.now;
    reconcile(this, deployment);
    this.touch(deployment);
  }

  crashed(crash: Crash): void {
    this.crashes.push(crash);
  }

  event(pod: SimulatedPod, type: "Normal" | "Warning", reason: string, message: string): void {
    const { namespace } = pod.deployment.options;
    const same = this.events.find((event) => event.involved.uid === pod.uid && event.reason === reason);
    if (same !== undefined) {
      Object.assign(same, { message, lastAt: this.world.now, count: same.count + 1 });
      return;
    }
    const name = `${pod.name}.${this.events.length.toString(16).padStart(8, "0")}`;
    const involved = { kind: "Pod", name: pod.name, uid: pod.uid };
    const at = this.world.now;
    this.events.push({ namespace, name, involved, type, reason, message, firstAt: at, lastAt: at, count: 1 });
  }

  addObject(resource: string, object: Record<string, unknown>): void {
    this.objects.set(resource, [...(this.objects.get(resource) ?? []), object]);
  }

  #nextVersion(): number {
    return ++this.#resourceVersion;
  }

  #newPod(deployment: SimulatedDeployment, replicaSet: SimulatedReplicaSet, createdAt: Instant): SimulatedPod {
    const serial = deployment.pods.length;
    const random = this.world.random(`pod/${deployment.uid}/${serial}`);
    const image = replicaSet.template.spec.containers[0]?.image ?? deployment.options.image;
    const digest = this.registry.resolve(image) ?? "";
    return {
      name: `${replicaSet.name}-${token(random, 5)}`,
      uid: `${token(random, 8)}-${serial}`,
      hash: replicaSet.hash,
      deployment,
      image,
      digest,
      createdAt,
      behaviour: this.#behaviourFor(deployment, replicaSet.hash, digest),
      phase: "Pending",
      ready: false,
      readyChangedAt: createdAt,
      startedAt: undefined,
      restarts: 0,
      waiting: undefined,
      lastTerminated: undefined,
      unschedulable: undefined,
      deletedAt: undefined,
      goneAt: undefined,
    };
  }

  /** What runs decides: the template's own behaviour, else that of the image it resolves to. */
  #behaviourFor(deployment: SimulatedDeployment, hash: string, digest: string): PodBehaviour {
    const behaviour = deployment.behaviours.get(hash) ?? this.#imageBehaviours.get(digest) ?? { kind: "healthy" };
    if (behaviour.kind !== "crash" || behaviour.pods === undefined) return behaviour;
    const afflicted = activePods(deployment, hash).filter((pod) => pod.behaviour.kind === "crash").length;
    return afflicted < behaviour.pods ? behaviour : { kind: "healthy" };
  }
}

function newDeployment(
  options: DeploymentOptions,
  since: Instant,
  world: World,
  resourceVersion: number,
): SimulatedDeployment {
  const helm = options.helmRelease;
  return {
    options,
    uid: `${token(world.random(`uid/${options.namespace}/${options.name}`), 8)}-deployment`,
    createdAt: since,
    labels: {
      ...options.selector,
      ...(helm === undefined ? {} : { "app.kubernetes.io/managed-by": "Helm" }),
      ...options.labels,
    },
    annotations: {
      ...(helm === undefined
        ? {}
        : { "meta.helm.sh/release-name": helm, "meta.helm.sh/release-namespace": options.namespace }),
      ...options.annotations,
    },
    template: templateOf(options),
    replicas: options.replicas,
    paused: false,
    generation: options.revision ?? 1,
    observedGeneration: options.revision ?? 1,
    resourceVersion,
    revision: 0,
    replicaSets: [],
    pods: [],
    progress: { reason: "NewReplicaSetAvailable", status: "True", message: "", lastUpdateAt: since },
    lastProgressAt: since,
    behaviours: new Map(),
  };
}

function templateOf(options: DeploymentOptions): Template {
  const probe = { httpGet: { path: "/v1/health", port: 8080 }, periodSeconds: 10 };
  return {
    metadata: { labels: { ...options.selector } },
    spec: {
      containers: [
        {
          name: options.container,
          image: options.image,
          startupProbe: { ...probe, failureThreshold: options.startupProbeFailures ?? 60 },
          readinessProbe: { ...probe, failureThreshold: 3 },
          // The API server fills it in, and so does kubectl when it sends a template back.
          resources: {},
        },
      ],
      terminationGracePeriodSeconds: Math.round((options.graceMs ?? 30_000) / 1000),
    },
  };
}
