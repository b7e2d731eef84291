/** Instants and durations: pure arithmetic over plain values; reads no clock. */
import { z } from "zod";

/** A moment: RFC 3339, UTC, always with milliseconds ("2026-04-12T04:07:00.000Z"), so that `<` on strings is time order. */
export type Instant = string & { readonly __instant: unique symbol };

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The instant of epoch milliseconds or of any RFC 3339 text. Throws RangeError for text that is no date. */
export function instant(value: number | string): Instant {
  return textOf(typeof value === "number" ? value : Date.parse(value)) as Instant;
}

export function msOf(at: Instant): number {
  return Date.parse(at);
}

export function plusMs(at: Instant, ms: number): Instant {
  return instant(msOf(at) + ms);
}

/** Milliseconds from `from` to `to`; negative when `to` is earlier. */
export function msBetween(from: Instant, to: Instant): number {
  return msOf(to) - msOf(from);
}

export function earliest(instants: readonly Instant[]): Instant | undefined {
  return instants.reduce<Instant | undefined>(
    (least, at) => (least === undefined || at < least ? at : least),
    undefined,
  );
}

export function latest(instants: readonly Instant[]): Instant | undefined {
  return instants.reduce<Instant | undefined>((most, at) => (most === undefined || at > most ? at : most), undefined);
}

/** The end of the minute that holds `at`; a whole minute is its own end. */
export function ceilToMinute(at: Instant): Instant {
  return instant(Math.ceil(msOf(at) / MINUTE) * MINUTE);
}

/** The start of the minute that holds `at`. */
export function floorToMinute(at: Instant): Instant {
  return instant(Math.floor(msOf(at) / MINUTE) * MINUTE);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Milliseconds of "90s", "20m", "1h30m", "24h"; undefined when a unit is missing or unknown. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (UNITS[unit ?? ""] ?? Number.NaN);
  }
  return total;
}

/** "20m", "1h", "1h30m", "45s", "24h": the two largest units that matter; hours are not folded into days. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < SECOND) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / SECOND);
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "m"],
    [seconds % 60, "s"],
  ] as const;
  const shown = parts.filter(([amount]) => amount > 0).slice(0, 2);
  return shown.map(([amount, unit]) => `${amount}${unit}`).join("") || "0s";
}

/** "04:07 UTC" */
export function clockTime(at: Instant): string {
  return `${at.slice(11, 16)} UTC`;
}

/** "2026-04-12 04:07 UTC" */
export function dateTime(at: Instant): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

/** Validates an instant in stored or received data. */
export const instantSchema = z.iso.datetime({ precision: 3 }) as unknown as z.ZodType<Instant, Instant>;

/** The year 10000, whose text is longer. */
const LATEST_MS = 253_402_300_800_000;
const TWO_DIGITS = numbers(60, 2);
const THREE_DIGITS = numbers(SECOND, 3);

/** As Date writes it, in a third of the time; what is unusual is left to Date. */
function textOf(ms: number): string {
  if (!Number.isInteger(ms) || ms < 0 || ms >= LATEST_MS) return new Date(ms).toISOString();
  const rest = ms % DAY;
  const hour = TWO_DIGITS[Math.floor(rest / HOUR)];
  const minute = TWO_DIGITS[Math.floor(rest / MINUTE) % 60];
  const second = TWO_DIGITS[Math.floor(rest / SECOND) % 60];
  return `${dateOf(ms - rest)}${hour}:${minute}:${second}.${THREE_DIGITS[rest % SECOND]}Z`;
}

/** "2026-04-12T" by the day's first millisecond: a process is about few days. */
const DATES = new Map<number, string>();
const MOST_DATES = 1_000;

function dateOf(dayMs: number): string {
  const known = DATES.get(dayMs);
  if (known !== undefined) return known;
  const date = new Date(dayMs).toISOString().slice(0, 11);
  if (DATES.size >= MOST_DATES) DATES.clear();
  DATES.set(dayMs, date);
  return date;
}

function numbers(count: number, digits: number): readonly string[] {
  return Array.from({ length: count }, (_, number) => String(number).padStart(digits, "0"));
}
