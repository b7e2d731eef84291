/** The Kubernetes port over @kubernetes/client-node. Reads whole lists, writes one guarded patch; never waits or retries. */
import type { V1OwnerReference } from "@kubernetes/client-node";
import { PortFailure } from "../model/error.ts";
import type { KubernetesTarget } from "../model/service.ts";
import type { Kubernetes, Pod, RestoreTemplate, Workload } from "../ports/kubernetes.ts";
import { KeptRevisions } from "./kept-revisions.ts";
import { type Api, Clusters } from "./kubernetes-client.ts";
import type { KubernetesConfig } from "./kubernetes-config.ts";
import { kubernetesFailure } from "./kubernetes-failure.ts";
import { Identities, type Identity, isOwnedBy, readIdentity } from "./kubernetes-identity.ts";
import {
  daemonSetWorkload,
  deploymentWorkload,
  instantOf,
  podOf,
  required,
  statefulSetWorkload,
} from "./kubernetes-objects.ts";
import { pages } from "./kubernetes-pages.ts";
import { readRevisions } from "./kubernetes-revisions.ts";

const MAX_EVENTS = 50;
const MAX_LOG_BYTES = 256 * 1024;

export function createKubernetes(config: KubernetesConfig): Kubernetes {
  const clusters = new Clusters(config);
  const call = async <T>(
    what: string,
    target: KubernetesTarget,
    signal: AbortSignal | undefined,
    act: (api: Api) => Promise<T>,
  ): Promise<T> => {
    const name = `${target.kind} ${target.namespace}/${target.name}`;
    try {
      return await act(await clusters.api(target, signal));
    } catch (error) {
      throw kubernetesFailure(`${what} ${name}`, error, signal);
    }
  };
  const effect = async <T>(what: string, target: KubernetesTarget, act: (api: Api) => Promise<T>): Promise<T> => {
    try {
      return await call(what, target, undefined, act);
    } finally {
      kept.forget(target);
    }
  };
  const identities = new Identities();
  const kept = new KeptRevisions();
  return {
    workload: (target, signal) =>
      call("read", target, signal, async (api) => identities.keep(target, await readWorkload(api, target, kept))),
    revisions: (target, workload, signal) =>
      call("list the revisions of", target, signal, (api) =>
        kept.of(target, workload, () => readRevisions(api, target, workload)),
      ),
    pods: (target, signal) =>
      call("list the pods of", target, signal, async (api) => readPods(api, target, await identities.of(api, target))),
    events: (target, about, signal) =>
      call("list the events of", target, signal, (api) => readEvents(api, target, about)),
    podLog: (target, pod, container, options, signal) =>
      call(`read the log of pod ${pod} of`, target, signal, async ({ core }) => {
        const { lines, previous } = options;
        const text = await core.readNamespacedPodLog({
          name: pod,
          namespace: target.namespace,
          container,
          previous,
          tailLines: lines,
          limitBytes: MAX_LOG_BYTES,
        });
        return text.split("\n").filter((line) => line !== "");
      }),
    deletePod: (target, { name, uid }) =>
      effect(`delete pod ${name} of`, target, async ({ core }) => {
        await core.deleteNamespacedPod({ name, namespace: target.namespace, body: { preconditions: { uid } } });
      }),
    restoreTemplate: (target, request) =>
      effect("restore the template of", target, (api) => restoreTemplate(api, target, request)),
  };
}

async function readWorkload(api: Api, target: KubernetesTarget, kept: KeptRevisions): Promise<Workload> {
  const { apps } = api;
  const { namespace, name } = target;
  switch (target.kind) {
    case "Deployment":
      return deploymentWorkload(await apps.readNamespacedDeployment({ name, namespace }));
    case "StatefulSet":
      return statefulSetWorkload(await apps.readNamespacedStatefulSet({ name, namespace }));
    case "DaemonSet": {
      const set = await apps.readNamespacedDaemonSet({ name, namespace });
      const workload = daemonSetWorkload(set);
      const revisions = await kept.of(target, workload, () => readRevisions(api, target, workload));
      return { ...workload, revision: revisions.at(-1)?.name ?? "" };
    }
  }
}

async function readPods(api: Api, { namespace }: KubernetesTarget, { selector }: Identity): Promise<readonly Pod[]> {
  const pods = await pages((page) => api.core.listNamespacedPod({ namespace, labelSelector: selector, ...page }));
  return pods.map(podOf);
}

async function readEvents(
  { core }: Api,
  { namespace }: KubernetesTarget,
  about: string,
): Promise<readonly { reason: string; message: string; at: ReturnType<typeof podOf>["createdAt"] }[]> {
  const fieldSelector = `involvedObject.name=${about}`;
  const events = await pages((page) => core.listNamespacedEvent({ namespace, fieldSelector, ...page }));
  return events
    .map(({ reason, message, lastTimestamp, eventTime, metadata }) => ({
      reason: reason ?? "",
      message: message ?? "",
      at: required(instantOf(lastTimestamp ?? eventTime ?? metadata.creationTimestamp), "an event has no time"),
    }))
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .slice(-MAX_EVENTS);
}

interface RawRevision {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly ownerReferences?: V1OwnerReference[];
  };
  readonly spec?: { readonly template: RawTemplate };
  readonly data?: { readonly spec: { readonly template: RawTemplate } };
}

interface RawTemplate {
  readonly metadata?: { readonly labels?: Record<string, string> };
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
}

/** The template goes back as the server has it, not through the client's models, which drop fields that they do not know. */
async function restoreTemplate(
  api: Api,
  target: KubernetesTarget,
  request: RestoreTemplate,
): Promise<{ generation: number }> {
  const { namespace, name } = target;
  const template = withImages(recordedTemplate(await rawRevisions(api, target), target, request), request.images);
  const body = [
    { op: "test", path: "/metadata/resourceVersion", value: request.resourceVersion },
    { op: "replace", path: "/spec/template", value: template },
  ];
  const patch = {
    Deployment: () => api.apps.patchNamespacedDeployment({ name, namespace, body }),
    StatefulSet: () => api.apps.patchNamespacedStatefulSet({ name, namespace, body }),
    DaemonSet: () => api.apps.patchNamespacedDaemonSet({ name, namespace, body }),
  };
  const { metadata } = await patch[target.kind]();
  return { generation: required(metadata?.generation, "the patched workload has no generation") };
}

async function rawRevisions(api: Api, target: KubernetesTarget): Promise<readonly RawRevision[]> {
  const { selector, uid } = await readIdentity(api, target);
  const { namespace } = target;
  const found = await pages(async (page) => {
    const request = { namespace, labelSelector: selector, ...page };
    if (target.kind === "Deployment") await api.apps.listNamespacedReplicaSet(request);
    else await api.apps.listNamespacedControllerRevision(request);
    const raw = JSON.parse(api.lastBody()) as { items?: RawRevision[]; metadata?: { continue?: string } };
    return { items: raw.items ?? [], metadata: { _continue: raw.metadata?.continue } };
  });
  return found.filter(({ metadata }) => isOwnedBy(metadata.ownerReferences, uid));
}

/** By hash first: a revision's number changes when its template is used again. */
function recordedTemplate(
  revisions: readonly RawRevision[],
  target: KubernetesTarget,
  { revision, templateHash }: RestoreTemplate,
): RawTemplate {
  const isRevision = ({ metadata }: RawRevision): boolean =>
    metadata.name === revision || metadata.annotations?.["deployment.kubernetes.io/revision"] === revision;
  const hasHash = ({ metadata }: RawRevision): boolean =>
    metadata.labels?.["pod-template-hash"] === templateHash ||
    metadata.labels?.["controller-revision-hash"] === templateHash ||
    metadata.name === templateHash;
  const found = templateHash === undefined ? revisions.find(isRevision) : revisions.find(hasHash);
  const template = found?.spec?.template ?? found?.data?.spec.template;
  if (template !== undefined) return template;
  const what = `revision ${revision} of ${target.name} is not kept any more (revisionHistoryLimit)`;
  throw new PortFailure("not-found", what);
}

function withImages(template: RawTemplate, images: Readonly<Record<string, string>>): RawTemplate {
  const { $patch: _strategy, ...plain } = template as RawTemplate & { $patch?: string };
  const { "pod-template-hash": _hash, ...labels } = template.metadata?.labels ?? {};
  const containers = template.spec.containers.map((container) => {
    const image = images[container.name];
    return image === undefined ? container : { ...container, image };
  });
  return { ...plain, metadata: { ...template.metadata, labels }, spec: { ...template.spec, containers } };
}
