/** A service's past as minute counts, from the clouds (a day at a time, within the read quota) or from exported entries. */
import { createReadStream } from "node:fs";
import { messageOf, PortFailure, RunbookError } from "../model/error.ts";
import type { CloudRunTarget } from "../model/service.ts";
import { DAY, earliest, floorToMinute, type Instant, instant, MINUTE, msOf, plusMs, SECOND } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ports } from "../ports/ports.ts";
import { type ErrorFilter, METRIC_DELAY_MS } from "../steps/errors-before.ts";
import { type Past, PastTally } from "../steps/past.ts";
import { readEntries } from "../steps/read-entries.ts";
import { EntryReader } from "../verdict/json-entries.ts";
import { EntryDecoder, type ExportedRecord } from "../verdict/log-entry.ts";
import { SeenEntries } from "../verdict/seen-entries.ts";
import { inflated } from "./inflated.ts";

/** The quota is a minute's: after so many waits the rest of a day is left out. */
const MOST_WAITS = 10;
const WAIT_MS = 30 * SECOND;

export interface CloudPast {
  readonly ports: Pick<Ports, "logs" | "metrics">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Throws PortFailure when it cannot be read at all. */
export async function pastFromClouds(
  cloud: CloudPast,
  service: string,
  target: CloudRunTarget,
  sinceMs: number,
  filter: ErrorFilter,
): Promise<Past> {
  const until = floorToMinute(plusMs(cloud.clock.now(), -METRIC_DELAY_MS));
  const from = floorToMinute(plusMs(until, -sinceMs));
  const tally = new PastTally(service);
  for (let day = from; day < until; day = plusMs(day, DAY)) {
    const end = earliest([plusMs(day, DAY), until]) ?? until;
    const counts = await patiently(cloud, () => cloud.ports.metrics.requestCounts(target, day, end, cloud.signal));
    for (const { minute, count, revision } of counts) tally.addRequests(msOf(minute), count, revision, true);
    await errorsOfDay(cloud, target, day, end, filter, tally);
  }
  return tally.past(from, until);
}

/** What lies beyond the page limit of a day is told as not read. */
async function errorsOfDay(
  cloud: CloudPast,
  target: CloudRunTarget,
  since: Instant,
  until: Instant,
  filter: ErrorFilter,
  tally: PastTally,
): Promise<void> {
  let readFrom = since;
  for (let wait = 0; wait <= MOST_WAITS; wait++) {
    const query = { target, log: "requests", since: readFrom, until, minStatus: filter.minStatus } as const;
    const reading = await patiently(cloud, () =>
      readEntries(cloud.ports.logs, query, cloud.signal, (record, atMs) => tally.addError(record, atMs, filter)),
    );
    readFrom = reading.completeUntil;
    if (reading.failure === undefined) break;
    if (!reading.failure.isTransient) throw reading.failure;
    await rest(cloud, reading.failure);
  }
  tally.addUnread(readFrom, until);
}

async function patiently<T>(cloud: CloudPast, read: () => Promise<T>): Promise<T> {
  for (let wait = 0; ; wait++) {
    try {
      return await read();
    } catch (error) {
      const mayPass = error instanceof PortFailure && error.isTransient && error.kind !== "aborted";
      if (!mayPass || wait === MOST_WAITS) throw error;
      await rest(cloud, error);
    }
  }
}

async function rest({ clock, signal }: CloudPast, { retryAfterMs }: PortFailure): Promise<void> {
  await clock.sleepUntil(plusMs(clock.now(), retryAfterMs ?? WAIT_MS), signal);
}

/** By the services that the file's entries name. Throws RunbookError for a file that holds no entries. */
export async function pastFromFile(file: string, filter: ErrorFilter): Promise<readonly Past[]> {
  const records = new Map<string, PastTally>();
  const decoder = new EntryDecoder();
  const seen = new SeenEntries();
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const take = (record: ExportedRecord): void => {
    if (record.request === undefined || !seen.isNew(record.logName, record.timestamp, record.insertId)) return;
    first = Math.min(first, record.atMs);
    last = Math.max(last, record.atMs);
    const tally = records.get(record.service) ?? new PastTally(record.service);
    records.set(record.service, tally);
    tally.addRequests(record.atMs, 1, record.version, !filter.counts(record.request.status));
    tally.addError(record, record.atMs, filter);
  };
  const reader = new EntryReader((entry) => {
    const record = decoder.decode(entry);
    if (record !== undefined) take(record);
  });
  try {
    for await (const chunk of inflated(createReadStream(file, { highWaterMark: 1 << 18 }))) reader.push(chunk);
    reader.end();
  } catch (error) {
    throw unusable(`${file} cannot be read as log entries: ${messageOf(error)}`);
  }
  if (records.size === 0) throw unusable(`${file} holds no request entries`);
  const from = floorToMinute(instant(first));
  const until = plusMs(floorToMinute(instant(last)), MINUTE);
  return [...records.values()].map((tally) => tally.past(from, until));
}

function unusable(what: string): RunbookError {
  return new RunbookError({
    what: `${what}.`,
    state: "Nothing was touched.",
    next: "Export request entries with: gcloud logging read FILTER --format=json > FILE",
  });
}
