/** The Deployment controller of the simulated cluster: moves pods between ReplicaSets in waves. Knows no wire format. */
import { canonicalJson } from "../model/json.ts";
import { msOf } from "../model/time.ts";
import type { SimulatedDeployment, SimulatedPod, SimulatedReplicaSet, Template } from "./kubernetes-model.ts";
import { hash, token, type World } from "./world.ts";

/** What the controller asks of the cluster around it. */
export interface Cluster {
  readonly world: World;
  createPod(deployment: SimulatedDeployment, replicaSet: SimulatedReplicaSet): void;
  deletePod(pod: SimulatedPod): void;
  /** Has the deployment looked at again at once. */
  touch(deployment: SimulatedDeployment): void;
}

/** Desired pods against real ones, as kube-controller-manager does for RollingUpdate. Acts once; call again on changes. */
export function reconcile(cluster: Cluster, deployment: SimulatedDeployment): void {
  if (deployment.paused) return;
  const current = currentReplicaSet(cluster.world, deployment);
  scaleUpNew(cluster, deployment, current);
  scaleDown(cluster, deployment, current);
  // Pods that were taken down have made room, which the real controller uses in its next sync, a moment later.
  scaleUpNew(cluster, deployment, current);
  noteProgress(cluster, deployment, current);
}

/** Pods that count: neither gone nor terminating. */
export function activePods(deployment: SimulatedDeployment, hash?: string): readonly SimulatedPod[] {
  return deployment.pods.filter((pod) => pod.deletedAt === undefined && (hash === undefined || pod.hash === hash));
}

export function isComplete(deployment: SimulatedDeployment, hash: string): boolean {
  const updated = activePods(deployment, hash);
  return (
    updated.length === deployment.replicas &&
    activePods(deployment).length === updated.length &&
    updated.every((pod) => pod.ready)
  );
}

/** pod-template-hash: ten letters that kubernetes calls safe, over the template's content. */
export function templateHash(template: Template): string {
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  const text = canonicalJson(withoutHash(template));
  let value = hash(text) * 4096 + (hash(`${text}#`) % 4096);
  let name = "";
  for (let index = 0; index < 10; index++) {
    name += letters[value % letters.length];
    value = Math.floor(value / letters.length);
  }
  return name;
}

/** The ReplicaSet of the deployment's template, made (or found again and given the next revision) where needed. */
export function currentReplicaSet(world: World, deployment: SimulatedDeployment): SimulatedReplicaSet {
  const name = templateHash(deployment.template);
  const known = deployment.replicaSets.find((replicaSet) => replicaSet.hash === name);
  if (known !== undefined && known.revision === deployment.revision) return known;
  deployment.revision = Math.max(deployment.revision, ...deployment.replicaSets.map(({ revision }) => revision)) + 1;
  deployment.lastProgressAt = world.now;
  if (known !== undefined) {
    known.revision = deployment.revision;
    return known;
  }
  const made: SimulatedReplicaSet = {
    name: `${deployment.options.name}-${name}`,
    uid: token(world.random(`uid/${deployment.uid}/${name}`), 12),
    hash: name,
    template: structuredClone(deployment.template),
    createdAt: world.now,
    revision: deployment.revision,
  };
  deployment.replicaSets.push(made);
  return made;
}

/** An absolute number, or a percentage of `of`. */
export function resolveCount(value: number | string | undefined, of: number, round: "up" | "down"): number {
  if (typeof value === "number") return value;
  const percent = Number.parseFloat(value ?? "25%");
  return round === "up" ? Math.ceil((percent / 100) * of) : Math.floor((percent / 100) * of);
}

function scaleUpNew(cluster: Cluster, deployment: SimulatedDeployment, current: SimulatedReplicaSet): void {
  const wanted = deployment.replicas;
  const surge = resolveCount(deployment.options.maxSurge, wanted, "up");
  const room = wanted + surge - activePods(deployment).length;
  const missing = wanted - activePods(deployment, current.hash).length;
  for (let index = 0; index < Math.min(room, missing); index++) cluster.createPod(deployment, current);
}

function scaleDown(cluster: Cluster, deployment: SimulatedDeployment, current: SimulatedReplicaSet): void {
  const updated = activePods(deployment, current.hash);
  for (const pod of unreadyFirst(updated).slice(0, Math.max(0, updated.length - deployment.replicas))) {
    cluster.deletePod(pod);
  }
  const least = deployment.replicas - maxUnavailable(deployment);
  const newUnready = activePods(deployment, current.hash).filter((pod) => !pod.ready).length;
  const old = activePods(deployment).filter((pod) => pod.hash !== current.hash);
  let mayGo = activePods(deployment).length - least - newUnready;
  for (const pod of unreadyFirst(old)) {
    const available = activePods(deployment).filter((other) => other.ready).length;
    if (mayGo <= 0 || (pod.ready && available <= least)) return;
    cluster.deletePod(pod);
    mayGo--;
  }
}

/** Both zero would never move: the API server then takes one for maxUnavailable. */
function maxUnavailable(deployment: SimulatedDeployment): number {
  const unavailable = resolveCount(deployment.options.maxUnavailable, deployment.replicas, "down");
  const surge = resolveCount(deployment.options.maxSurge, deployment.replicas, "up");
  return unavailable === 0 && surge === 0 ? 1 : unavailable;
}

function unreadyFirst(pods: readonly SimulatedPod[]): readonly SimulatedPod[] {
  return pods.toSorted((a, b) => Number(a.ready) - Number(b.ready));
}

function noteProgress(cluster: Cluster, deployment: SimulatedDeployment, current: SimulatedReplicaSet): void {
  const { world } = cluster;
  const { progress } = deployment;
  if (isComplete(deployment, current.hash)) {
    if (progress.reason === "NewReplicaSetAvailable") return;
    deployment.progress = {
      reason: "NewReplicaSetAvailable",
      status: "True",
      message: `ReplicaSet "${current.name}" has successfully progressed.`,
      lastUpdateAt: world.now,
    };
    return;
  }
  // Scaling alone is no rollout: the condition stays as it is while only one ReplicaSet is involved.
  if (progress.reason === "NewReplicaSetAvailable" && !isRolling(deployment, current)) return;
  const stuckMs = msOf(world.now) - msOf(deployment.lastProgressAt);
  const limitMs = (deployment.options.progressDeadlineSeconds ?? 600) * 1000;
  const exceeded = stuckMs >= limitMs;
  const reason = exceeded ? "ProgressDeadlineExceeded" : "ReplicaSetUpdated";
  if (!exceeded) {
    world.after(limitMs - stuckMs, () => {
      reconcile(cluster, deployment);
      cluster.touch(deployment);
    });
  }
  if (progress.reason === reason && progress.lastUpdateAt >= deployment.lastProgressAt) return;
  deployment.progress = {
    reason,
    status: exceeded ? "False" : "True",
    message: `ReplicaSet "${current.name}" ${exceeded ? "has timed out progressing." : "is progressing."}`,
    lastUpdateAt: world.now,
  };
}

function isRolling(deployment: SimulatedDeployment, current: SimulatedReplicaSet): boolean {
  return (
    activePods(deployment).some((pod) => pod.hash !== current.hash) || activePods(deployment, current.hash).length === 0
  );
}

function withoutHash(template: Template): Template {
  const { labels: { "pod-template-hash": _, ...labels } = {}, annotations = {} } = template.metadata ?? {};
  return { spec: template.spec, metadata: { labels, annotations } };
}
