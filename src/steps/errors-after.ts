/** The growing counts of one service's requests since its rollout began: each look adds the minutes that are new. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { CloudRunTarget, ServiceSwitch } from "../model/service.ts";
import type { Redaction } from "../model/redact.ts";
import { type Instant, MINUTE, floorToMinute, instantSchema, msBetween, msOf, plusMs } from "../model/time.ts";
import type { LogRecord } from "../ports/logs.ts";
import { GroupCounts, groupCountsSchema } from "../verdict/group-counts.ts";
import { attributionOf, exampleOfRecord, groupOf, keyOf, minuteIndex } from "../verdict/sample.ts";
import { type ErrorFilter, LOG_DELAY_MS, METRIC_DELAY_MS, requestsPerMinute } from "./errors-before.ts";
import { type Reading, readEntries } from "./read-entries.ts";
import type { LookContext } from "./step.ts";
import { countsSoFar, gapsOf } from "./stored-counts.ts";

/** Minutes are counted from `from`, the minute in which the rollout began. */
const storedSchema = z.strictObject({
  v: z.literal(1),
  to: z.string(),
  from: instantSchema,
  /** The log was read, and the metrics were, until here. */
  readUntil: instantSchema,
  requestsUntil: instantSchema,
  /** Charged to the new revision. */
  candidate: groupCountsSchema,
  lateVictims: groupCountsSchema,
  /** Of the new revision, begun whenever: for the guard. Of all revisions: for the switch window and the chart. */
  ofNewRevision: z.array(z.number()),
  ofAll: z.array(z.number()),
  /** Requests that the new revision answered. */
  requests: z.array(z.number()),
});
type Stored = z.infer<typeof storedSchema>;

export interface After {
  readonly from: Instant;
  readonly readUntil: Instant;
  readonly requestsUntil: Instant;
  readonly candidate: GroupCounts;
  readonly lateVictims: GroupCounts;
  readonly ofNewRevision: readonly number[];
  readonly ofAll: readonly number[];
  /** "unknown" when the metrics do not answer now. */
  readonly requests: readonly number[] | "unknown";
  readonly gaps: readonly string[];
}

/** Throws PortFailure when the log cannot be read. */
export async function candidateErrors(
  context: LookContext<unknown>,
  service: string,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  from: Instant,
  filter: ErrorFilter,
): Promise<After> {
  const key = `${service}/after`;
  const before = await countsSoFar(context, key, storedSchema, { to: switched.to, from });
  const start = before ?? empty(switched, from);
  const read = await withEntries(context, target, switched, start, filter);
  if (read.failure !== undefined) {
    await context.saveSample(key, read.stored as unknown as Json);
    throw read.failure;
  }
  const counted = await withRequests(context, target, read.stored);
  const stored = counted ?? read.stored;
  if (stored !== before) await context.saveSample(key, stored as unknown as Json);
  return {
    ...stored,
    candidate: GroupCounts.from(stored.candidate),
    lateVictims: GroupCounts.from(stored.lateVictims),
    requests: counted === undefined ? "unknown" : stored.requests,
    gaps: gapsOf(read.isCut, stored.readUntil),
  };
}

function empty(switched: ServiceSwitch, from: Instant): Stored {
  const none = new GroupCounts().toJSON();
  return {
    v: 1,
    to: switched.to,
    from,
    readUntil: from,
    requestsUntil: from,
    candidate: none,
    lateVictims: none,
    ofNewRevision: [],
    ofAll: [],
    requests: [],
  };
}

async function withEntries(
  context: LookContext<unknown>,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  stored: Stored,
  filter: ErrorFilter,
): Promise<{ readonly stored: Stored } & Omit<Reading, "completeUntil">> {
  const until = floorToMinute(plusMs(context.now, -LOG_DELAY_MS));
  if (until <= stored.readUntil) return { stored, isCut: false };
  const tally = new Tally(stored, switched, context.redaction);
  const query = { target, log: "requests", since: stored.readUntil, until, minStatus: filter.minStatus } as const;
  const reading = await readEntries(context.ports.logs, query, context.signal, (record, atMs) => {
    if (record.request !== undefined && filter.counts(record.request.status)) tally.add(record, atMs);
  });
  const { completeUntil, ...rest } = reading;
  return { ...rest, stored: tally.stored(completeUntil) };
}

class Tally {
  readonly #stored: Stored;
  readonly #switched: ServiceSwitch;
  readonly #redaction: Redaction;
  readonly #candidate: GroupCounts;
  readonly #lateVictims: GroupCounts;
  readonly #ofNewRevision = new Map<number, number>();
  readonly #ofAll = new Map<number, number>();

  constructor(stored: Stored, switched: ServiceSwitch, redaction: Redaction) {
    this.#redaction = redaction;
    this.#stored = stored;
    this.#switched = switched;
    this.#candidate = GroupCounts.from(stored.candidate);
    this.#lateVictims = GroupCounts.from(stored.lateVictims);
  }

  add(record: LogRecord, atMs: number): void {
    const minute = minuteIndex(atMs, msOf(this.#stored.from));
    const group = groupOf(record, this.#redaction) ?? "";
    const example = { key: keyOf(record), text: () => exampleOfRecord(record, this.#redaction) };
    this.#ofAll.set(minute, (this.#ofAll.get(minute) ?? 0) + 1);
    if (record.version === this.#switched.to) {
      this.#ofNewRevision.set(minute, (this.#ofNewRevision.get(minute) ?? 0) + 1);
    }
    const point = { to: this.#switched.to, atMs: msOf(this.#switched.at) };
    const attribution = attributionOf(record, atMs, point);
    if (attribution === "candidate") this.#candidate.add(group, minute, 1, example);
    if (attribution === "late-victim") this.#lateVictims.add(group, minute, 1, example);
  }

  stored(readUntil: Instant): Stored {
    const minutes = Math.round(msBetween(this.#stored.from, readUntil) / MINUTE);
    return {
      ...this.#stored,
      readUntil,
      candidate: this.#candidate.toJSON(),
      lateVictims: this.#lateVictims.toJSON(),
      ofNewRevision: extended(this.#stored.ofNewRevision, this.#ofNewRevision, minutes),
      ofAll: extended(this.#stored.ofAll, this.#ofAll, minutes),
    };
  }
}

function extended(known: readonly number[], added: ReadonlyMap<number, number>, minutes: number): number[] {
  return Array.from({ length: minutes }, (_, index) => known[index] ?? added.get(index) ?? 0);
}

/** Undefined when the metrics do not answer: for this look the totals are unknown. */
async function withRequests(
  context: LookContext<unknown>,
  target: CloudRunTarget,
  stored: Stored,
): Promise<Stored | undefined> {
  const until = floorToMinute(plusMs(context.now, -METRIC_DELAY_MS));
  if (until <= stored.requestsUntil) return stored;
  try {
    const counts = await context.ports.metrics.requestCounts(target, stored.requestsUntil, until, context.signal);
    const minutes = Math.round(msBetween(stored.requestsUntil, until) / MINUTE);
    const added = requestsPerMinute(counts, stored.requestsUntil, minutes, [], stored.to);
    return { ...stored, requestsUntil: until, requests: [...stored.requests, ...added] };
  } catch (error) {
    if (!(error instanceof PortFailure) || error.kind === "aborted") throw error;
    return undefined;
  }
}
