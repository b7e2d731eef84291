/** The baseline of one service's requests: counted once, at the first look, and frozen. Judges nothing. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { CloudRunTarget, ServiceSwitch } from "../model/service.ts";
import { type Instant, MINUTE, floorToMinute, instantSchema, msBetween, msOf, plusMs } from "../model/time.ts";
import type { RequestCount } from "../ports/metrics.ts";
import type { MinuteWindow } from "../verdict/evidence.ts";
import { GroupCounts, groupCountsSchema } from "../verdict/group-counts.ts";
import { exampleOfRecord, groupOf, keyOf, minuteIndex } from "../verdict/sample.ts";
import { repeated } from "../verdict/windows.ts";
import { baselineWindow } from "./baseline-window.ts";
import { readEntries } from "./read-entries.ts";
import type { LookContext } from "./step.ts";

/** Cloud Monitoring shows a request up to this much later; Cloud Logging is bounded by two minutes. */
export const METRIC_DELAY_MS = 4 * MINUTE;
export const LOG_DELAY_MS = 2 * MINUTE;

const amount = z.union([z.number(), z.literal("unknown"), z.literal("pending")]);
const storedSchema = z.strictObject({
  v: z.literal(1),
  /** The switch that this is the baseline of. */
  to: z.string(),
  from: instantSchema,
  until: instantSchema,
  /** Less than `until` while the reading is not finished: a later look goes on from here. */
  readUntil: instantSchema,
  cut: z.array(z.tuple([z.number(), z.number()])),
  errors: groupCountsSchema,
  /** Requests per minute. `pending`: the metrics did not answer yet; `unknown`: they never will. */
  requests: z.union([z.array(z.number()), z.literal("unknown"), z.literal("pending")]),
  latencyP95: amount,
});
type Stored = z.infer<typeof storedSchema>;

export interface Before {
  readonly from: Instant;
  readonly until: Instant;
  readonly cut: MinuteWindow["cut"];
  readonly errors: GroupCounts;
  readonly requests: readonly number[] | "unknown";
  readonly latencyP95: number | "unknown";
}

export interface ErrorFilter {
  /** The least status that is asked for; `counts` decides. */
  readonly minStatus: number;
  counts(status: number): boolean;
}

/** Throws PortFailure when the log cannot be read; without metrics the totals are unknown. */
export async function baselineErrors(
  context: LookContext<unknown>,
  service: string,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  filter: ErrorFilter,
): Promise<Before> {
  const key = `${service}/before`;
  const known = storedSchema.safeParse(await context.loadSample(key));
  const kept = known.success && known.data.to === switched.to ? known.data : empty(context, switched);
  const counted = await withErrors(context, target, kept, filter, key);
  const stored = await withMetrics(context, target, counted);
  if (!known.success || stored !== known.data) await context.saveSample(key, stored as unknown as Json);
  return {
    from: stored.from,
    until: stored.until,
    cut: stored.cut,
    errors: GroupCounts.from(stored.errors),
    requests: stored.requests === "pending" ? "unknown" : stored.requests,
    latencyP95: stored.latencyP95 === "pending" ? "unknown" : stored.latencyP95,
  };
}

/** The baseline ends where the rollout began, whenever it is looked at; this is when all of it can be seen. */
export function baselineReadyAt(switched: ServiceSwitch, delayMs: number): Instant {
  return plusMs(floorToMinute(switched.rolloutStartedAt), delayMs);
}

function empty(context: LookContext<unknown>, switched: ServiceSwitch): Stored {
  const { from, until } = baselineWindow(context, switched);
  return {
    v: 1,
    to: switched.to,
    from,
    until,
    readUntil: from,
    cut: cutsOf(from, until, context.excluded),
    errors: new GroupCounts().toJSON(),
    requests: "pending",
    latencyP95: "pending",
  };
}

/** Reads what is not read yet. What was read before a failure is kept: the read quota is too dear to begin again. */
async function withErrors(
  context: LookContext<unknown>,
  target: CloudRunTarget,
  kept: Stored,
  filter: ErrorFilter,
  key: string,
): Promise<Stored> {
  const { from, until, readUntil } = kept;
  if (readUntil >= until) return kept;
  const errors = GroupCounts.from(kept.errors);
  const query = { target, log: "requests", since: readUntil, until, minStatus: filter.minStatus } as const;
  const reading = await readEntries(context.ports.logs, query, context.signal, (record, atMs) => {
    const group =
      record.request !== undefined && filter.counts(record.request.status)
        ? groupOf(record, context.redaction)
        : undefined;
    if (group === undefined) return;
    errors.add(group, minuteIndex(atMs, msOf(from)), 1, {
      key: keyOf(record),
      text: () => exampleOfRecord(record, context.redaction),
    });
  });
  if (reading.failure !== undefined) {
    const partial = { ...kept, errors: errors.toJSON(), readUntil: reading.completeUntil };
    await context.saveSample(key, partial as unknown as Json);
    throw reading.failure;
  }
  // What lies beyond the limit was not read, so it is no part of the baseline.
  const unread = { from: reading.completeUntil, until };
  return {
    ...kept,
    errors: errors.toJSON(),
    readUntil: until,
    cut: cutsOf(from, until, [...context.excluded, unread]),
  };
}

/** Ranges of minutes that touch any of the excluded windows, merged. */
export function cutsOf(
  from: Instant,
  until: Instant,
  excluded: readonly { readonly from: Instant; readonly until: Instant }[],
): [number, number][] {
  const minutes = Math.round(msBetween(from, until) / MINUTE);
  const isCut = Array.from({ length: minutes }, () => false);
  for (const window of excluded) {
    if (window.until <= window.from) continue;
    const first = Math.max(0, Math.floor(msBetween(from, window.from) / MINUTE));
    isCut.fill(true, Math.min(minutes, first), Math.max(0, Math.ceil(msBetween(from, window.until) / MINUTE)));
  }
  const ranges: [number, number][] = [];
  for (const [index, cut] of isCut.entries()) {
    const last = ranges.at(-1);
    if (!cut) continue;
    if (last !== undefined && last[0] + last[1] === index) last[1] += 1;
    else ranges.push([index, 1]);
  }
  return ranges;
}

async function withMetrics(context: LookContext<unknown>, target: CloudRunTarget, stored: Stored): Promise<Stored> {
  if (stored.requests !== "pending" && stored.latencyP95 !== "pending") return stored;
  const { metrics } = context.ports;
  const { from, until } = stored;
  const requests =
    stored.requests === "pending"
      ? await orUnknown(async () => perMinute(await metrics.requestCounts(target, from, until, context.signal), stored))
      : stored.requests;
  const latencyP95 =
    stored.latencyP95 === "pending"
      ? await orUnknown(() => metrics.latencyP95(target, from, until, undefined, context.signal))
      : stored.latencyP95;
  return { ...stored, requests, latencyP95 };
}

/** A failure that may pass leaves the question open; any other settles it: unknown. */
async function orUnknown<T>(ask: () => Promise<T | "unknown">): Promise<T | "unknown" | "pending"> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof PortFailure) || error.kind === "aborted") throw error;
    return error.isTransient ? "pending" : "unknown";
  }
}

/** A day without a single point is a metric that is not there, not a day without requests. */
function perMinute(counts: readonly RequestCount[], { from, until, cut }: Stored): number[] | "unknown" {
  if (counts.length === 0) return "unknown";
  return requestsPerMinute(counts, from, Math.round(msBetween(from, until) / MINUTE), cut);
}

export function requestsPerMinute(
  counts: readonly RequestCount[],
  from: Instant,
  minutes: number,
  cut: MinuteWindow["cut"] = [],
  revision?: string,
): number[] {
  const requests = repeated(0, minutes);
  const fromMs = msOf(from);
  for (const { minute, count, revision: by } of counts) {
    const index = minuteIndex(msOf(minute), fromMs);
    if (index < 0 || index >= minutes || (revision !== undefined && by !== revision)) continue;
    requests[index] = (requests[index] ?? 0) + count;
  }
  for (const [first, length] of cut) requests.fill(0, first, first + length);
  return requests;
}
