/** The minutes that exported log entries cover, and what of them counts. Reads no entry and decides nothing. */
import { DAY, MINUTE, type Instant, instant, msOf } from "../model/time.ts";
import type { Counts, MinuteWindow } from "./evidence.ts";
import type { FileRules } from "./file-rules.ts";
import type { FileTally } from "./file-tally.ts";
import { SETTLING_MS } from "./settings.ts";

/** More minutes than these are not held: the latest count. */
const MAX_MINUTES = (45 * DAY) / MINUTE;

/** So long may a service that still serves have nothing to log. */
const QUIET_MINUTES = 15;

/** Of the epoch. */
export interface Minutes {
  readonly first: number;
  readonly length: number;
}

export function baselineSpan(rules: FileRules, tally: FileTally): Minutes {
  const first = rules.baseline?.from === undefined ? tally.firstMinute : minuteOf(rules.baseline.from);
  const given = rules.baseline?.until;
  const switched = rules.switchedAt === undefined ? Number.POSITIVE_INFINITY : minuteOf(rules.switchedAt);
  const end = tally.lastMinute + 1;
  // Entries that end shortly before the switch are rare entries, not the end of what was exported.
  const seen = switched - end <= QUIET_MINUTES ? switched : end;
  return bounded(first, given === undefined ? seen : minuteOf(given));
}

export function candidateSpan(rules: FileRules, tally: FileTally): Minutes {
  const settled =
    rules.switchedAt === undefined ? undefined : Math.ceil((msOf(rules.switchedAt) + SETTLING_MS) / MINUTE);
  const given = rules.candidate?.from === undefined ? undefined : Math.ceil(msOf(rules.candidate.from) / MINUTE);
  const first = settled === undefined ? (given ?? tally.firstMinute) : Math.max(settled, given ?? settled);
  const end = rules.now ?? rules.candidate?.until;
  return bounded(first, end === undefined ? tally.lastMinute + 1 : minuteOf(end));
}

/** No entries, no minutes; too many minutes: the latest. */
function bounded(first: number, end: number): Minutes {
  if (!Number.isFinite(first) || !Number.isFinite(end) || end <= first) {
    return { first: Number.isFinite(first) ? first : 0, length: 0 };
  }
  const length = Math.min(MAX_MINUTES, end - first);
  return { first: end - length, length };
}

export function windowOf(
  { first, length }: Minutes,
  requests: ReadonlyMap<number, number> | undefined,
  excluded: FileRules["excluded"] = [],
): MinuteWindow {
  const exposure = Array.from({ length }, (_, index) =>
    requests === undefined ? 1 : (requests.get(first + index) ?? 0),
  );
  const cut = excluded.flatMap(({ from, until }): [number, number][] => {
    const start = Math.max(0, minuteOf(from) - first);
    const end = Math.min(length, Math.ceil(msOf(until) / MINUTE) - first);
    return end > start ? [[start, end - start]] : [];
  });
  const merged = mergedRanges(cut);
  for (const [start, count] of merged) exposure.fill(0, start, start + count);
  return { from: instant(first * MINUTE), exposure, cut: merged };
}

function mergedRanges(ranges: readonly [number, number][]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [start, length] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[0] + last[1]) last[1] = Math.max(last[1], start + length - last[0]);
    else merged.push([start, length]);
  }
  return merged;
}

/** Minutes of the epoch as indices of the window, ascending. */
export function within(counts: Counts, { first, length }: Minutes): Counts {
  return counts
    .flatMap(([minute, count]): Counts => {
      const index = minute - first;
      return index >= 0 && index < length ? [[index, count]] : [];
    })
    .sort(([a], [b]) => a - b);
}

export function minuteOf(at: Instant): number {
  return Math.floor(msOf(at) / MINUTE);
}
