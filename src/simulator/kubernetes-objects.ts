/** The simulated cluster's objects as the Kubernetes API shows them in JSON. */
import { type Instant, plusMs } from "../model/time.ts";
import { activePods } from "./kubernetes-controller.ts";
import type { SimulatedDeployment, SimulatedEvent, SimulatedPod, SimulatedReplicaSet } from "./kubernetes-model.ts";

export type ApiObject = Record<string, unknown> & {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly [key: string]: unknown;
  };
};

/** Kubernetes times have whole seconds. */
export function apiTime(at: Instant): string {
  return `${at.slice(0, 19)}Z`;
}

export function deploymentObject(deployment: SimulatedDeployment): ApiObject {
  const { options } = deployment;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: options.name,
      namespace: options.namespace,
      uid: deployment.uid,
      resourceVersion: String(deployment.resourceVersion),
      generation: deployment.generation,
      creationTimestamp: apiTime(deployment.createdAt),
      labels: deployment.labels,
      annotations: { ...deployment.annotations, "deployment.kubernetes.io/revision": String(deployment.revision) },
      ...(options.owner === undefined
        ? {}
        : { ownerReferences: [owner(options.owner.kind, options.owner.name, `uid-${options.owner.name}`)] }),
    },
    spec: {
      replicas: deployment.replicas,
      selector: { matchLabels: options.selector },
      template: deployment.template,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge: options.maxSurge ?? "25%", maxUnavailable: options.maxUnavailable ?? "25%" },
      },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: options.progressDeadlineSeconds ?? 600,
      ...(deployment.paused ? { paused: true } : {}),
    },
    status: deploymentStatus(deployment),
  };
}

/** Zero counts are left out, as the real API does. */
function deploymentStatus(deployment: SimulatedDeployment): Record<string, unknown> {
  const active = activePods(deployment);
  const ready = active.filter((pod) => pod.ready).length;
  const hash = deployment.replicaSets.find(({ revision }) => revision === deployment.revision)?.hash;
  const updated = active.filter((pod) => pod.hash === hash).length;
  const counts = {
    replicas: active.length,
    updatedReplicas: updated,
    readyReplicas: ready,
    availableReplicas: ready,
    unavailableReplicas: Math.max(0, deployment.replicas - ready),
  };
  return {
    observedGeneration: deployment.observedGeneration,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    conditions: [
      {
        type: "Available",
        status: ready > 0 || deployment.replicas === 0 ? "True" : "False",
        reason: ready > 0 ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
        lastUpdateTime: apiTime(deployment.progress.lastUpdateAt),
        lastTransitionTime: apiTime(deployment.createdAt),
      },
      {
        type: "Progressing",
        status: deployment.progress.status,
        reason: deployment.progress.reason,
        message: deployment.progress.message,
        lastUpdateTime: apiTime(deployment.progress.lastUpdateAt),
        lastTransitionTime: apiTime(deployment.createdAt),
      },
    ],
  };
}

export function replicaSetObject(deployment: SimulatedDeployment, replicaSet: SimulatedReplicaSet): ApiObject {
  const { options } = deployment;
  const pods = activePods(deployment, replicaSet.hash);
  const labels = { ...replicaSet.template.metadata?.labels, "pod-template-hash": replicaSet.hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: replicaSet.name,
      namespace: options.namespace,
      uid: replicaSet.uid,
      resourceVersion: String(deployment.resourceVersion),
      creationTimestamp: apiTime(replicaSet.createdAt),
      labels,
      annotations: { "deployment.kubernetes.io/revision": String(replicaSet.revision) },
      ownerReferences: [owner("Deployment", options.name, deployment.uid)],
    },
    spec: {
      replicas: pods.length,
      selector: { matchLabels: { ...options.selector, "pod-template-hash": replicaSet.hash } },
      template: { ...replicaSet.template, metadata: { ...replicaSet.template.metadata, labels } },
    },
    status: {
      replicas: pods.length,
      readyReplicas: pods.filter((pod) => pod.ready).length,
      availableReplicas: pods.filter((pod) => pod.ready).length,
      observedGeneration: 1,
    },
  };
}

export function podObject(pod: SimulatedPod): ApiObject {
  const { options, replicaSets } = pod.deployment;
  const replicaSet = replicaSets.find(({ hash }) => hash === pod.hash);
  const terminating =
    pod.deletedAt === undefined
      ? {}
      : {
          deletionTimestamp: apiTime(plusMs(pod.deletedAt, options.graceMs ?? 30_000)),
          deletionGracePeriodSeconds: Math.round((options.graceMs ?? 30_000) / 1000),
        };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pod.name,
      namespace: options.namespace,
      uid: pod.uid,
      resourceVersion: String(pod.deployment.resourceVersion),
      creationTimestamp: apiTime(pod.createdAt),
      ...terminating,
      labels: { ...replicaSet?.template.metadata?.labels, "pod-template-hash": pod.hash },
      ownerReferences: [owner("ReplicaSet", replicaSet?.name ?? "", replicaSet?.uid ?? "")],
    },
    spec: { ...replicaSet?.template.spec, nodeName: "gke-pool-1" },
    status: {
      phase: pod.phase,
      conditions: podConditions(pod),
      startTime: apiTime(pod.createdAt),
      ...(pod.unschedulable === undefined ? { containerStatuses: [containerStatus(pod)] } : {}),
    },
  };
}

function podConditions(pod: SimulatedPod): readonly unknown[] {
  if (pod.unschedulable !== undefined) {
    return [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: pod.unschedulable }];
  }
  const ready = { status: pod.ready ? "True" : "False", lastTransitionTime: apiTime(pod.readyChangedAt) };
  return [
    { type: "PodScheduled", status: "True", lastTransitionTime: apiTime(pod.createdAt) },
    { type: "ContainersReady", ...ready },
    { type: "Ready", ...ready },
  ];
}

function containerStatus(pod: SimulatedPod): Record<string, unknown> {
  const last = pod.lastTerminated;
  const terminated =
    last === undefined
      ? undefined
      : {
          reason: last.reason,
          exitCode: last.exitCode,
          startedAt: apiTime(last.startedAt),
          finishedAt: apiTime(last.finishedAt),
        };
  const state =
    pod.startedAt !== undefined
      ? { running: { startedAt: apiTime(pod.startedAt) } }
      : pod.waiting !== undefined
        ? { waiting: pod.waiting }
        : { terminated };
  const repository = pod.image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const wasPulled = pod.phase === "Running" && pod.digest !== "";
  return {
    name: pod.deployment.options.container,
    ready: pod.ready,
    started: pod.ready,
    restartCount: pod.restarts,
    image: pod.image,
    imageID: wasPulled ? `${repository}@${pod.digest}` : "",
    state,
    lastState: terminated === undefined ? {} : { terminated },
  };
}

export function hpaObject(deployment: SimulatedDeployment): ApiObject | undefined {
  const { options } = deployment;
  if (options.hpa === undefined) return undefined;
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: options.name, namespace: options.namespace, creationTimestamp: apiTime(deployment.createdAt) },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: options.name },
      minReplicas: options.hpa.min,
      maxReplicas: options.hpa.max,
    },
    status: { currentReplicas: activePods(deployment).length, desiredReplicas: deployment.replicas },
  };
}

export function eventObject(event: SimulatedEvent): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: event.name, namespace: event.namespace, creationTimestamp: apiTime(event.firstAt) },
    involvedObject: { ...event.involved, namespace: event.namespace },
    type: event.type,
    reason: event.reason,
    message: event.message,
    firstTimestamp: apiTime(event.firstAt),
    lastTimestamp: apiTime(event.lastAt),
    count: event.count,
    source: { component: "kubelet" },
  };
}

function owner(kind: string, name: string, uid: string): Record<string, unknown> {
  return { apiVersion: "apps/v1", kind, name, uid, controller: true, blockOwnerDeletion: true };
}
