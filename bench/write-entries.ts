/** Writes exported log entries for the benchmarks: a steady service with a few failing routes, as NDJSON, gzipped. */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { World } from "../src/simulator/world.ts";
import { MINUTE, type Instant, instant, msOf } from "../src/model/time.ts";

export interface EntryPlan {
  readonly count: number;
  readonly from: Instant;
  readonly minutes: number;
  readonly revision: string;
  /** Share of the requests that fail with 500. */
  readonly failing: number;
  readonly seed: number;
}

/** Ascending by time; one entry in twenty is an application entry, one in two hundred an application error. */
export async function writeEntries(file: string, plan: EntryPlan): Promise<void> {
  await pipeline(Readable.from(chunksOf(plan)), createGzip({ level: 6 }), createWriteStream(file));
}

function* chunksOf(plan: EntryPlan): Generator<string> {
  const world = new World({ now: plan.from, seed: plan.seed });
  const random = world.random("entries");
  let chunk = "";
  for (let index = 0; index < plan.count; index++) {
    const atMs = msOf(plan.from) + Math.floor((index / plan.count) * plan.minutes * MINUTE);
    chunk += `${JSON.stringify(entryOf(plan, random, atMs, index))}\n`;
    if (chunk.length > 1 << 16) {
      yield chunk;
      chunk = "";
    }
  }
  if (chunk !== "") yield chunk;
}

const ROUTES = ["/v1/conversations", "/v1/memories", "/v1/users", "/v2/messages", "/v1/sync/files"];

function entryOf(plan: EntryPlan, random: () => number, atMs: number, index: number): object {
  const timestamp = `${instant(atMs).slice(0, -1)}${String(index % 1_000_000).padStart(6, "0")}Z`;
  const common = {
    insertId: `${index.toString(36)}x${Math.floor(random() * 1e12).toString(36)}`,
    timestamp,
    receiveTimestamp: timestamp,
    resource: {
      type: "cloud_run_revision",
      labels: {
        project_id: "based-hardware",
        location: "us-central1",
        service_name: "backend",
        configuration_name: "backend",
        revision_name: plan.revision,
      },
    },
  };
  if (index % 20 === 0) {
    const isError = index % 200 === 0;
    return {
      ...common,
      logName: "projects/based-hardware/logs/run.googleapis.com%2Fstderr",
      severity: isError ? "ERROR" : "INFO",
      textPayload: isError
        ? `redis: connection to 10.0.0.${index % 250} lost after ${index % 5000} ms`
        : `processed ${index} of user ${Math.floor(random() * 1e6)}`,
      labels: { instanceId: `00f46b92${(index % 97).toString(16)}` },
    };
  }
  const route = ROUTES[Math.floor(random() * ROUTES.length)] ?? "/";
  const isFailing = random() < plan.failing;
  const status = isFailing ? 500 : 200;
  return {
    ...common,
    logName: "projects/based-hardware/logs/run.googleapis.com%2Frequests",
    severity: isFailing ? "ERROR" : "INFO",
    trace: `projects/based-hardware/traces/${Math.floor(random() * 1e15).toString(16)}`,
    httpRequest: {
      requestMethod: "GET",
      requestUrl: `https://api.omi.me${route}/${Math.floor(random() * 1e9).toString(16)}?limit=${index % 50}`,
      requestSize: "1204",
      status,
      responseSize: "5120",
      userAgent: "Omi/1.0.71 (iOS 18.3)",
      remoteIp: `203.0.113.${index % 250}`,
      serverIp: "169.254.1.1",
      latency: `${(random() * 0.9).toFixed(6)}s`,
      protocol: "HTTP/1.1",
    },
  };
}
