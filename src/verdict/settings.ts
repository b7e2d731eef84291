/** The judge's defaults and how its tolerances depend on the distance of the checkpoint. Decides nothing. */
import { DAY, HOUR, MINUTE } from "../model/time.ts";
import type { Settings } from "./evidence.ts";

/** Errors within this time after the switch are shown apart and not judged, except by the guard. */
export const SETTLING_MS = 2 * MINUTE;

/** With unknown totals a rise of traffic looks like a rise of errors, so FAIL needs twice the rate. */
export function defaultSettings(totalsKnown: boolean): Settings {
  return {
    alphaFail: 0.01,
    alphaWarn: 0.05,
    beta: 0.05,
    rhoFail: totalsKnown ? 1.25 : 2,
    rhoWarn: 1,
    minRatioFail: 1.75,
    minErrorsFail: 5,
    minRatioWarn: 1.5,
    minErrorsWarn: 3,
    minBaselineMinutes: 60,
    minRequests: 50,
    aliveShare: 0.2,
    collapseShare: 0.3,
    minEntries: 20,
    latencyRatio: 2,
    latencyFloorMs: 50,
    ratioTolerances: [
      [5 * MINUTE, 10],
      [20 * MINUTE, 5],
      [HOUR, 3],
      [DAY, 2],
    ],
    absoluteTolerances: [
      [5 * MINUTE, 2],
      [20 * MINUTE, 0.4],
      [HOUR, 0.2],
      [DAY, 0.02],
    ],
    weights: { overall: 0.4, route: 0.3, critical: 0.1, signature: 0.2 },
  };
}

/**
 * Two versions over the same minutes: what changes for both cancels, so a baseline of minutes will do. Fewer than three
 * could not fail anyway.
 */
export function concurrentSettings(): Settings {
  return { ...defaultSettings(true), minBaselineMinutes: 3 };
}

/** Linear in log T between the points, constant outside them. */
export function toleranceAt(points: readonly (readonly [number, number])[], horizonMs: number): number {
  let before = points[0];
  if (before === undefined) return 0;
  if (horizonMs <= before[0]) return before[1];
  for (const point of points.slice(1)) {
    if (horizonMs <= point[0]) {
      const share = Math.log(horizonMs / before[0]) / Math.log(point[0] / before[0]);
      return before[1] + share * (point[1] - before[1]);
    }
    before = point;
  }
  return before[1];
}
