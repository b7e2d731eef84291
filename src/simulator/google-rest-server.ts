/**
 * The simulated Google Cloud as gcloud speaks to it: Cloud Run's v1 API and entries.list over REST, of the same world as gRPC. It
 * is for people and their scripts: it takes no planned faults.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { knativeRevision, knativeService, resourceVersion } from "./cloud-run-knative.ts";
import { RunRefusal, type RunService, type RunTraffic } from "./cloud-run-model.ts";
import type { CloudRunState } from "./cloud-run-state.ts";
import { ApiError, Status } from "./grpc-api.ts";
import { type Listening, listen } from "./listen.ts";
import type { Listings } from "./log-listings.ts";

interface Place {
  readonly cloudRun: CloudRunState;
  readonly listings: Listings;
}

export async function startGoogleRestServer(place: Place, port = 0): Promise<Listening> {
  const server = createServer((request, response) => {
    answer(place, request)
      .then((body) => send(response, 200, body))
      .catch((error: unknown) => refuse(response, error));
  });
  return listen(server, port);
}

const KNATIVE = /^\/apis\/serving\.knative\.dev\/v1\/namespaces\/([^/]+)\/(services|revisions)(?:\/([^/]+))?$/;

/** As a proxy for http, too: then the URL is absolute, and its host is what gcloud makes of a region and an endpoint. */
async function answer(place: Place, request: IncomingMessage): Promise<object> {
  const url = new URL(request.url ?? "/", "http://google");
  const body = await text(request);
  if (url.pathname === "/v2/entries:list" && request.method === "POST") return entries(place, body);
  const [, project = "", kind, name] = KNATIVE.exec(url.pathname) ?? [];
  if (kind === "services" && name !== undefined) {
    const service = found(place, project, name);
    if (request.method === "GET") return knativeService(service);
    if (request.method === "PUT") return replaced(place, service, body);
  }
  if (kind === "revisions" && request.method === "GET") return revisions(place, project, name, url);
  throw new ApiError(Status.UNIMPLEMENTED, `the simulated Google Cloud has no ${request.method} ${url.pathname}`);
}

/** v1 knows services by namespace alone; the region is in the host's name. */
function found({ cloudRun }: Place, project: string, name: string): RunService {
  const service = cloudRun.services.find((one) => one.project === project && one.name === name);
  if (service === undefined)
    throw new ApiError(Status.NOT_FOUND, `Resource '${name}' of kind 'SERVICE' does not exist.`);
  return service;
}

function revisions({ cloudRun }: Place, project: string, name: string | undefined, url: URL): object {
  const of = /serving\.knative\.dev\/service\s*=\s*([^,\s]+)/.exec(url.searchParams.get("labelSelector") ?? "")?.[1];
  const services = cloudRun.services.filter((one) => one.project === project && (of === undefined || one.name === of));
  const all = services.flatMap((service) => [...service.revisions.values()].map((revision) => ({ service, revision })));
  if (name === undefined) {
    const items = all.toReversed().map(({ service, revision }) => knativeRevision(service, revision));
    return { apiVersion: "serving.knative.dev/v1", kind: "RevisionList", items };
  }
  const one = all.find(({ revision }) => revision.name === name);
  if (one === undefined) throw new ApiError(Status.NOT_FOUND, `Resource '${name}' of kind 'REVISION' does not exist.`);
  return knativeRevision(one.service, one.revision);
}

const replacementSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().optional() }),
  spec: z.object({
    traffic: z
      .array(
        z.object({
          percent: z.number().default(0),
          revisionName: z.string().optional(),
          latestRevision: z.boolean().optional(),
          tag: z.string().optional(),
        }),
      )
      .default([]),
  }),
});

/** A PUT of the whole service: of it the traffic is taken, as `update-traffic` changes nothing else. */
function replaced({ cloudRun }: Place, service: RunService, body: string): object {
  const { metadata, spec } = replacementSchema.parse(JSON.parse(body));
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== resourceVersion(service)) {
    throw new ApiError(Status.ABORTED, `Conflict for resource '${service.name}': version is not current.`);
  }
  const traffic = spec.traffic.map((entry): RunTraffic => ({
    percent: entry.percent,
    ...(entry.latestRevision === true || entry.revisionName === undefined ? {} : { revision: entry.revisionName }),
    ...(entry.tag === undefined ? {} : { tag: entry.tag }),
  }));
  cloudRun.updateTraffic(service.key, "", traffic, "gcloud@example.test");
  return knativeService(service);
}

const listSchema = z.object({
  resourceNames: z.array(z.string()).default([]),
  filter: z.string().default(""),
  orderBy: z.string().default(""),
  pageSize: z.int().default(0),
  pageToken: z.string().default(""),
});

function entries({ listings }: Place, body: string): object {
  const page = listings.page(listSchema.parse(JSON.parse(body)), false);
  return { entries: page.entries, ...(page.nextPageToken === "" ? {} : { nextPageToken: page.nextPageToken }) };
}

/** https://cloud.google.com/apis/design/errors#http_mapping */
const HTTP: Readonly<Partial<Record<Status, number>>> = {
  [Status.INVALID_ARGUMENT]: 400,
  [Status.NOT_FOUND]: 404,
  [Status.ABORTED]: 409,
  [Status.RESOURCE_EXHAUSTED]: 429,
  [Status.UNIMPLEMENTED]: 501,
};

function refuse(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof RunRefusal
      ? new ApiError(Status[error.status], error.message)
      : error instanceof z.ZodError || error instanceof SyntaxError
        ? new ApiError(Status.INVALID_ARGUMENT, "the request is not what the API takes")
        : error;
  const status = known instanceof ApiError ? known.code : Status.INTERNAL;
  const code = HTTP[status] ?? 500;
  send(response, code, {
    error: { code, message: known instanceof Error ? known.message : "", status: Status[status] },
  });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" }).end(JSON.stringify(body));
}
