/** Cloud Run Admin API v2 of the simulated cloud: get services and revisions, patch traffic. Everything else is UNIMPLEMENTED. */
import type { Server } from "@grpc/grpc-js";
import { type RunCondition, type RunRevision, RunRefusal, type RunService } from "./cloud-run-model.ts";
import type { CloudRunState } from "./cloud-run-state.ts";
import { answering, ApiError, type GooglePlace, serviceDefinition, Status, wireTime } from "./grpc-api.ts";

const LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
const REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";

export function addCloudRun(server: Server, place: GooglePlace & { readonly cloudRun: CloudRunState }): void {
  const { cloudRun } = place;
  server.addService(serviceDefinition("run", "google.cloud.run.v2.Services", place.observe), {
    GetService: answering<{ name: string }>(place, "cloud-run", "get-service", ({ name }) =>
      refusing(() => wireService(cloudRun.service(keyOf(name)))),
    ),
    UpdateService: answering<UpdateRequest>(place, "cloud-run", "update-traffic", (request) =>
      refusing(() => ({ name: updateTraffic(cloudRun, request), done: false })),
    ),
  });
  server.addService(serviceDefinition("run", "google.cloud.run.v2.Revisions", place.observe), {
    GetRevision: answering<{ name: string }>(place, "cloud-run", "get-revision", ({ name }) =>
      refusing(() => {
        const service = cloudRun.service(keyOf(name));
        const revision = service.revisions.get(name.split("/").at(-1) ?? "");
        if (revision === undefined) throw new ApiError(Status.NOT_FOUND, `Resource '${name}' was not found.`);
        return wireRevision(service, revision);
      }),
    ),
  });
}

interface UpdateRequest {
  readonly service: {
    readonly name: string;
    readonly etag: string;
    readonly traffic: readonly { type: string; revision: string; percent: number; tag: string }[];
  } | null;
  readonly updateMask: { readonly paths: readonly string[] } | null;
}

function updateTraffic(cloudRun: CloudRunState, { service, updateMask }: UpdateRequest): string {
  // Without a mask the real API replaces the whole service; nothing here should ever do that.
  if (service === null || updateMask?.paths.join(",") !== "traffic") {
    throw new ApiError(Status.UNIMPLEMENTED, "the simulated Cloud Run updates with the mask `traffic` only");
  }
  const traffic = service.traffic.map((entry) => {
    if (entry.type === REVISION && entry.revision === "") {
      throw new ApiError(Status.INVALID_ARGUMENT, "traffic: an entry of type REVISION needs a revision.");
    }
    return {
      percent: entry.percent,
      ...(entry.type === LATEST ? {} : { revision: entry.revision }),
      ...(entry.tag === "" ? {} : { tag: entry.tag }),
    };
  });
  return cloudRun.updateTraffic(keyOf(service.name), service.etag, traffic);
}

/** "projects/P/locations/R/services/S[/revisions/X]" -> "P/R/S"; jobs and their executions likewise. */
export function keyOf(name: string): string {
  const [, project, , region, , service] = name.split("/");
  if (project === undefined || region === undefined || service === undefined) {
    throw new ApiError(Status.INVALID_ARGUMENT, `'${name}' is not a resource name.`);
  }
  return `${project}/${region}/${service}`;
}

export function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof RunRefusal) throw new ApiError(Status[error.status], error.message);
    throw error;
  }
}

function wireService(service: RunService): object {
  const name = `projects/${service.project}/locations/${service.region}/services/${service.name}`;
  return {
    name,
    generation: String(service.generation),
    observedGeneration: String(service.observedGeneration),
    etag: service.etag,
    reconciling: service.reconciling,
    traffic: service.traffic.map((entry) => ({
      type: entry.revision === undefined ? LATEST : REVISION,
      percent: entry.percent,
      revision: entry.revision ?? "",
      tag: entry.tag ?? "",
    })),
    trafficStatuses: service.served.map((entry) => ({
      type: entry.latest ? LATEST : REVISION,
      percent: entry.percent,
      // The real API has been seen to leave the name out for the latest; never where that would name the wrong one.
      revision: entry.latest && entry.revision === service.latestReady ? "" : (entry.revision ?? ""),
      tag: entry.tag ?? "",
      uri: entry.tag === undefined ? "" : `https://${entry.tag}---${service.name}-simulated.a.run.app`,
    })),
    latestCreatedRevision: `${name}/revisions/${service.latestCreated}`,
    latestReadyRevision: `${name}/revisions/${service.latestReady}`,
    terminalCondition: wireCondition("Ready", service.ready),
    conditions: [wireCondition("RoutesReady", service.routes)],
    updateTime: wireTime(service.updatedAt),
    uri: `https://${service.name}-simulated.a.run.app`,
    lastModifier: service.lastModifier,
  };
}

function wireRevision(service: RunService, revision: RunRevision): object {
  return {
    name: `projects/${service.project}/locations/${service.region}/services/${service.name}/revisions/${revision.name}`,
    createTime: wireTime(revision.createdAt),
    service: service.name,
    labels: revision.commit === undefined ? {} : { "commit-sha": revision.commit },
    containers: [{ image: revision.image }],
    conditions: [wireCondition("Ready", revision.ready)],
  };
}

/** `reason` and `revisionReason` are alternatives of one union. */
function wireCondition(type: string, condition: RunCondition): object {
  const common = condition.reason === "REVISION_FAILED" || condition.reason === "PROGRESS_DEADLINE_EXCEEDED";
  return {
    type,
    state: condition.state,
    message: condition.message ?? "",
    lastTransitionTime: wireTime(condition.at),
    ...(condition.reason === undefined
      ? {}
      : common
        ? { reason: condition.reason }
        : { revisionReason: condition.reason }),
  };
}
