/** The growing counts of the two revisions of a canary over the same minutes, since the stage began. Judges nothing. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { CloudRunTarget, ServiceSwitch } from "../model/service.ts";
import { type Instant, floorToMinute, instantSchema, MINUTE, msBetween, msOf, plusMs } from "../model/time.ts";
import { GroupCounts, groupCountsSchema } from "../verdict/group-counts.ts";
import { exampleOfRecord, groupOf, keyOf, minuteIndex } from "../verdict/sample.ts";
import { type ErrorFilter, LOG_DELAY_MS, METRIC_DELAY_MS, requestsPerMinute } from "./errors-before.ts";
import { readEntries } from "./read-entries.ts";
import type { LookContext } from "./step.ts";
import { countsSoFar, gapsOf } from "./stored-counts.ts";

/** Minutes are counted from `from`, the minute in which the stage began. */
const storedSchema = z.strictObject({
  v: z.literal(1),
  to: z.string(),
  from: instantSchema,
  readUntil: instantSchema,
  requestsUntil: instantSchema,
  candidate: groupCountsSchema,
  stable: groupCountsSchema,
  /** Requests that each of them answered. */
  candidateRequests: z.array(z.number()),
  stableRequests: z.array(z.number()),
});
type Stored = z.infer<typeof storedSchema>;

export interface SideBySide {
  readonly from: Instant;
  /** Everything before this was read and counted. */
  readonly completeUntil: Instant;
  readonly candidate: GroupCounts;
  readonly stable: GroupCounts;
  readonly candidateRequests: readonly number[];
  readonly stableRequests: readonly number[];
  readonly gaps: readonly string[];
}

/** Throws PortFailure: without each revision's own requests two revisions cannot be compared. */
export async function sideBySide(
  context: LookContext<unknown>,
  service: string,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  filter: ErrorFilter,
): Promise<SideBySide> {
  const key = `${service}/canary`;
  const from = floorToMinute(switched.at);
  const before = await countsSoFar(context, key, storedSchema, { to: switched.to, from });
  const read = await withEntries(context, target, switched, before ?? empty(switched.to, from), filter);
  const save = (stored: Stored): Promise<void> => context.saveSample(key, stored as unknown as Json);
  if (read.failure !== undefined) {
    await save(read.stored);
    throw read.failure;
  }
  const stored = await withRequests(context, target, switched, read.stored);
  if (stored !== before) await save(stored);
  const completeUntil = stored.readUntil < stored.requestsUntil ? stored.readUntil : stored.requestsUntil;
  return {
    ...stored,
    completeUntil,
    candidate: GroupCounts.from(stored.candidate),
    stable: GroupCounts.from(stored.stable),
    gaps: gapsOf(read.isCut, stored.readUntil),
  };
}

function empty(to: string, from: Instant): Stored {
  const none = new GroupCounts().toJSON();
  return {
    v: 1,
    to,
    from,
    readUntil: from,
    requestsUntil: from,
    candidate: none,
    stable: none,
    candidateRequests: [],
    stableRequests: [],
  };
}

async function withEntries(
  context: LookContext<unknown>,
  target: CloudRunTarget,
  { to, from: stable }: ServiceSwitch,
  stored: Stored,
  filter: ErrorFilter,
): Promise<{ readonly stored: Stored; readonly isCut: boolean; readonly failure?: PortFailure }> {
  const until = floorToMinute(plusMs(context.now, -LOG_DELAY_MS));
  if (until <= stored.readUntil) return { stored, isCut: false };
  const sides = new Map([
    [to, GroupCounts.from(stored.candidate)],
    [stable, GroupCounts.from(stored.stable)],
  ]);
  const query = { target, log: "requests", since: stored.readUntil, until, minStatus: filter.minStatus } as const;
  const reading = await readEntries(context.ports.logs, query, context.signal, (record, atMs) => {
    const side = sides.get(record.version ?? "");
    const group =
      record.request !== undefined && filter.counts(record.request.status)
        ? groupOf(record, context.redaction)
        : undefined;
    if (side === undefined || group === undefined) return;
    const minute = minuteIndex(atMs, msOf(stored.from));
    side.add(group, minute, 1, { key: keyOf(record), text: () => exampleOfRecord(record, context.redaction) });
  });
  const { completeUntil, ...rest } = reading;
  const counted = {
    ...stored,
    readUntil: completeUntil,
    candidate: sides.get(to)?.toJSON() ?? stored.candidate,
    stable: sides.get(stable)?.toJSON() ?? stored.stable,
  };
  return { ...rest, stored: counted };
}

async function withRequests(
  context: LookContext<unknown>,
  target: CloudRunTarget,
  { to, from: stable }: ServiceSwitch,
  stored: Stored,
): Promise<Stored> {
  const since = stored.requestsUntil;
  const until = floorToMinute(plusMs(context.now, -METRIC_DELAY_MS));
  if (until <= since) return stored;
  const counts = await context.ports.metrics.requestCounts(target, since, until, context.signal);
  const minutes = Math.round(msBetween(since, until) / MINUTE);
  return {
    ...stored,
    requestsUntil: until,
    candidateRequests: [...stored.candidateRequests, ...requestsPerMinute(counts, since, minutes, [], to)],
    stableRequests: [...stored.stableRequests, ...requestsPerMinute(counts, since, minutes, [], stable)],
  };
}
