/** The end of a run: what came of it, what it leaves half-done, and the locks given back. */
import type { Outcome } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";
import { type Verdict, worstVerdict } from "../model/verdict.ts";
import { releaseLocks } from "./locking.ts";
import { surveyServices } from "./survey.ts";
import type { Turn } from "./turn.ts";

export async function conclude(turn: Turn, outcome: Outcome, because: string): Promise<void> {
  const halfDone = outcome === "completed" ? [] : await leftHalfDone(turn, outcome);
  await releaseLocks(turn);
  const verdict = runVerdict(turn.progress, outcome);
  await turn.record({
    type: "run-finished",
    outcome,
    because,
    halfDone: [...halfDone],
    ...(verdict === undefined ? {} : { verdict }),
  });
}

async function leftHalfDone(turn: Turn, outcome: Outcome): Promise<readonly string[]> {
  const { effects, superseded } = turn.progress;
  const begun = Object.values(effects).filter(({ item }) => item.startsWith("step:"));
  const inDoubt = Object.values(effects).filter(({ state, item }) => state === "intended" && !item.startsWith("post:"));
  const doubts = inDoubt.map(({ what }) => `in doubt: ${what}`);
  if (begun.length === 0 || outcome === "rolled-back") return doubts;
  const changed = (await surveyServices(turn)).filter(
    ({ service, state }) => state !== "as-before" && superseded[service] === undefined,
  );
  return [...doubts, ...changed.map(({ detail }) => detail)];
}

/** A FAIL sticks; else the last checkpoint speaks, else the last look, else the gates. Checkpoints that never came prove nothing. */
export function runVerdict(progress: Progress, outcome: Outcome): Verdict | undefined {
  if (progress.firstFail !== undefined) return "fail";
  const checkpoints = Object.values(progress.checkpoints).map(({ verdict }) => verdict);
  const last = checkpoints.at(-1) ?? progress.production?.verdict;
  if (last !== undefined) return last;
  const gates = Object.values(progress.items).flatMap(({ verdict }) => (verdict === undefined ? [] : [verdict]));
  const isUnjudged = outcome === "completed" && (progress.plan.runbook.monitor?.checkpointsMs ?? []).length > 0;
  if (isUnjudged) return worstVerdict([...gates, "inconclusive"]);
  return gates.length === 0 ? undefined : worstVerdict(gates);
}
