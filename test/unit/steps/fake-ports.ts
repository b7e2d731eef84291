/** Logs and metrics of one service as plain data, for the checks' tests: they filter as the real ones promise to. */
import type { Json } from "../../../src/model/json.ts";
import { STANDARD } from "../../../src/model/redact.ts";
import { PortFailure } from "../../../src/model/error.ts";
import type { CloudRunTarget } from "../../../src/model/service.ts";
import { type Instant, MINUTE, instant, msBetween, plusMs } from "../../../src/model/time.ts";
import type { LogQuery, LogRecord, Logs } from "../../../src/ports/logs.ts";
import type { MetricPoint, MetricQuery, Metrics, RequestCount } from "../../../src/ports/metrics.ts";
import type { LookContext, Looked, StepService } from "../../../src/steps/step.ts";

export const T0 = instant("2026-04-12T04:07:00Z");
export const OLD = "backend-00906-abc";
export const NEW = "backend-00907-kpc";
const TARGET: CloudRunTarget = { platform: "cloud-run", project: "p", region: "us-central1", service: "backend" };

export interface FakeEntry extends LogRecord {
  readonly log: LogQuery["log"];
}

let serial = 0;
/** A request `minutes` after the switch. */
export function request(
  minutes: number,
  status: number,
  options: { url?: string; version?: string; latencyMs?: number; method?: string } = {},
): FakeEntry {
  const at = plusMs(T0, minutes * MINUTE);
  const { url = "https://api/v1/conversations/8731", version = minutes < 0 ? OLD : NEW, latencyMs = 120 } = options;
  const { method = "GET" } = options;
  return {
    log: "requests",
    logName: "requests",
    insertId: `r${serial++}`,
    timestamp: `${at.slice(0, -1)}456789Z`,
    severity: status >= 500 ? "ERROR" : "INFO",
    version,
    request: { method, url, status, latencyMs },
  };
}

/** What a container wrote `minutes` after the switch. */
export function line(minutes: number, text: string, severity = "ERROR", version = minutes < 0 ? OLD : NEW): FakeEntry {
  const timestamp = plusMs(T0, minutes * MINUTE);
  return { log: "application", logName: "stderr", insertId: `l${serial++}`, timestamp, severity, version, text };
}

export class FakeLogs implements Logs {
  readonly queries: LogQuery[] = [];
  calls = 0;
  failure: PortFailure | undefined;
  /** Fails the call with this number, counted from 1. */
  failAt: number | undefined;
  readonly #entries: FakeEntry[];
  readonly #pageSize: number;

  constructor(entries: readonly FakeEntry[], pageSize = 1000) {
    this.#entries = entries.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
    this.#pageSize = pageSize;
  }

  async page(query: LogQuery, pageToken?: string): ReturnType<Logs["page"]> {
    this.calls += 1;
    if (pageToken === undefined) this.queries.push(query);
    if (this.failure !== undefined && (this.failAt === undefined || this.failAt === this.calls)) throw this.failure;
    const found = this.#entries.filter((entry) => matches(entry, query));
    const from = Number(pageToken ?? 0);
    const records = found.slice(from, from + this.#pageSize);
    const next = from + this.#pageSize;
    return { records, ...(next < found.length ? { nextPageToken: String(next) } : {}) };
  }

  async tail(query: LogQuery, most: number): ReturnType<Logs["tail"]> {
    this.calls += 1;
    if (this.failure !== undefined) throw this.failure;
    return this.#entries.filter((entry) => matches(entry, query)).slice(-most);
  }

  link(query: LogQuery): string {
    return `https://logs/${query.log}/${query.since}/${query.until}/${query.version ?? ""}`;
  }
}

const SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"];

function matches(entry: FakeEntry, query: LogQuery): boolean {
  const at = instant(entry.timestamp);
  return (
    entry.log === query.log &&
    at >= query.since &&
    at < query.until &&
    (query.minStatus === undefined || (entry.request?.status ?? 0) >= query.minStatus) &&
    (query.belowStatus === undefined || (entry.request?.status ?? 0) < query.belowStatus) &&
    (query.onRoute === undefined ||
      (entry.request?.method === query.onRoute.method && entry.request.url.includes(query.onRoute.path))) &&
    hasContent(entry, query) &&
    (query.version === undefined || entry.version === query.version)
  );
}

function hasContent(
  { severity, text = "" }: FakeEntry,
  { minSeverity, containsAny, orContainsAny }: LogQuery,
): boolean {
  const holds = (one: string): boolean => text.toLowerCase().includes(one.toLowerCase());
  const isSevere = minSeverity === undefined || SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minSeverity);
  return (isSevere && (containsAny?.some(holds) ?? true)) || orContainsAny?.some(holds) === true;
}

export class FakeMetrics implements Metrics {
  calls = 0;
  failure: PortFailure | undefined;
  p95 = { before: 100, after: 100 };
  /** Requests a minute; of the new revision after the switch. */
  perMinute = { before: 100, after: 100 };

  /** What `query` answers, by minutes from the switch; absent: no point. */
  values: (minute: number) => number | undefined = () => undefined;
  readonly asked: MetricQuery[] = [];

  async query(query: MetricQuery): Promise<readonly MetricPoint[]> {
    this.asked.push(query);
    if (this.failure !== undefined) throw this.failure;
    const points: MetricPoint[] = [];
    for (let minute = query.since; minute < query.until; minute = plusMs(minute, MINUTE)) {
      const value = this.values(Math.round(msBetween(T0, minute) / MINUTE));
      if (value !== undefined) points.push({ minute, value });
    }
    return points;
  }

  async requestCounts(_target: CloudRunTarget, since: Instant, until: Instant): Promise<readonly RequestCount[]> {
    this.calls += 1;
    if (this.failure !== undefined) throw this.failure;
    const counts: RequestCount[] = [];
    for (let at = since; at < until; at = plusMs(at, MINUTE)) {
      const isNew = at >= T0;
      const count = isNew ? this.perMinute.after : this.perMinute.before;
      if (count > 0) counts.push({ minute: at, revision: isNew ? NEW : OLD, statusClass: "2xx", count });
    }
    return counts;
  }

  /** Ends of the windows of which the new revision's latency was asked for, in minutes from the switch. */
  readonly latenciesUntil: number[] = [];

  async latencyP95(_target: CloudRunTarget, since: Instant, until: Instant): Promise<number> {
    if (since >= T0) this.latenciesUntil.push(Math.round(msBetween(T0, until) / MINUTE));
    if (this.failure !== undefined) throw this.failure;
    return since >= T0 ? this.p95.after : this.p95.before;
  }
}

export interface Fakes {
  readonly logs: FakeLogs;
  readonly metrics: FakeMetrics;
  readonly samples: Map<string, Json>;
}

export function fakes(entries: readonly FakeEntry[], pageSize?: number): Fakes {
  return { logs: new FakeLogs(entries, pageSize), metrics: new FakeMetrics(), samples: new Map() };
}

/** A look `minutes` after the switch, over T+`horizon` minutes. */
export function lookContext<A>(
  world: Fakes,
  args: A,
  minutes: number,
  horizon = minutes,
  options: Partial<Pick<LookContext<A>, "services" | "excluded" | "baselineMs" | "baselineMode">> = {},
): LookContext<A> {
  return {
    run: { id: "r1", runbook: "backend-prod", startedBy: "operator", inputs: {} },
    check: "check",
    args,
    services: [service()],
    now: plusMs(T0, minutes * MINUTE),
    horizonMs: horizon * MINUTE,
    baselineMs: 24 * 60 * MINUTE,
    excluded: [],
    judgedServices: 1,
    redaction: STANDARD,
    ports: { logs: world.logs, metrics: world.metrics } as unknown as LookContext<A>["ports"],
    signal: new AbortController().signal,
    loadSample: async (key) => world.samples.get(key),
    saveSample: async (key, sample) => void world.samples.set(key, JSON.parse(JSON.stringify(sample)) as Json),
    ...options,
  };
}

/** The evidence of a result as the store gives it back. */
export function asStored({ evidence }: Looked): Json {
  return JSON.parse(JSON.stringify(evidence)) as Json;
}

export function service(options: { switched?: boolean; target?: StepService["target"] } = {}): StepService {
  const switched = {
    service: "backend",
    at: T0,
    from: OLD,
    to: NEW,
    rolloutStartedAt: plusMs(T0, -MINUTE),
    images: [],
  };
  return {
    name: "backend",
    target: options.target ?? TARGET,
    before: {} as StepService["before"],
    ...(options.switched === false ? {} : { switched }),
  };
}

/** Moments from `from` to `until` minutes after the switch, one every `every` minutes. */
export function every(from: number, until: number, step: number): number[] {
  return Array.from({ length: Math.ceil((until - from) / step - 1e-9) }, (_, index) => from + index * step);
}

export const day = 24 * 60;
