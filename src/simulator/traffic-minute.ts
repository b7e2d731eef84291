/** One minute of a simulated service's traffic, derived from seed, service and minute alone; makes no log entries. */
import { MINUTE, msOf } from "../model/time.ts";
import type { Bounds, ErrorRule, LineRule, RevisionRule, TrafficProfile } from "./traffic-profile.ts";
import { type Chance, poisson, timesOf } from "./traffic-times.ts";

/** Entries become visible this long after their timestamp; nothing may appear earlier than that before its cause. */
export const VISIBLE_AFTER_MS = 5_000;

/** What a minute depends on. Everything here says the same about the past whenever it is asked. */
export interface Surroundings {
  readonly chance: Chance;
  /** Shares of the revisions that take requests, each from its moment on; ascending. */
  readonly history: readonly { readonly fromMs: number; readonly shares: ReadonlyMap<string, number> }[];
  /** Moments at which other revisions took over. */
  readonly switchesMs: readonly number[];
  readonly isNew: (revision: string) => boolean;
}

/** Tells happenings of one minute apart, whatever else is asked for: the family and the number within it. */
export interface Identity {
  readonly family: string;
  readonly index: number;
}

/** A request that a rule placed. `atMs` is the entry's timestamp. */
export interface Placed {
  readonly id: Identity;
  readonly atMs: number;
  readonly revision: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly latencyMs: number;
  readonly message?: string;
}

/** An ordinary request. Where a failure rule hits it, it has the rule's status and latency; else 200. */
export interface Slot {
  readonly id: Identity;
  readonly atMs: number;
  readonly revision: string;
  readonly status: number;
  readonly latencyMs?: number;
  readonly message?: string;
}

export interface Line {
  readonly id: Identity;
  readonly atMs: number;
  readonly revision: string;
  readonly rule: LineRule;
}

/** Error requests of the rules, unordered, within [fromMs, untilMs) of the minute that starts at `minuteMs`. */
export function placedRequests(profile: TrafficProfile, minuteMs: number, around: Surroundings): readonly Placed[] {
  const ruled: Placed[] = [];
  for (const [number, rule] of (profile.errors ?? []).entries()) {
    const family = `error${number}`;
    for (const [index, atMs] of timesOf(rule, minuteMs, family, around.chance).entries()) {
      ruled.push(...placed(rule, { family, index }, atMs, around));
    }
  }
  const { spike } = profile;
  if (spike === undefined) return ruled;
  const spiked = around.switchesMs.flatMap((atMs) => {
    const start = atMs - VISIBLE_AFTER_MS;
    return Array.from({ length: spike.errors }, (_, index) => {
      const offset = around.chance("spike", Math.floor(start / 1_000), index) * (MINUTE - VISIBLE_AFTER_MS);
      return { index, atMs: start + Math.floor(offset) };
    }).filter(({ atMs }) => atMs >= minuteMs && atMs < minuteMs + MINUTE);
  });
  return [...ruled, ...spiked.flatMap(({ index, atMs }) => placed(spike, { family: "spike", index }, atMs, around))];
}

/** Application lines of the rules, unordered. */
export function placedLines(profile: TrafficProfile, minuteMs: number, around: Surroundings): readonly Line[] {
  return (profile.lines ?? []).flatMap((rule, number) =>
    timesOf(rule, minuteMs, `line${number}`, around.chance).flatMap((atMs, index) => {
      const revision = revisionAt(atMs, around, number);
      const id = { family: `line${number}`, index };
      return revision === undefined || !applies(rule, atMs, revision, around) ? [] : [{ id, atMs, revision, rule }];
    }),
  );
}

/** How many ordinary requests a minute has: a daily cycle with a little noise. */
export function slotCount(profile: TrafficProfile, minuteMs: number, around: Surroundings): number {
  const hour = (minuteMs / (60 * MINUTE)) % 24;
  const cycle = 1 + (profile.dailyAmplitude ?? 0) * Math.cos(((hour - (profile.peakHour ?? 18)) / 24) * 2 * Math.PI);
  return poisson(profile.requestsPerMinute * cycle, minuteMs / MINUTE, "count", around.chance);
}

export interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The ordinary requests of the minute within a window, evenly spread, ascending; or the failing ones among them. */
export function* slots(
  profile: TrafficProfile,
  minuteMs: number,
  window: Window & { readonly onlyFailing: boolean },
  around: Surroundings,
): Generator<Slot> {
  if (window.onlyFailing && profile.failures === undefined) return;
  const row = rowOf(profile, minuteMs, around);
  for (const stretch of stretchesOf(profile, window, around)) {
    if (window.onlyFailing && stretch.failures.length === 0) continue;
    for (let index = row.indexFrom(stretch.fromMs); row.atMs(index) < stretch.untilMs && index < row.count; index++) {
      const slot = slotAt(row.atMs(index), index, minuteMs, stretch, around);
      if (slot !== undefined && (slot.latencyMs !== undefined || !window.onlyFailing)) yield slot;
    }
  }
}

/** Ordinary requests alike; without `latencyMs` their latency is the profile's. */
export interface SlotTotal {
  readonly revision: string;
  readonly status: number;
  readonly latencyMs: number | undefined;
  readonly count: number;
}

/** What `slots` would give, counted: by arithmetic where all of a stretch are alike. */
export function slotTotals(
  profile: TrafficProfile,
  minuteMs: number,
  window: Window,
  around: Surroundings,
): readonly SlotTotal[] {
  const row = rowOf(profile, minuteMs, around);
  return stretchesOf(profile, window, around).flatMap((stretch): readonly SlotTotal[] => {
    const first = row.indexFrom(stretch.fromMs);
    const end = row.indexFrom(stretch.untilMs);
    if (stretch.sole !== undefined && stretch.failures.length === 0) {
      return [{ revision: stretch.sole, status: 200, latencyMs: undefined, count: end - first }];
    }
    return Array.from({ length: end - first }, (_, offset) => first + offset).flatMap((index) => {
      const slot = slotAt(row.atMs(index), index, minuteMs, stretch, around);
      return slot === undefined
        ? []
        : [{ revision: slot.revision, status: slot.status, latencyMs: slot.latencyMs, count: 1 }];
    });
  });
}

interface Row {
  readonly count: number;
  atMs(index: number): number;
  /** The first slot that is not before a moment. */
  indexFrom(ms: number): number;
}

function rowOf(profile: TrafficProfile, minuteMs: number, around: Surroundings): Row {
  const count = slotCount(profile, minuteMs, around);
  const phase = around.chance("phase", minuteMs / MINUTE, 0);
  const atMs = (index: number): number => minuteMs + Math.floor(((index + phase) * MINUTE) / count);
  return {
    count,
    atMs,
    indexFrom(ms) {
      let index = Math.min(count, Math.max(0, Math.floor(((ms - minuteMs) * count) / MINUTE - phase)));
      while (index < count && atMs(index) < ms) index++;
      return index;
    },
  };
}

/** Part of a minute during which the same revisions serve. */
interface Stretch extends Window {
  readonly shares: ReadonlyMap<string, number>;
  readonly sole: string | undefined;
  /** The failure rules that may hit one of the revisions in that time. */
  readonly failures: NonNullable<TrafficProfile["failures"]>;
}

function stretchesOf(profile: TrafficProfile, window: Window, around: Surroundings): readonly Stretch[] {
  return around.history.flatMap(({ fromMs, shares }, index) => {
    const from = Math.max(fromMs, window.fromMs);
    const until = Math.min(around.history[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY, window.untilMs);
    if (from >= until || shares.size === 0) return [];
    const revisions = [...shares.keys()];
    const failures = (profile.failures ?? []).filter((rule) =>
      revisions.some((revision) => isAbout(rule.onRevision, revision, around)),
    );
    return [{ fromMs: from, untilMs: until, shares, sole: shares.size === 1 ? revisions[0] : undefined, failures }];
  });
}

function slotAt(
  atMs: number,
  index: number,
  minuteMs: number,
  stretch: Stretch,
  around: Surroundings,
): Slot | undefined {
  const revision = stretch.sole ?? chosen(stretch.shares, atMs, index, around);
  if (revision === undefined) return undefined;
  const slot = { id: { family: "slot", index }, atMs, revision };
  const draw = stretch.failures.length === 0 ? 1 : around.chance("failing", minuteMs / MINUTE, index);
  const failure = stretch.failures.find((rule) => draw < rule.share && applies(rule, atMs, revision, around));
  if (failure === undefined) return { ...slot, status: 200 };
  const { status, latencyMs = 120, message } = failure;
  return { ...slot, status, latencyMs, ...(message === undefined ? {} : { message }) };
}

/** Whether a rule about revisions means this one. */
export function isAbout(rule: RevisionRule | undefined, revision: string, around: Surroundings): boolean {
  if (rule === undefined) return true;
  if (rule === "new") return around.isNew(revision);
  if (rule === "old") return !around.isNew(revision);
  return typeof rule === "function" ? rule(revision) : rule.name === revision;
}

/** Which revision a request that starts now gets; undefined where nothing serves. */
export function revisionAt(atMs: number, around: Surroundings, index: number): string | undefined {
  const shares = around.history.findLast(({ fromMs }) => fromMs <= atMs)?.shares;
  return shares === undefined ? undefined : chosen(shares, atMs, index, around);
}

function chosen(
  shares: ReadonlyMap<string, number>,
  atMs: number,
  index: number,
  around: Surroundings,
): string | undefined {
  if (shares.size <= 1) return shares.keys().next().value;
  let left = around.chance("split", atMs, index) * 100;
  for (const [revision, share] of shares) {
    left -= share;
    if (left < 0) return revision;
  }
  return undefined;
}

type Answer = Bounds & Pick<ErrorRule, "method" | "route" | "status" | "latencyMs" | "message">;

function placed(rule: Answer, id: Identity, atMs: number, around: Surroundings): readonly Placed[] {
  const latencyMs = rule.latencyMs ?? 120;
  // Who answers was decided when the request began.
  const revision = revisionAt(atMs - latencyMs, around, 0);
  if (revision === undefined || !applies(rule, atMs, revision, around)) return [];
  const { method, route, status, message } = rule;
  return [{ id, atMs, revision, method, route, status, latencyMs, ...(message === undefined ? {} : { message }) }];
}

function applies(rule: Bounds, atMs: number, revision: string, around: Surroundings): boolean {
  if (!isAbout(rule.onRevision, revision, around)) return false;
  const { fromMs, untilMs } = boundsOf(rule);
  return atMs >= fromMs && atMs < untilMs;
}

const BOUNDS = new WeakMap<Bounds, { readonly fromMs: number; readonly untilMs: number }>();

/** Asked for with every request: the text of an instant is read once. */
function boundsOf(rule: Bounds): { readonly fromMs: number; readonly untilMs: number } {
  const known = BOUNDS.get(rule);
  if (known !== undefined) return known;
  const bounds = {
    fromMs: rule.from === undefined ? Number.NEGATIVE_INFINITY : msOf(rule.from),
    untilMs: rule.until === undefined ? Number.POSITIVE_INFINITY : msOf(rule.until),
  };
  BOUNDS.set(rule, bounds);
  return bounds;
}
