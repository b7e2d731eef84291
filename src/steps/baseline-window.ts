/** Which minutes are a service's past: right before its rollout, a day earlier, or a week earlier. Reads nothing. */
import type { ServiceSwitch } from "../model/service.ts";
import { DAY, floorToMinute, HOUR, type Instant, plusMs } from "../model/time.ts";
import type { LookContext } from "./step.ts";

/** Whole minutes: from <= t < until. */
export interface BaselineWindow {
  readonly from: Instant;
  readonly until: Instant;
}

/** The minute in which the rollout began: what comes before is the past, whatever part of it is the baseline. */
export function rolloutMinute(switched: Pick<ServiceSwitch, "rolloutStartedAt">): Instant {
  return floorToMinute(switched.rolloutStartedAt);
}

export function baselineWindow(
  { baselineMs, baselineMode }: Pick<LookContext<unknown>, "baselineMs" | "baselineMode">,
  switched: Pick<ServiceSwitch, "rolloutStartedAt">,
): BaselineWindow {
  const rollout = rolloutMinute(switched);
  if (baselineMode === "same-hour-yesterday") {
    return { from: plusMs(rollout, -DAY - HOUR), until: plusMs(rollout, -DAY + HOUR) };
  }
  if (baselineMode === "last-week") return { from: plusMs(rollout, -7 * DAY), until: plusMs(rollout, -6 * DAY) };
  return { from: plusMs(rollout, -baselineMs), until: rollout };
}
