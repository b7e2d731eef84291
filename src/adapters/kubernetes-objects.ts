/** Kubernetes API objects in the port's words: pure translation, no calls. */
import type {
  V1Container,
  V1ContainerStatus,
  V1DaemonSet,
  V1Deployment,
  V1LabelSelector,
  V1ObjectMeta,
  V1OwnerReference,
  V1Pod,
  V1PodTemplateSpec,
  V1Probe,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { PortFailure } from "../model/error.ts";
import { type Instant, instant } from "../model/time.ts";
import type { ContainerState, Pod, Workload } from "../ports/kubernetes.ts";

type Rollout = Pick<
  Workload,
  | "revision"
  | "paused"
  | "replicas"
  | "strategy"
  | "partition"
  | "maxSurge"
  | "maxUnavailable"
  | "progressDeadlineSeconds"
>;
type Common = Omit<Workload, keyof Rollout>;

export function deploymentWorkload(deployment: V1Deployment): Workload {
  const { metadata, spec, status } = deployment;
  if (spec === undefined) throw new PortFailure("malformed", "the deployment has no spec");
  const rolling = spec.strategy?.rollingUpdate;
  const recreate = spec.strategy?.type === "Recreate";
  return {
    ...common(metadata, spec.selector, spec.template, status?.observedGeneration, spec.minReadySeconds),
    conditions: (status?.conditions ?? []).map((condition) => ({
      type: condition.type,
      status: condition.status,
      ...optional("reason", condition.reason),
      ...optional("message", condition.message),
      ...optional("lastUpdateAt", instantOf(condition.lastUpdateTime)),
    })),
    revision: metadata?.annotations?.["deployment.kubernetes.io/revision"] ?? "",
    paused: spec.paused ?? false,
    replicas: {
      wanted: spec.replicas ?? 1,
      updated: status?.updatedReplicas ?? 0,
      total: status?.replicas ?? 0,
      ready: status?.readyReplicas ?? 0,
      available: status?.availableReplicas ?? 0,
    },
    strategy: recreate ? "Recreate" : "RollingUpdate",
    partition: 0,
    maxSurge: recreate ? "0" : String(rolling?.maxSurge ?? "25%"),
    maxUnavailable: recreate ? "100%" : String(rolling?.maxUnavailable ?? "25%"),
    progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
  };
}

export function statefulSetWorkload(set: V1StatefulSet): Workload {
  const { metadata, spec, status } = set;
  if (spec === undefined) throw new PortFailure("malformed", "the stateful set has no spec");
  return {
    ...common(metadata, spec.selector, spec.template, status?.observedGeneration, spec.minReadySeconds),
    revision: status?.updateRevision ?? "",
    paused: false,
    replicas: {
      wanted: spec.replicas ?? 1,
      // While nothing rolls, updatedReplicas may be absent: then the current ones are the updated ones.
      updated:
        status?.updateRevision === status?.currentRevision
          ? (status?.updatedReplicas ?? status?.currentReplicas ?? 0)
          : (status?.updatedReplicas ?? 0),
      total: status?.replicas ?? 0,
      ready: status?.readyReplicas ?? 0,
      available: status?.availableReplicas ?? status?.readyReplicas ?? 0,
    },
    strategy: strategyOf(spec.updateStrategy?.type),
    partition: spec.updateStrategy?.rollingUpdate?.partition ?? 0,
    maxSurge: "0",
    maxUnavailable: String(spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? "1"),
    progressDeadlineSeconds: 600,
  };
}

/** Without its revision, the newest ControllerRevision: a DaemonSet's status does not name it. */
export function daemonSetWorkload(set: V1DaemonSet): Workload {
  const { metadata, spec, status } = set;
  if (spec === undefined) throw new PortFailure("malformed", "the daemon set has no spec");
  return {
    ...common(metadata, spec.selector, spec.template, status?.observedGeneration, spec.minReadySeconds),
    revision: "",
    paused: false,
    replicas: {
      wanted: status?.desiredNumberScheduled ?? 0,
      updated: status?.updatedNumberScheduled ?? 0,
      total: status?.currentNumberScheduled ?? 0,
      ready: status?.numberReady ?? 0,
      available: status?.numberAvailable ?? 0,
    },
    strategy: strategyOf(spec.updateStrategy?.type),
    partition: 0,
    maxSurge: String(spec.updateStrategy?.rollingUpdate?.maxSurge ?? "0"),
    maxUnavailable: String(spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? "1"),
    progressDeadlineSeconds: 600,
  };
}

function strategyOf(type: string | undefined): Workload["strategy"] {
  return type === "OnDelete" ? "OnDelete" : "RollingUpdate";
}

function common(
  metadata: V1ObjectMeta | undefined,
  selector: V1LabelSelector,
  template: V1PodTemplateSpec,
  observedGeneration: number | undefined,
  minReadySeconds: number | undefined,
): Common {
  const labels = metadata?.labels ?? {};
  const annotations = metadata?.annotations ?? {};
  return {
    uid: metadata?.uid ?? "",
    generation: metadata?.generation ?? 0,
    observedGeneration: observedGeneration ?? 0,
    resourceVersion: metadata?.resourceVersion ?? "",
    startupBudgetMs: startupBudgetMs(template, minReadySeconds ?? 0),
    conditions: [],
    selector: selectorText(selector),
    images: imagesOf(template),
    labels,
    annotations,
    ...managerOf(labels, annotations, metadata?.ownerReferences),
  };
}

export function imagesOf(template: V1PodTemplateSpec | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((template?.spec?.containers ?? []).map(({ name, image }) => [name, image ?? ""]));
}

/** "a=b,c in (d,e),!f". An empty selector would match every pod of the namespace: refused. */
export function selectorText(selector: V1LabelSelector): string {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const sets = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    switch (operator) {
      case "In":
        return `${key} in (${values.join(",")})`;
      case "NotIn":
        return `${key} notin (${values.join(",")})`;
      case "Exists":
        return key;
      case "DoesNotExist":
        return `!${key}`;
      default:
        throw new PortFailure("malformed", `unknown operator ${operator} in the workload's selector`);
    }
  });
  const text = [...equal, ...sets].join(",");
  if (text === "") throw new PortFailure("malformed", "the workload's selector is empty");
  return text;
}

/** By their probes; a container without probes is ready once it runs. */
export function startupBudgetMs(template: V1PodTemplateSpec, minReadySeconds: number): number {
  const seconds = (template.spec?.containers ?? []).map(
    ({ startupProbe, readinessProbe }: V1Container) => probeSeconds(startupProbe) + probeSeconds(readinessProbe),
  );
  return (Math.max(0, ...seconds) + minReadySeconds) * 1000;
}

function probeSeconds(probe: V1Probe | undefined): number {
  if (probe === undefined) return 0;
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3, successThreshold = 1 } = probe;
  return initialDelaySeconds + periodSeconds * Math.max(failureThreshold, successThreshold);
}

/**
 * GitOps before Helm: Argo CD, Flux and Config Sync put their marks on top of a chart's. Config Sync leaves alone what is not
 * "enabled": https://docs.cloud.google.com/kubernetes-engine/config-sync/docs/how-to/managing-objects
 */
export function managerOf(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
  owners: readonly V1OwnerReference[] = [],
): Pick<Workload, "manager" | "release" | "owner"> {
  const keys = [...Object.keys(labels), ...Object.keys(annotations)];
  if (keys.some((key) => key.startsWith("argocd.argoproj.io/"))) return { manager: "argo-cd" };
  if (keys.some((key) => /^(kustomize|helm)\.toolkit\.fluxcd\.io\//.test(key))) return { manager: "flux" };
  if (annotations["configmanagement.gke.io/managed"] === "enabled") return { manager: "config-sync" };
  // An operator makes the workload from an object of its own, and makes it so again.
  const owner = owners.find(({ controller }) => controller === true);
  if (owner !== undefined) return { manager: "operator", owner: `${owner.kind} ${owner.name}` };
  const release = annotations["meta.helm.sh/release-name"];
  if (release !== undefined) return { manager: "helm", release };
  return labels["app.kubernetes.io/managed-by"] === "Helm" ? { manager: "helm" } : { manager: "plain" };
}

export function podOf(pod: V1Pod): Pod {
  const { metadata, status } = pod;
  const condition = (type: string) => status?.conditions?.find((condition) => condition.type === type);
  const ready = condition("Ready");
  const scheduled = condition("PodScheduled");
  const initContainers = pod.spec?.initContainers ?? [];
  const sidecars = new Set(
    initContainers.filter(({ restartPolicy }) => restartPolicy === "Always").map(({ name }) => name),
  );
  const isUnschedulable = scheduled?.status === "False" && scheduled.reason === "Unschedulable";
  return {
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    phase: status?.phase ?? "Unknown",
    ...optional("reason", status?.reason),
    createdAt: required(instantOf(metadata?.creationTimestamp), "a pod has no creationTimestamp"),
    ...(scheduled?.status === "True" ? optional("scheduledAt", instantOf(scheduled.lastTransitionTime)) : {}),
    terminating: metadata?.deletionTimestamp !== undefined,
    ready: ready?.status === "True",
    ...(ready?.status === "True" ? optional("readyAt", instantOf(ready.lastTransitionTime)) : {}),
    templateHash: metadata?.labels?.["pod-template-hash"] ?? metadata?.labels?.["controller-revision-hash"] ?? "",
    ...(isUnschedulable ? { unschedulable: scheduled.message ?? "Unschedulable" } : {}),
    containers: [
      ...(status?.initContainerStatuses ?? []).map((container) => ({
        ...containerOf(container, true),
        ...(sidecars.has(container.name) ? { sidecar: true } : {}),
      })),
      ...(status?.containerStatuses ?? []).map((container) => containerOf(container, false)),
    ],
  };
}

function containerOf(container: V1ContainerStatus, init: boolean): ContainerState {
  const { waiting, terminated } = container.state ?? {};
  const last = container.lastState?.terminated;
  return {
    name: container.name,
    init,
    ready: container.ready,
    restarts: container.restartCount,
    image: container.image,
    ...optional("digest", digestOfImage(container.imageID)),
    ...(waiting === undefined
      ? {}
      : { waiting: { reason: waiting.reason ?? "Waiting", ...optional("message", waiting.message) } }),
    ...(terminated === undefined
      ? {}
      : { terminated: { reason: terminated.reason ?? "Terminated", exitCode: terminated.exitCode } }),
    ...(last === undefined
      ? {}
      : {
          lastTerminated: {
            reason: last.reason ?? "Terminated",
            exitCode: last.exitCode,
            ...optional("finishedAt", instantOf(last.finishedAt)),
          },
        }),
  };
}

/** "gcr.io/p/i@sha256:…" -> "sha256:…". An imageID without a repository is the id of the config, which nobody can pull. */
export function digestOfImage(imageId: string | undefined): string | undefined {
  return /@(sha256:[0-9a-f]+)$/.exec(imageId ?? "")?.[1];
}

export function instantOf(date: Date | string | undefined): Instant | undefined {
  return date === undefined ? undefined : instant(date instanceof Date ? date.getTime() : date);
}

export function required<T>(value: T | undefined, problem: string): T {
  if (value === undefined) throw new PortFailure("malformed", problem);
  return value;
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
