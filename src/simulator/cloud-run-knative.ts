/** Cloud Run services and revisions as the v1 API (Knative's objects) tells them, which is what gcloud speaks; reads the state, changes nothing. */
import type { RunCondition, RunRevision, RunService, RunTraffic } from "./cloud-run-model.ts";

/** https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services */
export function knativeService(service: RunService): object {
  const newest = service.revisions.get(service.latestCreated);
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: {
      ...metadataOf(service, service.name),
      generation: service.generation,
      resourceVersion: resourceVersion(service),
      annotations: {
        "serving.knative.dev/creator": "deployer@example.test",
        "serving.knative.dev/lastModifier": service.lastModifier,
      },
    },
    spec: {
      template: newest === undefined ? {} : { metadata: labelled(newest), spec: specOf(newest) },
      traffic: (service.traffic.length === 0 ? [{ percent: 100 }] : service.traffic).map((entry) => ({
        ...targetOf(entry),
        ...("revision" in entry ? { revisionName: entry.revision } : { latestRevision: true }),
      })),
    },
    status: {
      observedGeneration: service.observedGeneration,
      conditions: [
        conditionOf("Ready", service.ready),
        conditionOf("ConfigurationsReady", newest?.ready ?? service.ready),
        conditionOf("RoutesReady", service.routes),
      ],
      latestCreatedRevisionName: service.latestCreated,
      latestReadyRevisionName: service.latestReady,
      url: `https://${service.name}-simulated.a.run.app`,
      address: { url: `https://${service.name}-simulated.a.run.app` },
      traffic: service.served.map((entry) => ({
        ...targetOf(entry),
        revisionName: entry.revision,
        ...(entry.latest ? { latestRevision: true } : {}),
      })),
    },
  };
}

export function knativeRevision(service: RunService, revision: RunRevision): object {
  const { labels, ...metadata } = metadataOf(service, revision.name);
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: {
      ...metadata,
      creationTimestamp: revision.createdAt,
      labels: { ...labels, "serving.knative.dev/service": service.name, ...labelled(revision).labels },
    },
    spec: specOf(revision),
    status: { observedGeneration: 1, conditions: [conditionOf("Ready", revision.ready)] },
  };
}

/** The optimistic lock of v1: an etag without its quotes. */
export function resourceVersion({ etag }: RunService): string {
  return etag.replaceAll('"', "");
}

function metadataOf(
  service: RunService,
  name: string,
): { readonly labels: Readonly<Record<string, string>> } & Readonly<Record<string, unknown>> {
  const oldest = [...service.revisions.values()][0];
  return {
    name,
    namespace: service.project,
    uid: `uid-${service.key}`,
    creationTimestamp: oldest?.createdAt ?? service.updatedAt,
    labels: { "cloud.googleapis.com/location": service.region },
  };
}

function labelled({ commit }: RunRevision): { readonly labels: Readonly<Record<string, string>> } {
  return { labels: commit === undefined ? {} : { "commit-sha": commit } };
}

function specOf({ image }: RunRevision): object {
  return { containerConcurrency: 80, timeoutSeconds: 300, containers: [{ image }] };
}

function targetOf({ percent, tag }: RunTraffic): object {
  return { percent, ...(tag === undefined ? {} : { tag }) };
}

const STATUS = { CONDITION_SUCCEEDED: "True", CONDITION_FAILED: "False", CONDITION_RECONCILING: "Unknown" } as const;

function conditionOf(type: string, { state, at, reason, message }: RunCondition): object {
  return {
    type,
    status: STATUS[state],
    lastTransitionTime: at,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}
