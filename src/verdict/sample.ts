/** Log entries, one at a time, into counts: whose code they judge, which minute and which group. Keeps no entry. */
import { type Redaction, redact } from "../model/redact.ts";
import { MINUTE } from "../model/time.ts";
import { exampleOf } from "./example.ts";
import { fingerprint } from "./fingerprint.ts";
import { routeFamily } from "./route-family.ts";

/** What is read of a log entry; a port's LogRecord is one. */
export interface SampledRecord {
  readonly logName: string;
  readonly insertId: string;
  readonly timestamp: string;
  readonly severity: string;
  readonly version?: string;
  readonly text?: string;
  readonly request?: {
    readonly method: string;
    readonly url: string;
    readonly status: number;
    readonly latencyMs?: number;
  };
}

/** The moment T0 at which `to` began to serve. */
export interface SwitchPoint {
  readonly to: string;
  readonly atMs: number;
}

/**
 * Whose code an entry speaks of. `late-victim`: seen after the switch, but served by the old version or begun before the
 * switch (start = timestamp - latency): not charged to the new one. An entry without a version is charged by its start.
 */
export type Attribution = "before" | "candidate" | "late-victim";

export function attributionOf(record: SampledRecord, atMs: number, point: SwitchPoint): Attribution {
  if (atMs < point.atMs) return "before";
  const startMs = atMs - (record.request?.latencyMs ?? 0);
  const isNew = record.version === undefined || record.version === point.to;
  return isNew && startMs >= point.atMs ? "candidate" : "late-victim";
}

/** "GET /v1/conversations 500" for a request, a signature for any other entry; undefined where it tells of no error. */
export function groupOf(record: SampledRecord, redaction: Redaction): string | undefined {
  if (record.request !== undefined) {
    const route = `${routeFamily(record.request.method, record.request.url)} ${record.request.status}`;
    // A family holds no ids; millions of entries may be counted, and what else it holds is redacted where it is told.
    return redaction.also.length === 0 ? route : redact(route, redaction);
  }
  return record.text === undefined ? undefined : fingerprint(record.text, redaction);
}

/** One line a person recognises the entry by, redacted. Queries of URLs are left out: they hold tokens. */
export function exampleOfRecord(record: SampledRecord, redaction: Redaction): string {
  const { request, text, timestamp } = record;
  if (request === undefined) return exampleOf(text ?? "", redaction);
  const latency = request.latencyMs === undefined ? "" : ` after ${Math.round(request.latencyMs)} ms`;
  const url = request.url.replace(/[?#].*$/, "").replace(/^[a-z]+:\/\/[^/]*/i, "");
  return exampleOf(
    `${request.method} ${url || "/"} ${request.status}${latency}, ${timestamp.slice(11, 19)} UTC`,
    redaction,
  );
}

/** Orders entries of the same group without regard to how they arrived. */
export function keyOf(record: SampledRecord): string {
  return `${record.timestamp}/${record.insertId}`;
}

/** Index of the minute that holds `atMs`, counted from `fromMs` (a full minute). */
export function minuteIndex(atMs: number, fromMs: number): number {
  return Math.floor((atMs - fromMs) / MINUTE);
}
