/** What a FAIL leads to: the rollback policy, the question, the decision. Restoring itself is `unwind`. */
import { type Progress, openQuestion } from "../model/progress.ts";
import { clockTime, plusMs } from "../model/time.ts";
import { releaseLocks } from "./locking.ts";
import { lastSwitch } from "./look.ts";
import { isUntouched, isWatched } from "./services.ts";
import { noticeSupersession, surveyServices } from "./survey.ts";
import type { ItemResult, Turn } from "./turn.ts";

export const ROLLBACK_QUESTION = "rollback";

/** The first positive evidence of harm that this run has found, as a sentence; undefined when there is none. Sticky. */
export function failOf(progress: Progress): string | undefined {
  return progress.firstFail;
}

/** The operator, or the policy, has left a FAIL serving. */
export function isKept(progress: Progress): boolean {
  return (
    progress.questions[ROLLBACK_QUESTION]?.answer === "keep" ||
    (failOf(progress) !== undefined && progress.plan.runbook.rollback.onFail === "never")
  );
}

export async function considerRollback(turn: Turn): Promise<ItemResult> {
  const { progress } = turn;
  const because = failOf(progress);
  if (because === undefined || progress.rollback !== undefined || isKept(progress)) return "idle";
  const asked = progress.questions[ROLLBACK_QUESTION];
  if (asked === undefined) return applyPolicy(turn, because);
  if (asked.answer === undefined) return "idle";
  await decideRollback(turn, { by: asked.by ?? "the operator", because });
  return "changed";
}

async function applyPolicy(turn: Turn, because: string): Promise<ItemResult> {
  const { progress } = turn;
  const policy = progress.plan.runbook.rollback;
  if ((await changedServices(turn)).length === 0) {
    await decideRollback(turn, { by: "the engine: nothing had changed", because, services: [] });
    return "changed";
  }
  const since = lastSwitch(progress) ?? progress.startedAt;
  const isEarly = turn.now <= plusMs(since, policy.automaticUntilMs);
  const irreversible = irreversibleStep(progress);
  if (policy.onFail === "automatic" && isEarly && irreversible === undefined) {
    await decideRollback(turn, { by: "the rollback policy", because });
    return "changed";
  }
  const open = openQuestion(progress);
  if (open !== undefined) {
    // Production fails: an approval or a gate that waits for a person must not keep the rollback from being asked about.
    const { id, fallback } = open.question;
    await turn.record({
      type: "question-answered",
      question: id,
      answer: fallback,
      by: "the engine, because production fails",
    });
  }
  const deadline = plusMs(turn.now, policy.askTimeoutMs);
  const fallback = irreversible === undefined ? policy.askDefault : "keep";
  // Lines of its own, such as the last of a log, stand with the step; here it is part of a sentence.
  const reason = because.split("\n", 1)[0]?.replace(/\.+$/, "") ?? because;
  const warning = irreversible === undefined ? "" : ` Step ${irreversible} cannot be undone: decide by hand.`;
  await turn.record({
    type: "question-asked",
    item: "monitor",
    question: {
      id: ROLLBACK_QUESTION,
      about: "rollback",
      text: `FAIL: ${reason}.${warning} Put production back? Without an answer by ${clockTime(deadline)}: ${fallback}.`,
      options: ["rollback", "keep"],
      fallback,
      deadline,
    },
  });
  return "changed";
}

function irreversibleStep(progress: Progress): string | undefined {
  return progress.plan.runbook.steps.find(
    (step) => step.irreversible && progress.items[`step:${step.id}`] !== undefined,
  )?.id;
}

/** Names what is to be restored: what was asked for, else everything that does not serve what it served before. */
export async function decideRollback(
  turn: Turn,
  why: { by: string; because: string; services?: readonly string[] },
): Promise<void> {
  if (turn.progress.rollback !== undefined && turn.progress.finished === undefined) {
    if (turn.progress.paused !== undefined) await turn.record({ type: "run-resumed", by: why.by });
    return;
  }
  await noticeSupersession(turn);
  const services = why.services ?? (await changedServices(turn));
  if (turn.progress.finished === undefined) await releaseLocks(turn);
  await turn.record({ type: "rollback-decided", services: [...services], because: why.because, by: why.by });
}

/** What a workflow that was called off has switched all the same, after the decision. False: nothing, as far as can be read. */
export async function widenRollback(turn: Turn): Promise<boolean> {
  const { rollback, items, switched } = turn.progress;
  if (!Object.keys(items).some((item) => item.startsWith("abandon:"))) return false;
  // What had switched by then was left out on purpose.
  const known = [...(rollback?.services ?? []), ...Object.keys(switched)];
  const behind = (await changedServices(turn)).filter((service) => !known.includes(service));
  if (behind.length > 0) await turn.record({ type: "rollback-widened", services: behind });
  return behind.length > 0;
}

async function changedServices(turn: Turn): Promise<readonly string[]> {
  const { progress } = turn;
  const surveyed = await surveyServices(turn);
  return surveyed
    .filter(
      ({ service, state }) =>
        isWatched(progress, service) || (state !== "as-before" && !isUntouched(progress, service)),
    )
    .map(({ service }) => service)
    .filter((service) => progress.superseded[service] === undefined);
}
