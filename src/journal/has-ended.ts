/** Whether a run has ended, by its events alone: a rollback opens it again. */
import type { RunEvent } from "../model/event.ts";

export function hasEnded(events: readonly RunEvent[]): boolean {
  return events.findLast(({ type }) => type === "run-finished" || type === "rollback-decided")?.type === "run-finished";
}
