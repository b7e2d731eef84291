/** The simulated GitHub as an HTTP server on loopback: tokens, limits, etags, pages and faults around the routes. */
import { listen } from "./listen.ts";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { HOUR, msOf, plusMs } from "../model/time.ts";
import type { Fault, Faults } from "./faults.ts";
import { misbehave } from "./http-fault.ts";
import { GITHUB_ROUTES } from "./github-routes.ts";
import { GitHubRefusal, type GitHubReply, type GitHubRoute } from "./github-request.ts";
import type { GitHubState } from "./github-state.ts";
import { GitHubViews, nodeId, userId } from "./github-views.ts";

export interface GitHubServer {
  /** "http://127.0.0.1:PORT", what GITHUB_API_URL would say; the paths of GitHub Enterprise (/api/v3) work too. */
  readonly url: string;
  close(): Promise<void>;
}

const DOCUMENTATION = "https://docs.github.com/rest";
const MAX_REQUEST_BYTES = 1_048_576;

export async function startGitHubServer(state: GitHubState, faults: Faults, port = 0): Promise<GitHubServer> {
  const routes = GITHUB_ROUTES.map((route) => ({ route, pattern: patternOf(route.path) }));
  const server = createServer((request, response) => {
    serve(state, faults, routes, request, response).catch((error: unknown) => {
      send(state, response, { status: 500, body: { message: String(error) } });
    });
  });
  return listen(server, port);
}

type Routes = readonly { readonly route: GitHubRoute; readonly pattern: RegExp }[];

async function serve(
  state: GitHubState,
  faults: Faults,
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { origin, url, prefix, pathname } = pathOf(request);
  const text = await bodyOf(request);
  const matches = routes.flatMap(({ route, pattern }) => {
    const hit = pattern.exec(pathname);
    return route.method === request.method && hit !== null ? [{ route, path: decoded(hit.groups ?? {}) }] : [];
  });
  const [match] = matches;
  if (match?.route.open !== true) {
    const refusal = authorisation(state, request);
    if (refusal !== undefined) return send(state, response, errorReply(refusal));
  }
  if (match === undefined) return send(state, response, errorReply(new GitHubRefusal(404, "Not Found")));
  const { route, path } = match;

  const count = state.requests.get(route.call) ?? { total: 0, notModified: 0 };
  state.requests.set(route.call, count);
  count.total++;
  const limit = primaryLimit(state);
  if (limit !== undefined) return send(state, response, errorReply(limit));
  const fault = faults.take("github", route.call, state.world.now);
  const refuse = (): void => {
    if (fault !== undefined) send(state, response, faultReply(state, fault));
  };
  if (fault !== undefined && misbehave(response, fault, state.world, refuse)) return;

  const views = new GitHubViews(state, `${origin}${prefix}`);
  const accept = request.headers.accept ?? "";
  const { authorization } = request.headers;
  const reply = attempt(() =>
    paged(
      route.handle({ state, views, path, query: url.searchParams, accept, authorization, body: jsonOf(text) }),
      url,
    ),
  );
  send(state, response, reply, request);
  if (response.headersSent && response.statusCode === 304) count.notModified++;
}

/** `prefix`: of GitHub Enterprise. */
function pathOf(request: IncomingMessage): { origin: string; url: URL; prefix: string; pathname: string } {
  const origin = `http://${request.headers.host ?? "127.0.0.1"}`;
  const url = new URL(request.url ?? "/", origin);
  const prefix = /^\/api(\/v3)?(?=\/)/.exec(url.pathname)?.[0] ?? "";
  return { origin, url, prefix, pathname: url.pathname.slice(prefix.length) };
}

/** "/repos/{owner}/{repo}" to a pattern; `{+name}` takes slashes. */
function patternOf(path: string): RegExp {
  const source = path.replaceAll(/\{(\+?)(\w+)\}/g, (_all, plus: string, name: string) =>
    plus === "+" ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`,
  );
  return new RegExp(`^${source}$`);
}

function decoded(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
}

function authorisation(state: GitHubState, request: IncomingMessage): GitHubRefusal | undefined {
  const token = /^(?:token|bearer) (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) return new GitHubRefusal(401, "Requires authentication");
  const { token: wanted } = state.options;
  return wanted === undefined || wanted === token ? undefined : new GitHubRefusal(401, "Bad credentials");
}

function attempt(handle: () => GitHubReply): GitHubReply {
  try {
    return handle();
  } catch (error) {
    if (error instanceof GitHubRefusal) return errorReply(error);
    throw error;
  }
}

function errorReply(refusal: GitHubRefusal): GitHubReply {
  const { status, message, errors } = refusal;
  const details = errors === undefined ? {} : { errors };
  return { status, body: { message, ...details, documentation_url: DOCUMENTATION, status: String(status) } };
}

function faultReply(state: GitHubState, fault: Fault): GitHubReply {
  const limited = fault.status === 429 || (fault.status === 403 && fault.retryAfterSeconds !== undefined);
  const message = limited ? "You have exceeded a secondary rate limit." : `Simulated fault at ${state.world.now}`;
  const headers: Record<string, string> =
    fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  return { ...errorReply(new GitHubRefusal(fault.status, message)), headers, isFault: true };
}

/** Cuts a list into its page and says in `Link` which pages there are. */
function paged(reply: GitHubReply, url: URL): GitHubReply {
  if (reply.list === undefined) return reply;
  const { items } = reply.list;
  const size = Math.min(Math.max(Number(url.searchParams.get("per_page") ?? 30) || 30, 1), 100);
  const page = Math.max(Number(url.searchParams.get("page") ?? 1) || 1, 1);
  const last = Math.max(Math.ceil(items.length / size), 1);
  const link = (to: number, rel: string): string => {
    const target = new URL(url);
    target.searchParams.set("page", String(to));
    return `<${target.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, "prev"), link(1, "first")] : []),
    ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
  ];
  const body = reply.list.page(items.slice((page - 1) * size, page * size), items.length);
  return { status: reply.status, body, ...(links.length === 0 ? {} : { headers: { link: links.join(", ") } }) };
}

function send(state: GitHubState, response: ServerResponse, reply: GitHubReply, request?: IncomingMessage): void {
  const text = reply.text ?? (reply.body === undefined ? "" : JSON.stringify(reply.body));
  const etag = `W/"${createHash("sha256").update(text).digest("hex")}"`;
  const isFresh =
    request?.method === "GET" && reply.status === 200 && request.headers["if-none-match"]?.includes(etag) === true;
  if (!isFresh) spend(state);
  const { limit, used, resetAt } = state.rateLimit;
  response.writeHead(isFresh ? 304 : reply.status, {
    date: new Date(state.world.now).toUTCString(),
    server: "github.com",
    "x-github-media-type": "github.v3; format=json",
    "x-github-api-version-selected": "2022-11-28",
    "x-github-request-id": nodeId("request", used),
    "x-ratelimit-limit": limit,
    "x-ratelimit-remaining": Math.max(limit - used, 0),
    "x-ratelimit-used": used,
    "x-ratelimit-reset": Math.floor(msOf(resetAt) / 1_000),
    "x-ratelimit-resource": "core",
    ...(state.scopes === undefined ? {} : { "x-oauth-scopes": state.scopes.join(", ") }),
    ...(reply.status === 200 ? { etag, "cache-control": "private, max-age=60, s-maxage=60" } : {}),
    ...(text === "" || isFresh ? {} : { "content-type": reply.contentType ?? "application/json; charset=utf-8" }),
    ...reply.headers,
  });
  response.end(isFresh ? undefined : text);
  if (reply.isFault === true) return;
  state.observe?.({
    method: response.req.method ?? "",
    path: pathOf(response.req).pathname,
    status: response.statusCode,
    contentType: String(response.getHeader("content-type") ?? ""),
    text: isFresh ? "" : text,
  });
}

function primaryLimit(state: GitHubState): GitHubRefusal | undefined {
  const { limit, used, resetAt } = state.rateLimit;
  if (used < limit || resetAt <= state.world.now) return undefined;
  return new GitHubRefusal(403, `API rate limit exceeded for user ID ${userId(state.options.login)}.`);
}

/** An answer that was not a 304 counts against the hour. */
function spend(state: GitHubState): void {
  const { rateLimit, world } = state;
  while (rateLimit.resetAt <= world.now) {
    rateLimit.resetAt = plusMs(rateLimit.resetAt, HOUR);
    rateLimit.used = 0;
  }
  rateLimit.used++;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_REQUEST_BYTES) throw new Error("the request is too large");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    throw new GitHubRefusal(400, "Problems parsing JSON");
  }
}
