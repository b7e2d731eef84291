/** The open question: asked of the operator, answered from the inbox, or settled by its deadline. */
import { openQuestion } from "../model/progress.ts";
import { earliest, plusMs, SECOND } from "../model/time.ts";
import type { ItemResult, Turn } from "./turn.ts";

const POLL_MS = 2 * SECOND;

export async function advanceQuestion(turn: Turn): Promise<ItemResult> {
  const open = openQuestion(turn.progress);
  if (open === undefined) return "idle";
  const { question } = open;
  const said = await turn.deps.operator.poll(question, turn.now);
  if (said !== undefined && question.options.includes(said.answer)) {
    await turn.record({ type: "question-answered", question: question.id, answer: said.answer, by: said.by });
    return "changed";
  }
  if (turn.now >= question.deadline) {
    await turn.record({
      type: "question-answered",
      question: question.id,
      answer: question.fallback,
      by: "the deadline",
    });
    return "changed";
  }
  return {
    item: `question:${question.id}`,
    for: `an answer (${question.options.join(" or ")}): ${question.text}`,
    since: open.askedAt,
    lookAt: earliest([plusMs(turn.now, POLL_MS), question.deadline]) ?? question.deadline,
    deadline: question.deadline,
  };
}
