/** Words from outside the crank (answers, pause, abort, rollback), turned into events exactly once. */
import type { MessageBody } from "../journal/state.ts";
import { openQuestion } from "../model/progress.ts";
import { conclude } from "./conclude.ts";
import { askWhetherMoved } from "./moved.ts";
import { decideRollback } from "./rollback.ts";
import type { Turn } from "./turn.ts";

export async function takeMessages(turn: Turn): Promise<void> {
  const { inbox } = turn.deps.state;
  for (const { id, message } of await inbox.pending(turn.lease.run)) {
    await takeMessage(turn, message, id);
    await inbox.taken(turn.lease.run, id);
  }
}

async function takeMessage(turn: Turn, message: MessageBody, id: number): Promise<void> {
  const { progress } = turn;
  switch (message.kind) {
    case "answer":
      return takeAnswer(turn, message);
    case "pause":
      if (progress.paused === undefined && progress.finished === undefined) {
        await turn.record({ type: "run-paused", because: `paused by ${message.by}` });
      }
      return;
    case "resume":
      if (progress.finished === undefined) await askWhetherMoved(turn, id);
      if (progress.paused !== undefined && progress.finished === undefined) {
        await turn.record({ type: "run-resumed", by: message.by });
      }
      return;
    case "abort":
      if (progress.finished === undefined) await conclude(turn, "aborted", `aborted by ${message.by}`);
      return;
    case "rollback":
      return decideRollback(turn, message);
  }
}

async function takeAnswer(turn: Turn, message: Extract<MessageBody, { kind: "answer" }>): Promise<void> {
  const open = openQuestion(turn.progress);
  if (open === undefined) return;
  const { question } = open;
  if (message.question !== undefined && message.question !== question.id) return;
  if (!question.options.includes(message.answer)) return;
  await turn.record({ type: "question-answered", question: question.id, answer: message.answer, by: message.by });
  // Who answers wants it acted on.
  if (turn.progress.paused !== undefined) await turn.record({ type: "run-resumed", by: message.by });
}
