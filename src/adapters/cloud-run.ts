/** Cloud Run over the official Admin API v2 client: names made short, LATEST resolved, operations never awaited. */
import type { v2 } from "@google-cloud/run";
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { CloudRunTarget, TrafficEntry } from "../model/service.ts";
import type { CloudRun, CloudRunRevision, CloudRunService } from "../ports/cloud-run.ts";
import { conditionOf, conditionSchema, int64, parsed, short, text, timestamp } from "./cloud-run-wire.ts";
import { bounded, callOptions, type GoogleConfig, instantOf, once, present } from "./google.ts";

export function createCloudRun(config: GoogleConfig): CloudRun {
  const clients = once(() => connect(config));
  return {
    async service(target, signal) {
      const what = `Cloud Run service ${target.service}`;
      const [answer] = await bounded(what, config, signal, async () =>
        (await clients()).services.getService({ name: serviceName(target) }, callOptions(config)),
      );
      return serviceOf(parsed(what, serviceSchema, answer));
    },
    async revision(target, name, signal) {
      const what = `Cloud Run revision ${name}`;
      const [answer] = await bounded(what, config, signal, async () =>
        (await clients()).revisions.getRevision(
          { name: `${serviceName(target)}/revisions/${name}` },
          callOptions(config),
        ),
      );
      return revisionOf(parsed(what, revisionSchema, answer));
    },
    async setTraffic(target, etag, traffic) {
      const what = `traffic of Cloud Run service ${target.service}`;
      // With the mask `traffic`, an empty list would mean "everything to the latest".
      if (traffic.length === 0) throw new PortFailure("invalid", `${what}: refusing an empty traffic vector`);
      const [operation] = await bounded(what, config, undefined, async () =>
        (await clients()).services.updateService(
          {
            service: { name: serviceName(target), etag, traffic: traffic.map(wireEntry) },
            updateMask: { paths: ["traffic"] },
          },
          callOptions(config),
        ),
      );
      return { operation: operation.name ?? "" };
    },
  };
}

interface Clients {
  readonly services: v2.ServicesClient;
  readonly revisions: v2.RevisionsClient;
}

async function connect(config: GoogleConfig): Promise<Clients> {
  const [{ v2 }, { clientOptions }] = await Promise.all([import("@google-cloud/run"), import("./google-client.ts")]);
  const options = await clientOptions(config);
  return { services: new v2.ServicesClient(options), revisions: new v2.RevisionsClient(options) };
}

function serviceName(target: CloudRunTarget): string {
  return `projects/${target.project}/locations/${target.region}/services/${target.service}`;
}

const trafficSchema = z
  .array(z.object({ type: text, revision: text, percent: z.number().nullish(), tag: text, uri: text }))
  .nullish()
  .transform((value) => value ?? []);

const serviceSchema = z.object({
  generation: int64,
  observedGeneration: int64,
  etag: z.string(),
  reconciling: z.boolean().nullish(),
  latestCreatedRevision: text,
  latestReadyRevision: text,
  traffic: trafficSchema,
  trafficStatuses: trafficSchema,
  terminalCondition: conditionSchema.nullish(),
  conditions: z.array(conditionSchema).nullish(),
  updateTime: timestamp,
  uri: text,
  lastModifier: text,
});

const revisionSchema = z.object({
  name: z.string(),
  createTime: timestamp,
  labels: z.record(z.string(), z.string()).nullish(),
  containers: z.array(z.object({ image: text })).nullish(),
  conditions: z.array(conditionSchema).nullish(),
});

function serviceOf(wire: z.infer<typeof serviceSchema>): CloudRunService {
  const created = short(wire.latestCreatedRevision);
  const ready = short(wire.latestReadyRevision);
  const routes = wire.conditions?.find(({ type }) => type === "RoutesReady");
  return {
    generation: wire.generation,
    observedGeneration: wire.observedGeneration,
    etag: wire.etag,
    reconciling: wire.reconciling ?? false,
    traffic:
      wire.traffic.length === 0
        ? [{ revision: ready ?? created ?? "", percent: 100, latest: true }]
        : wire.traffic.map((entry) => entryOf(entry, ready)),
    served: summed(wire.trafficStatuses.map((entry) => entryOf(entry, ready))),
    ready: conditionOf(wire.terminalCondition ?? undefined),
    ...present({
      latestCreatedRevision: created,
      latestReadyRevision: ready,
      routesChangedAt: instantOf(routes?.lastTransitionTime),
      updatedAt: instantOf(wire.updateTime),
      url: wire.uri,
      lastModifier: wire.lastModifier,
    }),
  };
}

function revisionOf(wire: z.infer<typeof revisionSchema>): CloudRunRevision {
  const createdAt = instantOf(wire.createTime);
  if (createdAt === undefined) throw new PortFailure("malformed", `revision ${wire.name} has no creation time`);
  const labels = wire.labels ?? {};
  return {
    name: short(wire.name) ?? wire.name,
    createdAt,
    ready: conditionOf(wire.conditions?.find(({ type }) => type === "Ready")),
    images: (wire.containers ?? []).flatMap(({ image }) => (image === undefined ? [] : [image])),
    labels,
    ...present({ commit: labels["commit-sha"] || undefined }),
  };
}

function entryOf(wire: z.infer<typeof trafficSchema>[number], latestReady: string | undefined): TrafficEntry {
  const latest = wire.type === "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
  return {
    // An observed entry of type LATEST may come without a name.
    revision: short(wire.revision) ?? (latest ? (latestReady ?? "") : ""),
    percent: wire.percent ?? 0,
    latest,
    ...present({ tag: wire.tag, url: wire.uri }),
  };
}

/** One entry for each revision and tag. */
function summed(entries: readonly TrafficEntry[]): readonly TrafficEntry[] {
  const sums = new Map<string, TrafficEntry>();
  for (const entry of entries) {
    const key = `${entry.revision}/${entry.tag ?? ""}`;
    const before = sums.get(key);
    sums.set(
      key,
      before === undefined
        ? entry
        : { ...before, percent: before.percent + entry.percent, latest: before.latest || entry.latest },
    );
  }
  return [...sums.values()];
}

function wireEntry(entry: TrafficEntry): {
  type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" | "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
  revision?: string;
  percent: number;
  tag?: string;
} {
  return {
    ...(entry.latest
      ? { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" as const }
      : { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION" as const, revision: entry.revision }),
    percent: entry.percent,
    ...present({ tag: entry.tag }),
  };
}
