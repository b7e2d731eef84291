/** When a `schedule:` is due: its newest moment that has passed, and those before it that nobody judged. Pure. */
import { Cron } from "croner";
import type { ScheduleSpec } from "../model/runbook.ts";
import { type Instant, instant, msBetween, msOf } from "../model/time.ts";

export interface Occurrence {
  readonly at: Instant;
  /** Newest first, at most `MOST_TOLD`. */
  readonly missed: readonly Instant[];
  /** How many were missed in all; counted up to `MOST_COUNTED`. */
  readonly missedInAll: number;
}

const MOST_TOLD = 10;
const MOST_COUNTED = 1_000;

/**
 * Only the newest is judged, however many were missed: ten verdicts about one moment would say nothing more. `last` is the
 * newest that is in the journal; without one there is no past to catch up with, and only what is younger than the window
 * counts. A clock that went back finds nothing due.
 */
export function dueOccurrence(schedule: ScheduleSpec, last: Instant | undefined, now: Instant): Occurrence | undefined {
  const cron = new Cron(schedule.cron, { timezone: schedule.timeZone });
  // `previousRuns` is exclusive of its reference.
  const before = (at: Instant, count: number): readonly Instant[] =>
    cron.previousRuns(count, new Date(msOf(at) + 1_000)).map((date) => instant(date.getTime()));
  const [at] = before(now, 1).filter((one) => one <= now);
  if (at === undefined || (last !== undefined && at <= last)) return undefined;
  if (last === undefined) {
    return msBetween(at, now) <= schedule.windowMs ? { at, missed: [], missedInAll: 0 } : undefined;
  }
  const missed = before(now, MOST_COUNTED + 1).filter((one) => one > last && one < at);
  return { at, missed: missed.slice(0, MOST_TOLD), missedInAll: missed.length };
}

/** Why an expression or a time zone cannot be used; undefined when it can. */
export function scheduleMistake(
  cron: string,
  timeZone: string,
): { key: "cron" | "time-zone"; what: string } | undefined {
  if (cron.trim().split(/\s+/).length !== 5) return { key: "cron", what: "a cron expression has five fields" };
  if (!isTimeZone(timeZone)) return { key: "time-zone", what: "there is no such time zone" };
  try {
    const next = new Cron(cron, { timezone: timeZone }).nextRun();
    return next === null ? { key: "cron", what: "it never comes" } : undefined;
  } catch (error) {
    return {
      key: "cron",
      what: error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "it is no cron expression",
    };
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
