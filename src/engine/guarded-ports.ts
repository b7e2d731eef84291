/**
 * The ports of one process with what it has learnt of each API: one that is down is left alone for a while, one that asks
 * for a pause gets it, and the read quota of Cloud Logging is kept. Refuses at once, never repeats a call; waits only for the
 * one call that finds out whether an API is back.
 */
import { messageOf, PortFailure } from "../model/error.ts";
import { clockTime, formatDuration, type Instant, MINUTE, msBetween, plusMs, SECOND } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logs } from "../ports/logs.ts";
import type { Ports } from "../ports/ports.ts";
import { sharingMetrics } from "./shared-metrics.ts";
import { sharingPages } from "./shared-pages.ts";

type Now = Pick<Clock, "now">;

/** So many calls in a row without an answer, and nobody is asked for `REST_MS`. */
const MOST_OUTAGES = 5;
const REST_MS = 30 * SECOND;
/** A longer pause that is asked for is tried in between: limits are lifted, and clocks differ. */
const LONGEST_PAUSE_MS = 5 * MINUTE;
/** entries.list per project. https://cloud.google.com/logging/quotas#api-limits */
const READS_PER_MINUTE = 60;
/** No turn is promised for later than this. */
const LONGEST_QUEUE_MS = 30 * MINUTE;
const MOST_PROMISED = (READS_PER_MINUTE * LONGEST_QUEUE_MS) / MINUTE;

/** One per process: all runs share what is learnt. */
export function guardPorts(ports: Ports, clock: Now): Ports {
  const circuits = new Map<string, Circuit>();
  const circuit = (api: string): Circuit => {
    const known = circuits.get(api) ?? new Circuit(api, clock);
    circuits.set(api, known);
    return known;
  };
  const github = circuit("GitHub");
  return {
    ...ports,
    workflows: guarded(ports.workflows, () => github),
    pullRequests: guarded(ports.pullRequests, () => github),
    cloudRun: guarded(ports.cloudRun, () => circuit("run.googleapis.com")),
    cloudRunJobs: guarded(ports.cloudRunJobs, () => circuit("run.googleapis.com")),
    logs: sharingPages(
      withinQuota(
        guarded(ports.logs, () => circuit("logging.googleapis.com")),
        clock,
      ),
      clock,
    ),
    metrics: sharingMetrics(guarded(ports.metrics, () => circuit("monitoring.googleapis.com"))),
    kubernetes: guarded(ports.kubernetes, ([target]) => circuit(`the cluster ${clusterOf(target)}`)),
  };
}

function clusterOf(target: unknown): string {
  return typeof target === "object" && target !== null && "cluster" in target ? String(target.cluster) : "";
}

/** Every method that returns a promise goes through its circuit; the others ask nobody. */
function guarded<T extends object>(port: T, circuitOf: (given: readonly unknown[]) => Circuit): T {
  return new Proxy(port, {
    get(_port, key) {
      const member: unknown = Reflect.get(port, key);
      if (typeof member !== "function" || key === "link") return member;
      return (...given: unknown[]) => circuitOf(given).through(() => member.apply(port, given) as Promise<unknown>);
    },
  });
}

/** A circuit breaker over one API: closed, open until `restUntil`, then one call finds out for all who come meanwhile. */
class Circuit {
  readonly #api: string;
  readonly #clock: Now;
  #outages = 0;
  #since: Instant | undefined;
  #restUntil: Instant | undefined;
  #why = "";
  /** Settles with the call that finds out; never rejects. */
  #findingOut: Promise<void> | undefined;

  constructor(api: string, clock: Now) {
    this.#api = api;
    this.#clock = clock;
  }

  async through<T>(call: () => Promise<T>): Promise<T> {
    while (this.#findingOut !== undefined) await this.#findingOut;
    const now = this.#clock.now();
    if (this.#restUntil !== undefined && now < this.#restUntil) {
      throw new PortFailure("unavailable", this.#why, { applied: "no", retryAfterMs: msBetween(now, this.#restUntil) });
    }
    const asked = this.#ask(call);
    if (this.#restUntil !== undefined) {
      const known = (): void => void (this.#findingOut = undefined);
      this.#findingOut = asked.then(known, known);
    }
    return asked;
  }

  async #ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call();
      this.#close();
      return answer;
    } catch (error) {
      this.#learn(error);
      throw error;
    }
  }

  #close(): void {
    this.#outages = 0;
    this.#since = undefined;
    this.#restUntil = undefined;
  }

  #learn(error: unknown): void {
    const now = this.#clock.now();
    if (!(error instanceof PortFailure) || error.kind === "aborted") return;
    if (error.kind === "unavailable" || error.kind === "timeout") return this.#countOutage(now, error);
    // It answers.
    this.#close();
    if (error.kind !== "rate-limited" || error.retryAfterMs === undefined) return;
    this.#restUntil = plusMs(now, Math.min(error.retryAfterMs, LONGEST_PAUSE_MS));
    this.#why = `${this.#api} asked for a pause until ${clockTime(this.#restUntil)} (${messageOf(error)})`;
  }

  #countOutage(now: Instant, error: PortFailure): void {
    this.#outages++;
    this.#since ??= now;
    if (this.#outages < MOST_OUTAGES) return;
    this.#restUntil = plusMs(now, REST_MS);
    // The same text all along, so that it is told once.
    this.#why = `${this.#api} does not answer since ${clockTime(this.#since)}; looking again every ${formatDuration(REST_MS)} (${messageOf(error)})`;
  }
}

/** Never more reads in any minute than the quota of the project. */
function withinQuota(logs: Logs, clock: Now): Logs {
  const quotas = new Map<string, ReadQuota>();
  const quotaOf = (project: string): ReadQuota => {
    const known = quotas.get(project) ?? new ReadQuota(project, clock);
    quotas.set(project, known);
    return known;
  };
  return {
    link: (query) => logs.link(query),
    tail: async (query, most, signal) => {
      quotaOf(query.target.project).take();
      return logs.tail(query, most, signal);
    },
    page: async (query, pageToken, signal) => {
      quotaOf(query.target.project).take();
      return logs.page(query, pageToken, signal);
    },
    together: async (queries, signal) => {
      const [first] = queries;
      if (first === undefined || logs.together === undefined) return undefined;
      quotaOf(first.target.project).take();
      return logs.together(queries, signal);
    },
  };
}

/** A place for every read; whoever finds none is told when there will be one, each somebody else another. */
class ReadQuota {
  readonly #project: string;
  readonly #clock: Now;
  /** When the reads of the last minute were made, and the moments that were promised, in order. */
  #reads: readonly Instant[] = [];
  #promised: readonly Instant[] = [];

  constructor(project: string, clock: Now) {
    this.#project = project;
    this.#clock = clock;
  }

  take(): void {
    const now = this.#clock.now();
    this.#reads = this.#reads.filter((at) => at > plusMs(now, -MINUTE));
    this.#promised = this.#promised.filter((at) => at > now);
    if (this.#reads.length < READS_PER_MINUTE) {
      this.#reads = [...this.#reads, now];
      return;
    }
    const before = [...this.#reads, ...this.#promised].at(-READS_PER_MINUTE) ?? now;
    const turn = earlier(plusMs(before, MINUTE), plusMs(now, LONGEST_QUEUE_MS));
    this.#promised = [...this.#promised, turn].slice(0, MOST_PROMISED);
    const text = `the read quota of Cloud Logging in project ${this.#project} (${READS_PER_MINUTE} a minute) is used up`;
    throw new PortFailure("rate-limited", text, { queued: true, retryAfterMs: msBetween(now, turn) });
  }
}

function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}
