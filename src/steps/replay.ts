/** Replays check-errors over a past: what it would have said of a deploy at any moment. Pure; asks nobody. */
import { ceilToMinute, HOUR, type Instant, MINUTE, msBetween, plusMs } from "../model/time.ts";
import { type Verdict, worstVerdict } from "../model/verdict.ts";
import type { Counts, JudgeEvidence, MinuteWindow, Stream } from "../verdict/evidence.ts";
import { judge } from "../verdict/judge.ts";
import { defaultSettings, SETTLING_MS } from "../verdict/settings.ts";
import { baselineWindow } from "./baseline-window.ts";
import { cutsOf } from "./errors-before.ts";
import type { Past } from "./past.ts";
import type { LookContext } from "./step.ts";

export const HORIZONS = [
  ["5m", 5 * MINUTE],
  ["20m", 20 * MINUTE],
  ["1h", HOUR],
] as const;
export type HorizonName = (typeof HORIZONS)[number][0];
export type Said = Readonly<Record<HorizonName, Verdict>>;

export interface ReplayRules extends Pick<LookContext<unknown>, "baselineMs" | "baselineMode" | "judgedServices"> {
  readonly label: string;
  /** Windows of deploys, cut out of every baseline. */
  readonly excluded: readonly { readonly from: Instant; readonly until: Instant }[];
}

export interface Tried {
  readonly service: string;
  readonly at: Instant;
  readonly said: Said;
}

/** How long after a deploy nothing is taken for a moment without one. */
const AFTERMATH_MS = HOUR + 10 * MINUTE;

/** Moments, `everyMs` apart, whose baseline and next hour lie within the past and far from every deploy. */
export function placeboTimes(past: Past, rules: ReplayRules, everyMs: number): readonly Instant[] {
  const times: Instant[] = [];
  for (let at = past.from; plusMs(at, HOUR) <= past.until; at = plusMs(at, everyMs)) {
    if (baselineAt(at, rules).from < past.from) continue;
    const isNear = [...rules.excluded, ...past.unread].some(
      ({ from, until }) => from < plusMs(at, HOUR) && plusMs(until, AFTERMATH_MS) > at,
    );
    if (!isNear) times.push(at);
  }
  return times;
}

/** What would have been said at T+5m, T+20m and T+1h of a switch at `at`. */
export function replayAt(past: Past, at: Instant, rules: ReplayRules): Tried {
  const said = HORIZONS.map(([name, horizonMs]) => [name, judge(evidenceAt(past, at, horizonMs, rules)).verdict]);
  return { service: past.service, at, said: Object.fromEntries(said) as Said };
}

/** The verdict of a run: the worst over its services, at moments at which all of them were replayed. */
export function runVerdicts(tried: readonly Tried[], services: number): readonly Tried[] {
  const byMoment = Map.groupBy(tried, ({ at }) => at);
  return [...byMoment.values()].flatMap((each) => {
    const [first] = each;
    if (first === undefined || each.length < services) return [];
    const said = HORIZONS.map(([name]) => [name, worstVerdict(each.map((one) => one.said[name]))]);
    return [{ service: "the run", at: first.at, said: Object.fromEntries(said) as Said }];
  });
}

function baselineAt(at: Instant, rules: ReplayRules): { readonly from: Instant; readonly until: Instant } {
  return baselineWindow(rules, { rolloutStartedAt: plusMs(at, -MINUTE) });
}

function evidenceAt(past: Past, at: Instant, horizonMs: number, rules: ReplayRules): JudgeEvidence {
  const { from, until } = baselineAt(at, rules);
  const settled = ceilToMinute(plusMs(at, SETTLING_MS));
  const known = past.requests !== "unknown";
  const own = rules.excluded.filter((window) => !(window.from <= at && at < window.until));
  const before = windowOf(past, from, until, cutsOf(from, until, [...own, ...past.unread]));
  const after = windowOf(past, settled, ceilToMinute(plusMs(at, horizonMs)), []);
  const settling = known ? settlingOf(past, at, before) : undefined;
  return {
    v: 1,
    windows: { before, after },
    streams: streamsOf(past, rules.label, before, after),
    totalsKnown: known,
    judgedServices: rules.judgedServices,
    horizonMs,
    candidateEntries: "unknown",
    ...(settling === undefined ? {} : { settling }),
    gaps: [],
    settings: defaultSettings(known),
  };
}

function windowOf(past: Past, from: Instant, until: Instant, cut: MinuteWindow["cut"]): MinuteWindow {
  const first = minutesBetween(past.from, from);
  const { requests } = past;
  const exposure = Array.from({ length: Math.max(0, minutesBetween(from, until)) }, (_, index) =>
    requests === "unknown" ? 1 : (requests[first + index] ?? 0),
  );
  for (const [start, length] of cut) exposure.fill(0, start, start + length);
  return { from, exposure, cut };
}

function streamsOf(past: Past, label: string, before: MinuteWindow, after: MinuteWindow): Stream[] {
  const stream = (kind: Stream["kind"], group: string, counts: Counts): Stream => ({
    kind,
    group,
    baseline: { window: "before", errors: within(counts, past, before) },
    candidate: { window: "after", errors: within(counts, past, after) },
  });
  const routes = [...past.errors].map(([group, counts]) => stream("route", group, counts));
  const overall: Stream = {
    kind: "overall",
    group: `all ${label}`,
    baseline: { window: "before", errors: summed(routes.map(({ baseline }) => baseline.errors)) },
    candidate: { window: "after", errors: summed(routes.map(({ candidate }) => candidate.errors)) },
  };
  return [overall, ...routes.filter(({ baseline, candidate }) => baseline.errors.length + candidate.errors.length > 0)];
}

/** Counts are ascending, so only those of the window are touched. */
function within(counts: Counts, past: Past, window: MinuteWindow): Counts {
  const first = minutesBetween(past.from, window.from);
  const end = first + window.exposure.length;
  const found: Counts = [];
  for (let index = lowerBound(counts, first); index < counts.length; index++) {
    const [minute, count] = counts[index] ?? [end, 0];
    if (minute >= end) break;
    found.push([minute - first, count]);
  }
  return found;
}

function lowerBound(counts: Counts, minute: number): number {
  let low = 0;
  let high = counts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((counts[middle]?.[0] ?? 0) < minute) low = middle + 1;
    else high = middle;
  }
  return low;
}

function summed(lists: readonly Counts[]): Counts {
  const minutes = new Map<number, number>();
  for (const counts of lists) {
    for (const [minute, count] of counts) minutes.set(minute, (minutes.get(minute) ?? 0) + count);
  }
  return [...minutes].sort(([a], [b]) => a - b);
}

/** Minutes around the switch, of all versions: here nothing tells the new one apart. */
function settlingOf(past: Past, at: Instant, before: MinuteWindow): JudgeEvidence["settling"] {
  const window = windowOf(past, at, plusMs(at, 2 * SETTLING_MS), []);
  const errors = new Map(summed([...past.errors.values()].map((counts) => within(counts, past, window))));
  const cut = new Set(before.cut.flatMap(([start, length]) => Array.from({ length }, (_, index) => start + index)));
  let failed = 0;
  for (const counts of past.errors.values()) {
    for (const [minute, count] of within(counts, past, before)) if (!cut.has(minute)) failed += count;
  }
  const requests = before.exposure.reduce((sum, count) => sum + count, 0);
  return {
    from: at,
    errors: window.exposure.map((_, index) => errors.get(index) ?? 0),
    requests: window.exposure,
    baselineShare: requests === 0 ? 0 : failed / requests,
  };
}

function minutesBetween(from: Instant, until: Instant): number {
  return Math.round(msBetween(from, until) / MINUTE);
}
