/** When things happen within one simulated minute: by chance, every so many minutes, or once. Knows no requests. */
import { type Instant, MINUTE, msOf } from "../model/time.ts";
import type { Recurrence } from "./traffic-profile.ts";

/** Uniform in [0, 1), fixed for these arguments. */
export type Chance = (purpose: string, minute: number, index: number) => number;

/** The moments of one minute, unordered. `purpose` keeps the chances of different rules apart. */
export function timesOf(rule: Recurrence, minuteMs: number, purpose: string, chance: Chance): readonly number[] {
  const minute = minuteMs / MINUTE;
  const offset = (index: number): number => minuteMs + Math.floor(chance(purpose, minute, index + 1) * MINUTE);
  if ("at" in rule) {
    const atMs = momentOf(rule);
    return atMs >= minuteMs && atMs < minuteMs + MINUTE ? [atMs] : [];
  }
  if ("everyMinutes" in rule) {
    const first = Math.floor(chance(purpose, 0, 0) * rule.everyMinutes);
    return (minute + first) % rule.everyMinutes === 0 ? [offset(0)] : [];
  }
  return Array.from({ length: poisson(rule.perMinute, minute, purpose, chance) }, (_, index) => offset(index));
}

const MOMENTS = new WeakMap<Recurrence, number>();

/** Asked for with every minute. */
function momentOf(rule: Recurrence & { readonly at: Instant }): number {
  const known = MOMENTS.get(rule);
  if (known !== undefined) return known;
  const atMs = msOf(rule.at);
  MOMENTS.set(rule, atMs);
  return atMs;
}

/** A Poisson count from one uniform draw (inversion); beyond 500 the normal approximation. */
export function poisson(mean: number, minute: number, purpose: string, chance: Chance): number {
  if (mean <= 0) return 0;
  const draw = chance(`${purpose}/n`, minute, 0);
  if (mean > 500) {
    const normal = Math.sqrt(-2 * Math.log(1 - draw)) * Math.cos(2 * Math.PI * chance(`${purpose}/a`, minute, 0));
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
