/** Counts the exported entries of one file, in bounded memory: per service, per minute, per group. Judges nothing. */
import { STANDARD } from "../model/redact.ts";
import { MINUTE } from "../model/time.ts";
import { GroupCounts } from "./group-counts.ts";
import type { ExportedRecord } from "./log-entry.ts";
import { exampleOfRecord, groupOf, keyOf } from "./sample.ts";
import { SeenEntries } from "./seen-entries.ts";

/** How many services, and how many versions, are told apart. */
const MAX_SERVICES = 50;
const MAX_VERSIONS = 1_000;
const REST = "(other services)";

export interface TallyRules {
  isError(status: number): boolean;
  /** Matches a critical signature. */
  readonly critical: RegExp;
  /** Entries outside [sinceMs, untilMs) are not looked at. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Requests that began before this are late victims. */
  readonly beganAfterMs: number;
  /** Versions that served before: what they did is told apart. */
  readonly oldVersions: ReadonlySet<string>;
}

/** Minutes are counted from the epoch. */
export interface Side {
  readonly requests: Map<number, number>;
  /** Requests that did not fail: without any, the file holds errors only and the totals are unknown. */
  successes: number;
  entries: number;
  /** Entries that are not requests. */
  applicationEntries: number;
  readonly errors: GroupCounts;
  readonly signatures: GroupCounts;
  readonly critical: Map<number, number>;
}

export interface ServiceTally {
  /** By a version that did not serve before, or by none that is named. */
  readonly fresh: Side;
  readonly old: Side;
  freshVersions: number;
  readonly lateVictims: GroupCounts;
}

export class FileTally {
  readonly services = new Map<string, ServiceTally>();
  readonly versions = new Set<string>();
  entries = 0;
  repeated = 0;
  firstMinute = Number.POSITIVE_INFINITY;
  lastMinute = Number.NEGATIVE_INFINITY;
  readonly #rules: TallyRules;
  #seen: SeenEntries | undefined = new SeenEntries();

  constructor(rules: TallyRules) {
    this.#rules = rules;
  }

  add(record: ExportedRecord): void {
    const { atMs, version } = record;
    if (atMs < this.#rules.sinceMs || atMs >= this.#rules.untilMs) return;
    if (this.#seen?.isNew(record.logName, record.timestamp, record.insertId) === false) {
      this.repeated += 1;
      return;
    }
    const minute = Math.floor(atMs / MINUTE);
    this.entries += 1;
    if (minute < this.firstMinute) this.firstMinute = minute;
    if (minute > this.lastMinute) this.lastMinute = minute;
    const service = this.#serviceOf(record.service);
    if (version !== undefined && this.versions.size < MAX_VERSIONS) this.versions.add(version);
    const isOld = version !== undefined && this.#rules.oldVersions.has(version);
    if (version !== undefined && !isOld) service.freshVersions += 1;
    const side = isOld ? service.old : service.fresh;
    side.entries += 1;
    if (record.request === undefined) this.#application(side, record, minute);
    else this.#request(service, side, record, record.request, minute);
  }

  /** No more entries: what tells repetitions apart is given back. */
  finish(): void {
    this.#seen = undefined;
  }

  #request(
    service: ServiceTally,
    side: Side,
    record: ExportedRecord,
    request: NonNullable<ExportedRecord["request"]>,
    minute: number,
  ): void {
    const isError = this.#rules.isError(request.status);
    const isLate = record.atMs - (request.latencyMs ?? 0) < this.#rules.beganAfterMs;
    if (!isLate) add(side.requests, minute);
    if (!isError) {
      side.successes += 1;
      return;
    }
    const errors = isLate ? service.lateVictims : side.errors;
    errors.add(groupOf(record, STANDARD) ?? "", minute, 1, exampleFor(record));
  }

  #application(side: Side, record: ExportedRecord, minute: number): void {
    side.applicationEntries += 1;
    if (record.text === undefined) return;
    const isCritical = this.#rules.critical.test(record.text);
    if (isCritical) add(side.critical, minute);
    if (!record.isSevere && !isCritical) return;
    const group = groupOf(record, STANDARD) ?? (isCritical ? "(critical)" : undefined);
    if (group !== undefined) side.signatures.add(group, minute, 1, exampleFor(record));
  }

  #serviceOf(name: string): ServiceTally {
    const known = this.services.get(name);
    if (known !== undefined) return known;
    if (this.services.size >= MAX_SERVICES && name !== REST) return this.#serviceOf(REST);
    const made = { fresh: emptySide(), old: emptySide(), freshVersions: 0, lateVictims: new GroupCounts() };
    this.services.set(name, made);
    return made;
  }
}

export function emptySide(): Side {
  return {
    requests: new Map(),
    successes: 0,
    entries: 0,
    applicationEntries: 0,
    errors: new GroupCounts(),
    signatures: new GroupCounts(),
    critical: new Map(),
  };
}

function exampleFor(record: ExportedRecord): { readonly key: string; text(): string } {
  return { key: keyOf(record), text: () => exampleOfRecord(record, STANDARD) };
}

function add(counts: Map<number, number>, minute: number): void {
  counts.set(minute, (counts.get(minute) ?? 0) + 1);
}
