/** Error signatures of one service's own log entries, before and after its switch, per minute. Judges nothing. */
import { z } from "zod";
import type { Json } from "../model/json.ts";
import type { Redaction } from "../model/redact.ts";
import type { ServiceSwitch, ServiceTarget } from "../model/service.ts";
import { HOUR, type Instant, MINUTE, floorToMinute, instantSchema, msBetween, msOf, plusMs } from "../model/time.ts";
import type { LogQuery, LogRecord } from "../ports/logs.ts";
import type { Counts } from "../verdict/evidence.ts";
import { GroupCounts, groupCountsSchema } from "../verdict/group-counts.ts";
import { exampleOfRecord, groupOf, keyOf, minuteIndex } from "../verdict/sample.ts";
import { baselineWindow, rolloutMinute } from "./baseline-window.ts";
import { LOG_DELAY_MS, cutsOf } from "./errors-before.ts";
import { MAX_PAGES, type Reading, readEntries } from "./read-entries.ts";
import type { LookContext } from "./step.ts";

/** Asked for instead of everything on standard error where that is too much: a pod's standard error is all "ERROR". */
const ERROR_WORDS = ["error", "exception", "traceback", "panic", "fatal"] as const;
const MIN_BASELINE_MS = HOUR;

const storedSchema = z.strictObject({
  v: z.literal(1),
  to: z.string(),
  from: instantSchema,
  until: instantSchema,
  readUntil: instantSchema,
  cut: z.array(z.tuple([z.number(), z.number()])),
  /** Only entries that hold an error word: the rest is too much to read. */
  isNarrow: z.boolean(),
  signatures: groupCountsSchema,
  critical: z.array(z.tuple([z.number(), z.number()])),
});
type Stored = z.infer<typeof storedSchema>;

/** Minutes are counted from `from`. */
export interface Signatures {
  readonly from: Instant;
  /** Read until here. */
  readonly until: Instant;
  readonly cut: Counts;
  readonly isNarrow: boolean;
  readonly signatures: GroupCounts;
  /** Entries with a critical signature, per minute. */
  readonly critical: Counts;
  readonly gaps: readonly string[];
}

/** Frozen at the first look. Throws PortFailure. */
export async function signaturesBefore(
  context: LookContext<unknown>,
  service: string,
  target: ServiceTarget,
  switched: ServiceSwitch,
  critical: readonly string[],
): Promise<Signatures> {
  const key = `${service}/before`;
  const known = await load(context, key, switched);
  if (known !== undefined && known.readUntil >= known.until) return signaturesOf(known, []);
  const start = known ?? emptyBaseline(context, switched);
  const { until } = start;
  let read = await grown(context, key, start, { target }, critical);
  if (!read.stored.isNarrow && read.isCut && msBetween(read.stored.from, read.stored.readUntil) < MIN_BASELINE_MS) {
    read = await grown(context, key, { ...start, isNarrow: true }, { target }, critical);
  }
  const { from, readUntil } = read.stored;
  // What lies beyond the limit was not read, so it is no part of the baseline.
  const cut = cutsOf(from, until, [...context.excluded, { from: readUntil, until }]);
  const stored = { ...read.stored, readUntil: until, cut };
  await context.saveSample(key, stored as unknown as Json);
  return signaturesOf(stored, []);
}

/** Grows by the minutes that are new at each look; only what the new revision or the new pods wrote. Throws PortFailure. */
export async function signaturesAfter(
  context: LookContext<unknown>,
  service: string,
  target: ServiceTarget,
  switched: ServiceSwitch,
  before: Signatures,
  critical: readonly string[],
): Promise<Signatures> {
  const key = `${service}/after`;
  const known = await load(context, key, switched);
  const until = floorToMinute(plusMs(context.now, -LOG_DELAY_MS));
  const start = known ?? { ...empty(switched, rolloutMinute(switched), until), isNarrow: before.isNarrow };
  if (until <= start.readUntil) return signaturesOf(start, []);
  const query = { target, version: switched.to };
  const { stored, isCut } = await grown(context, key, { ...start, until }, query, critical);
  await context.saveSample(key, stored as unknown as Json);
  const gap = `more than ${MAX_PAGES} pages of entries in one look: read until ${stored.readUntil}`;
  return { ...signaturesOf(stored, isCut ? [gap] : []), until: stored.readUntil };
}

function emptyBaseline(context: LookContext<unknown>, switched: ServiceSwitch): Stored {
  const { from, until } = baselineWindow(context, switched);
  return empty(switched, from, until);
}

async function load(context: LookContext<unknown>, key: string, switched: ServiceSwitch): Promise<Stored | undefined> {
  const known = storedSchema.safeParse(await context.loadSample(key));
  return known.success && known.data.to === switched.to ? known.data : undefined;
}

function empty(switched: ServiceSwitch, from: Instant, until: Instant): Stored {
  const signatures = new GroupCounts().toJSON();
  return { v: 1, to: switched.to, from, until, readUntil: from, cut: [], isNarrow: false, signatures, critical: [] };
}

function signaturesOf(stored: Stored, gaps: readonly string[]): Signatures {
  return { ...stored, until: stored.readUntil, signatures: GroupCounts.from(stored.signatures), gaps };
}

/** One query for both: what is at least an ERROR, and what holds a critical signature at any severity. */
async function grown(
  context: LookContext<unknown>,
  key: string,
  start: Stored,
  which: Pick<LogQuery, "target" | "version">,
  critical: readonly string[],
): Promise<{ readonly stored: Stored; readonly isCut: boolean }> {
  const tally = new Tally(start, critical, context.redaction);
  const query = {
    ...which,
    log: "application",
    since: start.readUntil,
    until: start.until,
    minSeverity: "ERROR",
    ...(start.isNarrow ? { containsAny: ERROR_WORDS } : {}),
    orContainsAny: critical,
  } as const;
  const { logs } = context.ports;
  const reading = await readEntries(logs, query, context.signal, (record, atMs) => tally.add(record, atMs));
  const stored = tally.stored(reading.completeUntil);
  await keepPartial(context, key, stored, reading.failure);
  return { stored, isCut: reading.isCut };
}

/** What was read before a failure is kept: the read quota is too dear to begin again. */
async function keepPartial(
  context: LookContext<unknown>,
  key: string,
  stored: Stored,
  failure: Reading["failure"],
): Promise<void> {
  if (failure === undefined) return;
  await context.saveSample(key, stored as unknown as Json);
  throw failure;
}

/** Entries by minute and signature, and those with a critical one by minute. */
class Tally {
  readonly #start: Stored;
  readonly #critical: readonly string[];
  readonly #redaction: Redaction;
  readonly #signatures: GroupCounts;
  readonly #criticalByMinute: Map<number, number>;

  constructor(start: Stored, critical: readonly string[], redaction: Redaction) {
    this.#redaction = redaction;
    this.#start = start;
    this.#critical = critical.map((signature) => signature.toLowerCase());
    this.#signatures = GroupCounts.from(start.signatures);
    this.#criticalByMinute = new Map(start.critical);
  }

  add(record: LogRecord, atMs: number): void {
    const text = record.text?.toLowerCase() ?? "";
    const isCritical = this.#critical.some((signature) => text.includes(signature));
    const group = groupOf(record, this.#redaction) ?? (isCritical ? "(critical)" : undefined);
    if (group === undefined) return;
    const minute = minuteIndex(atMs, msOf(this.#start.from));
    if (isCritical) this.#criticalByMinute.set(minute, (this.#criticalByMinute.get(minute) ?? 0) + 1);
    this.#signatures.add(group, minute, 1, {
      key: keyOf(record),
      text: () => exampleOfRecord(record, this.#redaction),
    });
  }

  stored(readUntil: Instant): Stored {
    return {
      ...this.#start,
      readUntil,
      signatures: this.#signatures.toJSON(),
      critical: [...this.#criticalByMinute].sort(([a], [b]) => a - b),
    };
  }
}

export function minutesOf({ from, until }: Pick<Signatures, "from" | "until">): number {
  return Math.max(0, Math.round(msBetween(from, until) / MINUTE));
}
