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
  return new Date(value).toISOString() as Instant;
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
