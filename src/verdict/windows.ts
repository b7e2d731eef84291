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
  const values: number[] = [];
  // Not Array.from: this is the judge's innermost loop.
  for (let index = 0; index < window.exposure.length; index++) values.push(0);
  for (const [index, count] of counts) if (index < values.length) values[index] = (values[index] ?? 0) + count;
  for (const [first, length] of window.cut) values.fill(0, first, first + length);
  return values;
}

/** The inverse of `dense`: only the minutes that have something. */
export function sparse(values: readonly number[]): Counts {
  return [...values.entries()].filter(([, count]) => count > 0).map(([index, count]) => [index, count]);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
