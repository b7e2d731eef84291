/** One minute of a simulated service's traffic, derived from seed, service and minute alone; makes no log entries. */
import { type Instant, instant, MINUTE, msOf } from "../model/time.ts";
import type { Bounds, ErrorRule, LineRule, Recurrence, RevisionRule, TrafficProfile } from "./traffic-profile.ts";

/** Entries become visible this long after their timestamp; nothing may appear earlier than that before its cause. */
export const VISIBLE_AFTER_MS = 5_000;

/** What a minute depends on. Everything here says the same about the past whenever it is asked. */
export interface Surroundings {
  /** Uniform in [0, 1), fixed for these arguments. */
  readonly chance: (purpose: string, minute: number, index: number) => number;
  /** Shares of the revisions that take requests at a moment. */
  readonly servedAt: (at: Instant) => ReadonlyMap<string, number>;
  readonly switches: () => readonly Instant[];
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
  const ruled = (profile.errors ?? []).flatMap((rule, number) =>
    timesOf(rule, minuteMs, `error${number}`, around).flatMap((atMs, index) =>
      placed(rule, { family: `error${number}`, index }, atMs, around),
    ),
  );
  const { spike } = profile;
  if (spike === undefined) return ruled;
  const spiked = around.switches().flatMap((at) => {
    const start = msOf(at) - VISIBLE_AFTER_MS;
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
    timesOf(rule, minuteMs, `line${number}`, around).flatMap((atMs, index) => {
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
  return poisson(profile.requestsPerMinute * cycle, minuteMs / MINUTE, "count", around);
}

/** The ordinary requests within [fromMs, untilMs), evenly spread over their minute, ascending. */
export function* slots(
  profile: TrafficProfile,
  minuteMs: number,
  window: { readonly fromMs: number; readonly untilMs: number; readonly onlyFailing: boolean },
  around: Surroundings,
): Generator<Slot> {
  const count = slotCount(profile, minuteMs, around);
  const minute = minuteMs / MINUTE;
  const phase = around.chance("phase", minute, 0);
  const failures = profile.failures ?? [];
  if (count === 0 || (window.onlyFailing && failures.length === 0)) return;
  for (let index = 0; index < count; index++) {
    const atMs = minuteMs + Math.floor(((index + phase) * MINUTE) / count);
    if (atMs < window.fromMs || atMs >= window.untilMs) continue;
    const revision = revisionAt(atMs, around, index);
    if (revision === undefined) continue;
    const draw = failures.length === 0 ? 1 : around.chance("failing", minute, index);
    const failure = failures.find((rule) => draw < rule.share && applies(rule, atMs, revision, around));
    const slot = { id: { family: "slot", index }, atMs, revision };
    if (failure !== undefined) {
      const { status, latencyMs = 120, message } = failure;
      yield { ...slot, status, latencyMs, ...(message === undefined ? {} : { message }) };
    } else if (!window.onlyFailing) yield { ...slot, status: 200 };
  }
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
  const shares = around.servedAt(instant(atMs));
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
  const at = instant(atMs);
  return (
    (rule.from === undefined || at >= rule.from) &&
    (rule.until === undefined || at < rule.until) &&
    isAbout(rule.onRevision, revision, around)
  );
}

function timesOf(rule: Recurrence, minuteMs: number, purpose: string, around: Surroundings): readonly number[] {
  const minute = minuteMs / MINUTE;
  const offset = (index: number): number => minuteMs + Math.floor(around.chance(purpose, minute, index + 1) * MINUTE);
  if ("at" in rule) {
    const atMs = msOf(rule.at);
    return atMs >= minuteMs && atMs < minuteMs + MINUTE ? [atMs] : [];
  }
  if ("everyMinutes" in rule) {
    const first = Math.floor(around.chance(purpose, 0, 0) * rule.everyMinutes);
    return (minute + first) % rule.everyMinutes === 0 ? [offset(0)] : [];
  }
  return Array.from({ length: poisson(rule.perMinute, minute, purpose, around) }, (_, index) => offset(index));
}

/** A Poisson count from one uniform draw (inversion); beyond 500 the normal approximation. */
function poisson(mean: number, minute: number, purpose: string, around: Surroundings): number {
  if (mean <= 0) return 0;
  const draw = around.chance(`${purpose}/n`, minute, 0);
  if (mean > 500) {
    const normal =
      Math.sqrt(-2 * Math.log(1 - draw)) * Math.cos(2 * Math.PI * around.chance(`${purpose}/a`, minute, 0));
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let term = Math.exp(-mean);
  let sum = term;
  let count = 0;
  while (sum < draw && count < 2_000) {
    count++;
    term *= mean / count;
    sum += term;
  }
  return count;
}
