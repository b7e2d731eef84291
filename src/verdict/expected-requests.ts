/** How many requests the baseline lets expect in the candidate's window: the rate of the same hour of the day. */
import { DAY, MINUTE, msOf } from "../model/time.ts";
import type { MinuteWindow } from "./evidence.ts";
import { repeated, sum } from "./windows.ts";

const HALF_HOUR = 30;
const DAY_MINUTES = DAY / MINUTE;

/** Minutes whose hour is not in the baseline (or was cut out) take the mean rate of the whole baseline. */
export function expectedRequests(before: MinuteWindow, after: MinuteWindow): number {
  const clean = cleanSums(before);
  const mean = clean.rate(0, before.exposure.length) ?? 0;
  const offset = Math.round((msOf(after.from) - msOf(before.from)) / MINUTE);
  return sum(after.exposure.map((_, index) => sameHourRate(clean, offset + index) ?? mean));
}

function sameHourRate(clean: CleanSums, index: number): number | undefined {
  const rates: number[] = [];
  for (let same = index - DAY_MINUTES; same > -HALF_HOUR; same -= DAY_MINUTES) {
    const rate = clean.rate(same - HALF_HOUR, same + HALF_HOUR);
    if (rate !== undefined) rates.push(rate);
  }
  return rates.length === 0 ? undefined : sum(rates) / rates.length;
}

interface CleanSums {
  /** Mean exposure per clean minute of [from, until); undefined where no clean minute is. */
  rate(from: number, until: number): number | undefined;
}

function cleanSums({ exposure, cut }: MinuteWindow): CleanSums {
  const isClean = repeated(1, exposure.length);
  for (const [first, length] of cut) isClean.fill(0, first, first + length);
  const amounts = [0];
  const minutes = [0];
  for (const [index, amount] of exposure.entries()) {
    amounts.push((amounts[index] ?? 0) + (isClean[index] === 1 ? amount : 0));
    minutes.push((minutes[index] ?? 0) + (isClean[index] ?? 0));
  }
  const between = (sums: number[], from: number, until: number): number => (sums[until] ?? 0) - (sums[from] ?? 0);
  return {
    rate(from, until) {
      const low = Math.max(0, Math.min(exposure.length, from));
      const high = Math.max(low, Math.min(exposure.length, until));
      const counted = between(minutes, low, high);
      return counted === 0 ? undefined : between(amounts, low, high) / counted;
    },
  };
}
