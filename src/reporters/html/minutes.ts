/** Counts per minute as charts need them: cut to a view, put into buckets, with what is usual. An unread minute stays unknown. */
import { type Instant, MINUTE, floorToMinute, msBetween, plusMs } from "../../model/time.ts";

/** A minute that was not read, or was cut out as another deploy's, is undefined: never a quiet one. */
export type Minutes = readonly (number | undefined)[];

/** What the judge counted of one service for one check, from its stored evidence. */
export interface WatchedMinutes {
  readonly service: string;
  readonly check: string;
  /** "5xx", "critical and known error signatures": what one error is. */
  readonly counts: string;
  readonly switchedAt: Instant;
  /** When the new version began to appear; the baseline ends here. */
  readonly rolloutStartedAt: Instant;
  readonly before: Counted;
  readonly after: Counted;
  /** Minutes around the switch over all versions, where the check kept them. */
  readonly around?: { readonly from: Instant; readonly errors: Minutes };
}

export interface Counted {
  readonly from: Instant;
  readonly errors: Minutes;
  /** Undefined where requests are not measured. */
  readonly requests?: Minutes;
}

export interface Bucket {
  /** Minutes from the switch, fractional. */
  readonly start: number;
  readonly end: number;
  readonly from: Instant;
  readonly errors: number | undefined;
  readonly requests: number | undefined;
}

export interface View {
  readonly title: string;
  /** Minutes from the switch. */
  readonly from: number;
  readonly until: number;
  readonly bucketMinutes: number;
}

const AROUND_BEFORE = 30;
const AROUND_AFTER = 90;

/** Close to the switch, minute by minute; and the whole watch with its baseline where that is longer. */
export function viewsOf(watched: WatchedMinutes): readonly View[] {
  const start = offsetOf(watched, watched.before.from);
  const end = Math.max(endOf(watched, watched.after), watched.around === undefined ? 0 : aroundEnd(watched));
  const around = {
    title: "Around the switch",
    from: Math.max(-AROUND_BEFORE, start),
    until: Math.max(5, Math.min(AROUND_AFTER, end)),
    bucketMinutes: 1,
  };
  if (end <= AROUND_AFTER) return [around];
  const bucketMinutes = [5, 10, 15, 20, 30, 60, 120, 240].find((size) => (end - start) / size <= 160) ?? 480;
  return [around, { title: "The whole watch and its baseline", from: start, until: Math.max(end, 1), bucketMinutes }];
}

/** Rates per minute. A bucket is known as far as any of its minutes is. */
export function bucketsOf(watched: WatchedMinutes, view: View): readonly Bucket[] {
  const errors = errorsBy(watched);
  const requests = requestsBy(watched);
  const t0 = floorToMinute(watched.switchedAt);
  const shift = offsetOf(watched, t0);
  const first = Math.floor((view.from - shift) / view.bucketMinutes) * view.bucketMinutes;
  const last = Math.ceil(view.until - shift);
  return Array.from({ length: Math.max(0, Math.ceil((last - first) / view.bucketMinutes)) }, (_, index) => {
    const minute = first + index * view.bucketMinutes;
    const within = Array.from({ length: view.bucketMinutes }, (_unused, each) => minute + each);
    return {
      start: minute + shift,
      end: minute + view.bucketMinutes + shift,
      from: plusMs(t0, minute * MINUTE),
      errors: meanOf(within.map((each) => errors.get(each))),
      requests: meanOf(within.map((each) => requests.get(each))),
    };
  });
}

/** The baseline's mean per minute, and the range in which nine of ten of its buckets lie. */
export interface Usual {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export function usualOf(
  watched: WatchedMinutes,
  what: "errors" | "requests",
  bucketMinutes: number,
): Usual | undefined {
  const minutes = watched.before[what] ?? [];
  const buckets: number[] = [];
  for (let at = 0; at < minutes.length; at += bucketMinutes) {
    const mean = meanOf(minutes.slice(at, at + bucketMinutes));
    if (mean !== undefined) buckets.push(mean);
  }
  const mean = meanOf(minutes);
  const sorted = buckets.sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor(0.05 * (sorted.length - 1))], sorted[Math.ceil(0.95 * (sorted.length - 1))]];
  return mean === undefined || low === undefined || high === undefined ? undefined : { mean, low, high };
}

/** Minutes from the switch. */
export function offsetOf({ switchedAt }: Pick<WatchedMinutes, "switchedAt">, at: Instant): number {
  return msBetween(switchedAt, at) / MINUTE;
}

/** Whether there is anything to draw. */
export function isSilent({ before, after, around }: WatchedMinutes): boolean {
  const all = [before.errors, after.errors, around?.errors ?? [], before.requests ?? [], after.requests ?? []];
  return all.every((minutes) => minutes.every((each) => each === undefined || each === 0));
}

function endOf(watched: WatchedMinutes, { from, errors }: Counted): number {
  return offsetOf(watched, plusMs(from, errors.length * MINUTE));
}

function aroundEnd(watched: WatchedMinutes): number {
  const { around } = watched;
  return around === undefined ? 0 : offsetOf(watched, plusMs(around.from, around.errors.length * MINUTE));
}

/** By minutes from the minute of the switch. What was kept of all versions around the switch comes before the rest. */
function errorsBy(watched: WatchedMinutes): ReadonlyMap<number, number | undefined> {
  return new Map([
    ...byMinute(watched, watched.before.from, watched.before.errors),
    ...byMinute(watched, watched.after.from, watched.after.errors),
    ...(watched.around === undefined ? [] : byMinute(watched, watched.around.from, watched.around.errors)),
  ]);
}

function requestsBy(watched: WatchedMinutes): ReadonlyMap<number, number | undefined> {
  return new Map([
    ...byMinute(watched, watched.before.from, watched.before.requests ?? []),
    ...byMinute(watched, watched.after.from, watched.after.requests ?? []),
  ]);
}

function byMinute({ switchedAt }: WatchedMinutes, from: Instant, minutes: Minutes): [number, number | undefined][] {
  const first = Math.round(msBetween(floorToMinute(switchedAt), from) / MINUTE);
  return minutes.map((each, index) => [first + index, each]);
}

function meanOf(values: Minutes): number | undefined {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value));
  return known.length === 0 ? undefined : known.reduce<number>((sum, value) => sum + (value ?? 0), 0) / known.length;
}
