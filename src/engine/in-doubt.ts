/** An effect in doubt that the world cannot tell apart: a person is asked, and the item rests until there is an answer. */
import { openQuestion } from "../model/progress.ts";
import { clockTime, plusMs, SECOND } from "../model/time.ts";
import type { ItemWait, Turn } from "./turn.ts";

const LOOK_AGAIN_MS = 2 * SECOND;

/** Thrown through a step that cannot go on without the answer: no failure, and not counted as one. */
export class AwaitsAnswer extends Error {
  constructor(effect: string) {
    super(`an answer is needed about ${effect}`);
    this.name = "AwaitsAnswer";
  }
}

/**
 * "done", "retry" or "stop". Asks when it has not been asked since the doubt last ended in "stop"; throws AwaitsAnswer until
 * there is an answer. Nobody answering within the time of a rollback's question means "stop", which pauses the run.
 */
export async function answerToDoubt(
  turn: Turn,
  effect: string,
  item: string,
  doubt: string,
  canBeDone: boolean,
): Promise<string> {
  const asked = Object.values(turn.progress.questions).filter(({ question }) =>
    question.id.startsWith(`${idOf(effect)}#`),
  );
  const last = asked.at(-1);
  const isFresh = last?.answer !== undefined && !isUsedUp(turn, item, last.askedAt);
  if (last !== undefined && isFresh) return last.answer ?? "stop";
  if (openQuestion(turn.progress) !== undefined) throw new AwaitsAnswer(effect);
  const deadline = plusMs(turn.now, turn.progress.plan.runbook.rollback.askTimeoutMs);
  const done = canBeDone ? " done: the newest of them is it." : "";
  await turn.record({
    type: "question-asked",
    item,
    question: {
      id: `${idOf(effect)}#${asked.length + 1}`,
      about: "in-doubt",
      text: `It is not known whether this was done: ${doubt}.${done} retry: it was not done, do it now. stop: pause the run. Without an answer by ${clockTime(deadline)}: stop.`,
      options: [...(canBeDone ? ["done"] : []), "retry", "stop"],
      fallback: "stop",
      deadline,
    },
  });
  throw new AwaitsAnswer(effect);
}

function idOf(effect: string): string {
  return `in-doubt:${effect}`;
}

/** An answer "stop" has paused the run; whoever resumes it is asked anew. */
function isUsedUp({ progress }: Turn, item: string, askedAt: string): boolean {
  const since = progress.items[item]?.since;
  return progress.items[item]?.state === "started" && since !== undefined && since > askedAt;
}

/** The item waits for the answer; the question itself looks for it. */
export function restingUntilAnswered(turn: Turn, item: string): ItemWait {
  return {
    item,
    for: "an answer",
    since: turn.progress.items[item]?.since ?? turn.now,
    lookAt: plusMs(turn.now, LOOK_AGAIN_MS),
  };
}
