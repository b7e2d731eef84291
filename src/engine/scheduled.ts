/** A check that a schedule asked for: production is judged as if every service had switched one window ago to what serves. */
import type { Progress } from "../model/progress.ts";
import type { ServiceSwitch } from "../model/service.ts";
import { plusMs } from "../model/time.ts";
import type { EngineDeps } from "./deps.ts";

/**
 * A placebo deploy: the same checks over the window, against the same past before it. Never journaled, because nothing
 * switched. A service whose traffic is split has no version to be judged, and stays inconclusive.
 */
export function asIfSwitched(deps: EngineDeps, progress: Progress): Progress {
  const { scheduled, runbook } = progress.plan;
  if (scheduled === undefined) return progress;
  const at = plusMs(scheduled.at, -scheduled.windowMs);
  const switched = Object.entries(runbook.services).flatMap(([service, target]) => {
    const before = progress.snapshot[service];
    const version = before === undefined ? undefined : deps.platformOf(target).versionOf(before);
    if (version === undefined) return [];
    const change: ServiceSwitch = { service, at, from: version, to: version, rolloutStartedAt: at, images: [] };
    return [[service, change] as const];
  });
  return { ...progress, switched: Object.fromEntries(switched) };
}
