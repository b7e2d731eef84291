/** One service's past as minute counts: errors by group, requests, and when a new version was first seen. Judges nothing. */
import { STANDARD } from "../model/redact.ts";
import { type Instant, instant, MINUTE, msOf } from "../model/time.ts";
import type { Counts } from "../verdict/evidence.ts";
import { GroupCounts } from "../verdict/group-counts.ts";
import { groupOf, type SampledRecord } from "../verdict/sample.ts";
import type { ErrorFilter } from "./errors-before.ts";

/** Minutes count from `from`. */
export interface Past {
  readonly service: string;
  readonly from: Instant;
  readonly until: Instant;
  /** By group, ascending. */
  readonly errors: ReadonlyMap<string, Counts>;
  readonly requests: readonly number[] | "unknown";
  /** What was not read, or not completely. */
  readonly unread: readonly { readonly from: Instant; readonly until: Instant }[];
  /** When a version that was not there before was first seen. */
  readonly newVersions: readonly { readonly version: string; readonly at: Instant }[];
}

/** Counts minutes of the epoch, because a file's first minute is known only at its end. */
export class PastTally {
  readonly #service: string;
  readonly #errors = new GroupCounts();
  readonly #requests = new Map<number, number>();
  readonly #firstSeen = new Map<string, number>();
  readonly #unread: { from: Instant; until: Instant }[] = [];
  /** Successes, or a metric: without any the totals are unknown. */
  #knowsTotals = false;

  constructor(service: string) {
    this.#service = service;
  }

  addError(record: SampledRecord, atMs: number, filter: ErrorFilter): void {
    if (record.request === undefined || !filter.counts(record.request.status)) return;
    const group = groupOf(record, STANDARD);
    if (group !== undefined) this.#errors.add(group, Math.floor(atMs / MINUTE));
  }

  /** `isMeasured`: a metric, or a request that succeeded, which only a log of all requests has. */
  addRequests(atMs: number, count: number, version: string | undefined, isMeasured: boolean): void {
    const minute = Math.floor(atMs / MINUTE);
    this.#requests.set(minute, (this.#requests.get(minute) ?? 0) + count);
    if (isMeasured) this.#knowsTotals = true;
    if (version === undefined || count === 0) return;
    const first = this.#firstSeen.get(version);
    if (first === undefined || minute < first) this.#firstSeen.set(version, minute);
  }

  addUnread(from: Instant, until: Instant): void {
    if (from < until) this.#unread.push({ from, until });
  }

  /** Both are whole minutes. */
  past(from: Instant, until: Instant): Past {
    const start = msOf(from) / MINUTE;
    const minutes = Math.max(0, msOf(until) / MINUTE - start);
    const shifted = (counts: Counts): Counts => counts.map(([minute, count]) => [minute - start, count]);
    // What was there in the first minutes was there before.
    const [earliest = 0] = [...this.#firstSeen.values()].sort((a, b) => a - b);
    return {
      service: this.#service,
      from,
      until,
      errors: new Map(this.#errors.names.map((name) => [name, shifted(this.#errors.counts(name))])),
      requests: this.#knowsTotals
        ? Array.from({ length: minutes }, (_, index) => this.#requests.get(start + index) ?? 0)
        : "unknown",
      unread: this.#unread,
      newVersions: [...this.#firstSeen]
        .filter(([, minute]) => minute > earliest + OLD_WITHIN)
        .map(([version, minute]) => ({ version, at: instant(minute * MINUTE) }))
        .sort((a, b) => (a.at < b.at ? -1 : 1)),
    };
  }
}

/** A version first seen this many minutes into the past may have served all along. */
const OLD_WITHIN = 60;
