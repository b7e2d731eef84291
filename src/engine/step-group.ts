/** The steps whose turn it is, one or a group side by side: gives each its turn, and says when the run cannot go on with them. */
import { type ItemProgress, openQuestion } from "../model/progress.ts";
import type { StepSpec } from "../model/runbook.ts";
import { plusMs } from "../model/time.ts";
import { conclude } from "./conclude.ts";
import { releaseLocks } from "./locking.ts";
import { hasEffects } from "./services.ts";
import { advanceStep, continueQuestion, currentSteps, itemOf } from "./steps.ts";
import type { ItemResult, Turn } from "./turn.ts";

/** In the order of the file. After one has failed or said no, no other is begun; those under way go on to their own end. */
export async function advanceSteps(turn: Turn): Promise<readonly ItemResult[]> {
  const results: ItemResult[] = [];
  for (const step of currentSteps(turn.progress)) {
    const isBegun = turn.progress.items[itemOf(step)] !== undefined;
    const isHeldBack = !isBegun && currentSteps(turn.progress).some((other) => isTroubled(turn, other));
    if (!isHeldBack) results.push(await advanceStep(turn, step));
  }
  return results;
}

/**
 * A step that said no, or gave up, ends or pauses the run once nothing of its group is under way any more; only positive
 * evidence of harm goes another way, and at once.
 */
export async function stopWhenRefused(turn: Turn): Promise<boolean> {
  const steps = currentSteps(turn.progress);
  const troubled = steps.filter((step) => isTroubled(turn, step));
  if (troubled.length === 0) return false;
  if (troubled.some((step) => itemIn(turn, step)?.verdict === "fail")) return false;
  for (const step of troubled) {
    if (!mayBeAsked(turn, step)) continue;
    const asked = turn.progress.questions[continueQuestion(step)];
    if (asked === undefined) return askToContinue(turn, step.id, continueQuestion(step), becauseOf(turn, step));
    if (asked.answer === undefined) return false;
  }
  if (steps.some((step) => isUnderWay(itemIn(turn, step)))) return false;
  const refused = troubled.filter((step) => itemIn(turn, step)?.state === "refused");
  const because = troubled.map((step) => `step ${step.id}: ${becauseOf(turn, step)}`).join("; ");
  if (refused.length > 0) {
    await conclude(turn, "stopped", because);
    return true;
  }
  // A run that has begun nothing keeps nobody out while it waits for a person.
  const hasBegun = turn.progress.plan.runbook.steps.some((one) => hasEffects(turn.progress, itemOf(one)));
  if (!hasBegun) await releaseLocks(turn);
  await turn.record({ type: "run-paused", because });
  return true;
}

function itemIn(turn: Turn, step: StepSpec): ItemProgress | undefined {
  return turn.progress.items[itemOf(step)];
}

function isTroubled(turn: Turn, step: StepSpec): boolean {
  const state = itemIn(turn, step)?.state;
  return state === "failed" || state === "refused";
}

function isUnderWay(item: ItemProgress | undefined): boolean {
  return item !== undefined && ["started", "waiting", "retrying"].includes(item.state);
}

function mayBeAsked(turn: Turn, step: StepSpec): boolean {
  const item = itemIn(turn, step);
  return item?.state === "refused" && item.verdict === "inconclusive" && step.onInconclusive === "ask";
}

function becauseOf(turn: Turn, step: StepSpec): string {
  const item = itemIn(turn, step);
  return item?.state === "failed" ? (item.failure?.what ?? "failed") : (item?.because?.split("\n", 1)[0] ?? "refused");
}

async function askToContinue(turn: Turn, step: string, id: string, because: string): Promise<boolean> {
  if (openQuestion(turn.progress) !== undefined) return false;
  const deadline = plusMs(turn.now, turn.progress.plan.runbook.rollback.askTimeoutMs);
  const text = `Step ${step} is inconclusive: ${because} May the deploy go on?`;
  await turn.record({
    type: "question-asked",
    item: `step:${step}`,
    question: { id, about: "continue", text, options: ["continue", "stop"], fallback: "stop", deadline },
  });
  return true;
}
