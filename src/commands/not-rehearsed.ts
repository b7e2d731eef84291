/** What a rehearsal leaves out of a runbook, as a sentence for people. Rehearses nothing itself. */
import type { Runbook } from "../model/runbook.ts";

/** Undefined where nothing is left out. */
export function notRehearsed({ name, schedule }: Runbook): string | undefined {
  if (schedule === undefined) return undefined;
  return `-- not rehearsed: the schedule of ${name} (${schedule.cron}), whose checks belong to no deploy`;
}
