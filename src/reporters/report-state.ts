/** Where a run stands, in one word and one sentence. Pure. */
import { type Progress, openQuestion } from "../model/progress.ts";
import { clockTime } from "../model/time.ts";
import type { CheckpointReport, Report, StepReport } from "./report-model.ts";
import { VERDICT_WORD, counted, listed } from "./words.ts";

export function stateOf(
  progress: Progress,
  steps: readonly StepReport[],
  checkpoints: readonly CheckpointReport[],
  unwatched: readonly string[],
): Report["state"] {
  const { finished, paused, rollback } = progress;
  if (finished !== undefined) return { word: FINISHED_WORD[finished.outcome], sentence: finished.because };
  const unseen =
    unwatched.length > 0 ? ` ${listed(unwatched)} serve${unwatched.length === 1 ? "s" : ""} unwatched.` : "";
  if (paused !== undefined) {
    return { word: "paused", sentence: `Paused since ${clockTime(paused.at)}: ${paused.because}.${unseen}` };
  }
  const asked = openQuestion(progress);
  if (asked !== undefined) {
    const { text, deadline, fallback } = asked.question;
    return { word: "asking", sentence: `${text} Waits for an answer until ${clockTime(deadline)}, then: ${fallback}.` };
  }
  if (rollback !== undefined) {
    const left = rollback.services.filter((name) => !(name in progress.restored));
    return { word: "rolling back", sentence: left.length > 0 ? `Still to restore: ${listed(left)}.` : "All restored." };
  }
  return runningState(steps, checkpoints);
}

const FINISHED_WORD = {
  completed: "completed",
  "rolled-back": "rolled back",
  failing: "failing",
  stopped: "stopped",
  superseded: "superseded",
  aborted: "aborted",
} as const;

function runningState(steps: readonly StepReport[], checkpoints: readonly CheckpointReport[]): Report["state"] {
  const current = steps.find(({ state }) => state !== "done" && state !== "skipped");
  if (current !== undefined) {
    const what = current.summary === "" ? `${current.id} is under way` : `${current.id}: ${current.summary}`;
    const since = current.since === undefined ? "" : `, since ${clockTime(current.since)}`;
    const until = current.deadline === undefined ? "" : `, until ${clockTime(current.deadline)}`;
    return {
      word: "deploying",
      sentence: current.state === "not begun" ? `Next: ${current.id}.` : `${what}${since}${until}.`,
    };
  }
  const next = checkpoints.find(({ state }) => state === "next");
  const after =
    next === undefined ? "" : ` Next: T+${next.name}${next.dueAt === undefined ? "" : ` at ${clockTime(next.dueAt)}`}.`;
  const last = checkpoints.findLast(({ state }) => state === "judged");
  if (last?.verdict === undefined)
    return { word: "switched, unjudged", sentence: `All ${counted(steps.length, "step")} done.${after}` };
  return { word: "monitoring", sentence: `T+${last.name} was ${VERDICT_WORD[last.verdict]}.${after}` };
}

const ENDS: ReadonlySet<string> = new Set(Object.values(FINISHED_WORD));

/** Nothing is waited for any more. */
export function hasEnded({ state }: Report): boolean {
  return ENDS.has(state.word);
}

const UNDER_WAY: ReadonlySet<StepReport["state"]> = new Set(["started", "waiting", "retrying"]);

/** The run ended while it was under way. */
export function isCutShort({ state }: StepReport, report: Report): boolean {
  return UNDER_WAY.has(state) && hasEnded(report);
}
