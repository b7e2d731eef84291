/** Windows that must not count as "the past": the time around other runs' switches and failures of the same services. */
import type { Journal } from "../journal/state.ts";
import { type Progress, progressOf } from "../model/progress.ts";
import { identityOf } from "../model/service.ts";
import { DAY, type Instant, latest, MINUTE, plusMs } from "../model/time.ts";

export interface Window {
  readonly from: Instant;
  readonly until: Instant;
}

const MOST_RUNS = 50;
const SETTLING_MS = 10 * MINUTE;
/** Baselines reach back a week at most. */
const HORIZON_MS = 8 * DAY;

/** One answer for each state of a run: the checks of one look share it, because a journal may be a network away. */
const known = new WeakMap<Progress, Promise<readonly Window[]>>();

export async function excludedWindows(journal: Journal, progress: Progress): Promise<readonly Window[]> {
  const found = known.get(progress) ?? readWindows(journal, progress);
  known.set(progress, found);
  try {
    return await found;
  } catch (error) {
    known.delete(progress);
    throw error;
  }
}

async function readWindows(journal: Journal, progress: Progress): Promise<readonly Window[]> {
  const ours = new Set(Object.values(progress.plan.runbook.services).map(identityOf));
  const horizon = plusMs(progress.startedAt, -HORIZON_MS);
  const windows: Window[] = [];
  for (const { run, createdAt } of await journal.runs({ limit: MOST_RUNS })) {
    if (run === progress.run || createdAt < horizon) continue;
    windows.push(...windowsOf(progressOf(await journal.read(run)), ours));
  }
  return windows;
}

function windowsOf(other: Progress, ours: ReadonlySet<string>): readonly Window[] {
  return Object.values(other.switched).flatMap((change) => {
    const target = other.plan.runbook.services[change.service];
    if (target === undefined || !ours.has(identityOf(target))) return [];
    const restoredAt = other.restored[change.service]?.at;
    const over = latest(restoredAt === undefined ? [change.at] : [change.at, restoredAt]) ?? change.at;
    return [{ from: change.rolloutStartedAt, until: plusMs(over, SETTLING_MS) }];
  });
}
