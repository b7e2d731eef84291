/** The Kubernetes REST API over the simulated cluster, on loopback: enough for client-node and kubectl. Knows no time. */
import { misbehave } from "./http-fault.ts";
import { listen } from "./listen.ts";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Fault, Faults } from "./faults.ts";
import { ACCESS_REVIEWS, accessReview } from "./kubernetes-access.ts";
import { discovery, RESOURCES } from "./kubernetes-discovery.ts";
import { type ApiObject, deploymentObject } from "./kubernetes-objects.ts";
import { applyPatch, PatchRejected } from "./kubernetes-patch.ts";
import { objectsOf, podLog } from "./kubernetes-read.ts";
import { parseFieldSelector, parseLabelSelector, SelectorError } from "./kubernetes-selector.ts";
import type { KubernetesState } from "./kubernetes-state.ts";
import { asTable } from "./kubernetes-table.ts";
import type { Template } from "./kubernetes-model.ts";

const MAX_BODY_BYTES = 3 * 1024 * 1024;
const PATHS = /^\/(?:api\/v1|apis\/[\w.]+\/v\d\w*)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/;

/** An answer as the API gives it, thrown by whatever finds out that the request fails. */
class Status extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: Record<string, unknown>;

  constructor(code: number, reason: string, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

interface Request {
  readonly method: string;
  readonly namespace: string | undefined;
  readonly resource: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
  readonly message: IncomingMessage;
}

/** Listens on 127.0.0.1, on a free port when `port` is 0. `close` ends open watches and silent calls too. */
export async function startKubernetesServer(
  state: KubernetesState,
  faults: Faults,
  port = 0,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((message, response) => {
    answer(state, faults, message, response).catch((error: unknown) => sendStatus(response, error));
  });
  return listen(server, port);
}

async function answer(
  state: KubernetesState,
  faults: Faults,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(message.url ?? "/", "http://simulator");
  const document = discovery(url.pathname);
  if (document !== undefined) return send(response, 200, document);
  if (url.pathname === ACCESS_REVIEWS && message.method === "POST") {
    return send(response, 201, accessReview(JSON.parse(await readBody(message)), state.refused));
  }
  const request = parseRequest(message, url);
  const fault = faults.take("kubernetes", callName(request), state.world.now);
  if (fault !== undefined) {
    const refuse = (): void => sendStatus(response, faultStatus(fault, response));
    if (misbehave(response, fault, state.world, refuse)) return;
  }
  if (request.method === "PATCH") {
    return send(response, 200, patch(state, request, JSON.parse(await readBody(message))));
  }
  if (request.method !== "GET")
    throw new Status(405, "MethodNotAllowed", `the server does not allow ${request.method}`);
  if (request.subresource === "log") return sendLog(state, request, response);
  if (request.query.get("watch") === "true" || request.query.get("watch") === "1")
    return watch(state, request, response);
  const found =
    request.name === undefined ? list(state, request, fault?.kind === "empty-page") : get(state, request, request.name);
  send(response, 200, asTable(message.headers.accept ?? "", request.resource, found, state.world.now) ?? found);
}

function parseRequest(message: IncomingMessage, url: URL): Request {
  const [, namespace, resource = "", name, subresource] = PATHS.exec(url.pathname) ?? [];
  if (!RESOURCES.has(resource)) throw new Status(404, "NotFound", "the server could not find the requested resource");
  return { method: message.method ?? "GET", namespace, resource, name, subresource, query: url.searchParams, message };
}

/** The names that faults use. */
function callName({ method, resource, name, subresource }: Request): string {
  if (method === "PATCH") return "patch-workload";
  if (subresource === "log") return "pod-log";
  if (name !== undefined) return resource === "pods" ? "get-pod" : "get-workload";
  return `list-${resource}`;
}

function select(state: KubernetesState, request: Request): readonly ApiObject[] {
  const byLabels = parseLabelSelector(request.query.get("labelSelector") ?? "");
  const byFields = parseFieldSelector(request.query.get("fieldSelector") ?? "");
  return objectsOf(state, request.resource).filter(
    (object) =>
      (request.namespace === undefined || object.metadata.namespace === request.namespace) &&
      byLabels(object.metadata.labels ?? {}) &&
      byFields(object),
  );
}

/** `isHeldBack`: the page is empty, and its token leads to where it would have begun. */
function list(state: KubernetesState, request: Request, isHeldBack: boolean): unknown {
  const all = select(state, request);
  const { kind, apiVersion } = RESOURCES.get(request.resource) ?? { kind: "", apiVersion: "v1" };
  const offset = Number(Buffer.from(request.query.get("continue") ?? "", "base64url").toString() || 0);
  const limit = isHeldBack ? 0 : Number(request.query.get("limit") ?? 0) || all.length;
  const left = Math.max(0, all.length - offset - limit);
  const page =
    left > 0 || isHeldBack
      ? { continue: Buffer.from(String(offset + limit)).toString("base64url"), remainingItemCount: left }
      : {};
  return {
    kind: `${kind}List`,
    apiVersion,
    metadata: { resourceVersion: String(state.resourceVersion), ...page },
    items: all.slice(offset, offset + limit),
  };
}

function get(state: KubernetesState, request: Request, name: string): ApiObject {
  const found = objectsOf(state, request.resource).find(
    ({ metadata }) => metadata.name === name && metadata.namespace === request.namespace,
  );
  if (found === undefined) throw notFound(request.resource, name);
  return found;
}

/** Only deployments, and of these the template, the replicas and the metadata of people. */
function patch(state: KubernetesState, request: Request, body: unknown): unknown {
  const { namespace = "", name = "", resource } = request;
  if (resource !== "deployments") throw new Status(405, "MethodNotAllowed", `${resource} cannot be patched here`);
  const object = get(state, request, name);
  const deployment = state.deployment(namespace, name);
  const contentType = request.message.headers["content-type"] ?? "";
  const wanted = applyPatch(contentType, object, body) as {
    metadata: { resourceVersion: string; labels?: Record<string, string>; annotations?: Record<string, string> };
    spec: { template: Template; replicas: number; paused?: boolean };
  };
  if (wanted.metadata.resourceVersion !== String(deployment.resourceVersion)) {
    const what = `Operation cannot be fulfilled on deployments.apps "${name}"`;
    throw new Status(
      409,
      "Conflict",
      `${what}: the object has been modified; please apply your changes to the latest version`,
    );
  }
  if (wanted.spec.template.spec.containers.some(({ image }) => typeof image !== "string" || image === "")) {
    const field = "spec.template.spec.containers[0].image";
    throw new Status(422, "Invalid", `Deployment.apps "${name}" is invalid: ${field}: Required value`, {
      causes: [{ reason: "FieldValueRequired", message: "Required value", field }],
    });
  }
  const { "deployment.kubernetes.io/revision": _, ...annotations } = wanted.metadata.annotations ?? {};
  deployment.annotations = annotations;
  deployment.labels = wanted.metadata.labels ?? {};
  const { template, replicas, paused = false } = wanted.spec;
  state.changeSpec(deployment, { template, replicas, paused });
  const { generation } = deployment;
  state.patches.push({ at: state.world.now, namespace, name, contentType, body, generation });
  return deploymentObject(deployment);
}

function sendLog(state: KubernetesState, request: Request, response: ServerResponse): void {
  const { namespace = "", name = "", query } = request;
  const lines = podLog(state, namespace, name, query.get("previous") === "true");
  if (lines === undefined) throw notFound("pods", name);
  if (lines === "no-previous") {
    const what = `previous terminated container "${query.get("container") ?? ""}" in pod "${name}" not found`;
    throw new Status(400, "BadRequest", what);
  }
  const tail = Number(query.get("tailLines") ?? lines.length);
  const text = lines.slice(Math.max(0, lines.length - tail)).map((line) => `${line}\n`);
  response.writeHead(200, { "content-type": "text/plain" }).end(text.join(""));
}

/** Initial ADDED events unless the client lists first and names what it has seen; then MODIFIED on every change. */
function watch(state: KubernetesState, request: Request, response: ServerResponse): void {
  const seen = Number(request.query.get("resourceVersion") ?? 0);
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  const tell = (type: string, object: unknown): void => void response.write(`${JSON.stringify({ type, object })}\n`);
  for (const object of select(state, request)) {
    const version = Number((object.metadata as { resourceVersion?: string }).resourceVersion ?? 0);
    if (seen === 0) tell("ADDED", object);
    else if (version > seen) tell("MODIFIED", object);
  }
  if (request.resource !== "deployments") return;
  const stop = state.onChange((deployment) => {
    const { namespace, name } = deployment.options;
    const changed = select(state, request).find(
      ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
    );
    if (changed !== undefined) tell("MODIFIED", changed);
  });
  response.on("close", stop);
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Status(413, "RequestEntityTooLarge", "Request entity too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function notFound(resource: string, name: string): Status {
  const group = RESOURCES.get(resource)?.apiVersion.split("/").slice(0, -1).join("") ?? "";
  const kind = group === "" ? resource : `${resource}.${group}`;
  return new Status(404, "NotFound", `${kind} "${name}" not found`, { name, group, kind: resource });
}

function faultStatus(fault: Fault, response: ServerResponse): Status {
  if (fault.retryAfterSeconds !== undefined) response.setHeader("retry-after", String(fault.retryAfterSeconds));
  const reasons: Readonly<Record<number, string>> = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    422: "Invalid",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
    504: "Timeout",
  };
  return new Status(fault.status, reasons[fault.status] ?? "InternalError", `planned fault ${fault.status}`);
}

function sendStatus(response: ServerResponse, error: unknown): void {
  const status = statusOf(error);
  send(response, status.code, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: status.message,
    reason: status.reason,
    details: status.details,
    code: status.code,
  });
}

function statusOf(error: unknown): Status {
  if (error instanceof Status) return error;
  if (error instanceof SelectorError) return new Status(400, "BadRequest", error.message);
  if (error instanceof PatchRejected) {
    // What kube-apiserver says when a JSON patch cannot be applied, failed tests included; the cause is not told.
    return new Status(422, "Invalid", "the server rejected our request due to an error in our request");
  }
  if (error instanceof SyntaxError) return new Status(400, "BadRequest", error.message);
  return new Status(500, "InternalError", error instanceof Error ? error.message : "unknown");
}

function send(response: ServerResponse, code: number, body: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}
