/** Reading the windows and sparse counts of evidence as one number per minute. */
import type { Counts, JudgeEvidence, MinuteWindow } from "./evidence.ts";

export function windowOf(evidence: Pick<JudgeEvidence, "windows">, name: string): MinuteWindow {
  const window = evidence.windows[name];
  if (window === undefined) throw new RangeError(`the evidence has no window "${name}"`);
  return window;
}

/** Minutes that were not cut out. */
export function cleanMinutes(window: MinuteWindow): number {
  return window.exposure.length - window.cut.reduce((total, [, length]) => total + length, 0);
}

/** One number per minute of the window; minutes that were cut out count no error. */
export function dense(counts: Counts, window: MinuteWindow): number[] {
  const values = repeated(0, window.exposure.length);
  for (const [index, count] of counts) if (index < values.length) values[index] = (values[index] ?? 0) + count;
  for (const [first, length] of window.cut) values.fill(0, first, first + length);
  return values;
}

/** Not Array.from, which calls a function for each: with `dense` and `sum` this is the judge's innermost loop. */
export function repeated(value: number, times: number): number[] {
  const values: number[] = [];
  for (let index = 0; index < times; index++) values.push(value);
  return values;
}

/** The inverse of `dense`: only the minutes that have something. */
export function sparse(values: readonly number[]): Counts {
  return [...values.entries()].filter(([, count]) => count > 0).map(([index, count]) => [index, count]);
}

export function sum(values: readonly number[]): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index] ?? 0;
  return total;
}
