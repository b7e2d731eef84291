/** A run's state as of now: what this process folded before, and the events since. The journal only ever grows. */
import { applyEvent, type Progress, progressOf } from "../model/progress.ts";
import type { EngineDeps } from "./deps.ts";

/** Throws RangeError for a run that is not in the journal. */
export async function foldRun(deps: EngineDeps, run: string): Promise<Progress> {
  const known = deps.folded.get(run);
  const events = await deps.state.journal.read(run, known?.seq);
  const progress = known === undefined ? progressOf(events) : events.reduce(applyEvent, known);
  deps.folded.set(run, progress);
  return progress;
}
