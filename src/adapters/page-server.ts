/** Serves read-only pages over HTTP: GET and HEAD alone, to whoever names it rightly. It knows no run and keeps nothing. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { RunbookError } from "../model/error.ts";

export interface Page {
  readonly status: 200 | 404;
  readonly html: string;
  /** The policy of the page; the server adds that nobody may frame it. */
  readonly policy: string;
}

export interface PageServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly pageOf: (path: string, query: URLSearchParams) => Promise<Page>;
  /** Told to the operator; who asked gets no word of it. */
  readonly failed: (error: unknown) => void;
}

export interface PageServer {
  readonly port: number;
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 64;
const REQUEST_MS = 10_000;
/** Pages are made one after the other: a page costs a second of work, and the daemon has other work. */
const MOST_WAITING = 16;

/** Throws RunbookError when the address cannot be listened on. */
export async function servePages(options: PageServerOptions): Promise<PageServer> {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const server = createServer(
    { headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: 5_000, maxHeaderSize: 8_192 },
    (request, response) => {
      const refusal = refusalOf(request, portOf(server), options.host);
      if (refusal !== undefined) return answer(request, response, refusal);
      if (waiting >= MOST_WAITING) return answer(request, response, [503, "busy; try again in a moment"]);
      waiting += 1;
      last = last
        .then(() => pageFor(request, response, options))
        .finally(() => {
          waiting -= 1;
        });
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  // A silent socket is closed.
  server.timeout = 3 * REQUEST_MS;
  await listening(server, options);
  return {
    port: portOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pageFor(request: IncomingMessage, response: ServerResponse, options: PageServerOptions): Promise<void> {
  if (response.destroyed) return;
  try {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const { status, html, policy } = await options.pageOf(pathname, searchParams);
    answer(request, response, [status, html], { type: "text/html; charset=utf-8", policy });
  } catch (error) {
    options.failed(error);
    answer(request, response, [500, "this page could not be made; the operator's terminal says why"]);
  }
}

type Refusal = readonly [status: number, text: string];

/**
 * A browser that was told that an attacker's name has this address (DNS rebinding) names the attacker's host; a page from
 * elsewhere names its origin.
 */
function refusalOf({ method, headers, url = "/" }: IncomingMessage, port: number, bound: string): Refusal | undefined {
  const { host = "", origin } = headers;
  if (!isOwn(host, port, bound)) return [421, "this host and port is not served here"];
  if (origin !== undefined && origin !== `http://${host}`) return [403, "pages of other origins may not ask"];
  if (method !== "GET" && method !== "HEAD") return [405, "only GET and HEAD: nothing can be changed here"];
  return /^\/(?!\/)/.test(url) && url.length <= 1_000 ? undefined : [400, "not an address of this server"];
}

/** Loopback by its names. Bound elsewhere on purpose, also by what it was bound to, or by any number: names can be rebound, numbers not. */
function isOwn(host: string, port: number, bound: string): boolean {
  const [, name = "", given = "80"] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
  if (Number(given) !== port) return false;
  const plain = name.replace(/^\[|\]$/g, "").toLowerCase();
  if (isLoopback(plain)) return true;
  return !isLoopback(bound) && (plain === bound.toLowerCase() || isIP(plain) !== 0);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function answer(
  { method }: IncomingMessage,
  response: ServerResponse,
  [status, text]: Refusal,
  { type = "text/plain; charset=utf-8", policy = "default-src 'none'" } = {},
): void {
  if (response.destroyed) return;
  const body = Buffer.from(text);
  response.writeHead(status, {
    "content-type": type,
    "content-length": body.length,
    "content-security-policy": `${policy}; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
    // What was not read of a refused request is not read any more.
    ...(status >= 400 ? { connection: "close" } : {}),
  });
  response.end(method === "HEAD" ? undefined : body);
}

function portOf(server: Server): number {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}

function listening(server: Server, { host, port }: PageServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new RunbookError({
          what: `The status pages cannot be served on ${host} port ${port}: ${error.message}`,
          state: "Nothing was begun; the runs go on with the next `serve` or `check --due`.",
          next: "Name a free port with --status-port, and an address of this machine with --status-host.",
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}
