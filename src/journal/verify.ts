/** Reads everything that a state holds and says what cannot be relied on. Changes nothing and mends nothing. */
import { messageOf } from "../model/error.ts";
import type { RunEvent } from "../model/event.ts";
import { progressOf } from "../model/progress.ts";
import type { State } from "./state.ts";

export interface Verified {
  readonly runs: number;
  readonly events: number;
  readonly evidence: number;
  /** One sentence each. */
  readonly problems: readonly string[];
}

const MOST_RUNS = 100_000;

/** Reading checks sequence, digest and schema of each event; folding checks that they make sense; evidence is looked up by content. */
export async function verifyState(state: State): Promise<Verified> {
  const problems: string[] = [];
  let events = 0;
  const seen = new Set<string>();
  const runs = await state.journal.runs({ limit: MOST_RUNS });
  for (const { run } of runs) {
    try {
      const read = await state.journal.read(run);
      progressOf(read);
      events += read.length;
      for (const digest of evidenceOf(read)) {
        if (seen.has(digest)) continue;
        seen.add(digest);
        if ((await state.evidence.get(digest)) === undefined)
          problems.push(`Run ${run}: the evidence ${digest} of a verdict is missing.`);
      }
    } catch (error) {
      problems.push(`Run ${run}: ${messageOf(error)}`);
    }
  }
  return { runs: runs.length, events, evidence: seen.size, problems };
}

/** Digests of the evidence that a run's verdicts rest on. */
export function evidenceOf(events: readonly RunEvent[]): readonly string[] {
  const results = events.flatMap((event) => ("results" in event ? (event.results ?? []) : []));
  return [...new Set(results.flatMap(({ evidence }) => (evidence === undefined ? [] : [evidence])))];
}
