/** Probes over fetch: one request, no redirects followed, no retries, and never more of the body than it may hold. */
import { PortFailure } from "../model/error.ts";
import type { Http, ProbeRequest, ProbeResponse } from "../ports/http.ts";
import { fetchFailure } from "./fetch-failure.ts";

const BODY_LIMIT = 64 * 1024;

export function createHttp(): Http {
  return { probe };
}

async function probe(request: ProbeRequest, signal?: AbortSignal): Promise<ProbeResponse> {
  const url = addressOf(request.url);
  const what = `${request.method} ${url.host}${url.pathname}`;
  const bound = AbortSignal.timeout(request.timeoutMs);
  const startedAt = performance.now();
  try {
    const response = await fetch(url, {
      method: request.method,
      redirect: "manual",
      // The bound covers the body too: a server that drips is a server that does not answer.
      signal: signal === undefined ? bound : AbortSignal.any([bound, signal]),
      ...(request.headers === undefined ? {} : { headers: request.headers }),
    });
    const body = await beginningOf(response);
    return { status: response.status, latencyMs: Math.round(performance.now() - startedAt), body };
  } catch (error) {
    throw fetchFailure(error, what, signal);
  }
}

function addressOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new PortFailure("invalid", "a probe's url must begin with http:// or https://");
  }
  // fetch refuses these; its message would hold the password.
  if (url.username !== "" || url.password !== "") {
    throw new PortFailure("invalid", `a probe's url must not hold a user name or a password (${url.host})`);
  }
  return url;
}

async function beginningOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the rest of the body.
  for await (const chunk of response.body) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= BODY_LIMIT) break;
  }
  return Buffer.concat(chunks).subarray(0, BODY_LIMIT).toString("utf8");
}
