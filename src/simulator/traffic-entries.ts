/** Log entries of simulated Cloud Run services in the shape that Cloud Logging has them; decides nothing. */
import { instant, MINUTE } from "../model/time.ts";
import type { RunService } from "./cloud-run-model.ts";
import type { SimulatedEntry } from "./log-source.ts";
import { type Identity, type Line, type Placed, type Surroundings, VISIBLE_AFTER_MS } from "./traffic-minute.ts";

export interface EntryPlace {
  readonly service: RunService;
  readonly chance: Surroundings["chance"];
}

/** The entry of the request log. */
export function requestEntry(place: EntryPlace, request: Placed): SimulatedEntry {
  const { service } = place;
  const nonce = nonceOf(place, "request", request);
  const path = request.route.replaceAll(/\{\w+\}/g, nonce);
  return {
    ...common(place, request, "requests", nonce),
    severity: request.status >= 500 ? "ERROR" : request.status >= 400 ? "WARNING" : "INFO",
    httpRequest: {
      requestMethod: request.method,
      requestUrl: `https://${service.name}-simulated.a.run.app${path}`,
      status: request.status,
      latency: `${(request.latencyMs / 1_000).toFixed(6)}s`,
      remoteIp: "203.0.113.7",
      userAgent: "simulated-client/1.0",
    },
    trace: `projects/${service.project}/traces/${nonce}`,
  };
}

/** An entry that the container wrote. */
export function appEntry(place: EntryPlace, line: Line): SimulatedEntry {
  const { rule } = line;
  return {
    ...common(place, line, rule.stream, nonceOf(place, rule.stream, line)),
    severity: rule.severity,
    textPayload: rule.text,
  };
}

function common(
  { service }: EntryPlace,
  { atMs, revision }: { readonly atMs: number; readonly revision: string },
  log: string,
  nonce: string,
): Pick<SimulatedEntry, "logName" | "insertId" | "timestamp" | "receiveTimestamp" | "resource"> {
  return {
    logName: `projects/${service.project}/logs/run.googleapis.com%2F${log}`,
    insertId: nonce,
    // The nonce's digits stand in for the nanoseconds that real entries have.
    timestamp: `${instant(atMs).slice(0, -1)}${String(Number.parseInt(nonce.slice(0, 5), 16) % 1_000_000).padStart(6, "0")}Z`,
    receiveTimestamp: `${instant(atMs + VISIBLE_AFTER_MS).slice(0, -1)}000000Z`,
    resource: {
      type: "cloud_run_revision",
      labels: {
        project_id: service.project,
        location: service.region,
        service_name: service.name,
        configuration_name: service.name,
        revision_name: revision,
      },
    },
  };
}

/** Stable for an entry whatever else is asked for. */
function nonceOf({ chance }: EntryPlace, log: string, { id, atMs }: { id: Identity; atMs: number }): string {
  const minute = Math.floor(atMs / MINUTE);
  const part = (salt: string): string =>
    Math.floor(chance(`id/${log}/${id.family}/${salt}`, minute, id.index) * 4_294_967_296)
      .toString(16)
      .padStart(8, "0");
  return part("a") + part("b");
}
