/** Calls off what steps have under way when a rollback is decided. Best effort: GitHub being down never holds a rollback up. */
import { MINUTE, plusMs } from "../model/time.ts";
import type { StepSpec } from "../model/runbook.ts";
import { contextOf, itemOf, keepFailure } from "./steps.ts";
import type { Turn } from "./turn.ts";

const TIMEOUT_MS = 5 * MINUTE;
const UNDER_WAY: readonly string[] = ["started", "waiting", "retrying"];

export async function abandonSteps(turn: Turn): Promise<void> {
  for (const step of turn.progress.plan.runbook.steps) await abandonStep(turn, step);
}

async function abandonStep(turn: Turn, step: StepSpec): Promise<void> {
  const { progress, deps } = turn;
  const item = progress.items[itemOf(step)];
  const kind = deps.kindOf(step.uses);
  if (item === undefined || !UNDER_WAY.includes(item.state) || kind?.abandon === undefined) return;
  const name = `abandon:${step.id}`;
  const before = progress.items[name];
  if (before?.state === "done" || before?.state === "failed") return;
  if (before?.retryAt !== undefined && turn.now < before.retryAt) return;
  const deadline = plusMs(progress.rollback?.at ?? turn.now, TIMEOUT_MS);
  try {
    await kind.abandon(await contextOf(turn, step, item, deadline));
    await turn.record({ type: "item-done", item: name, summary: "called off", output: {} });
  } catch (error) {
    if (deps.signal.aborted) throw error;
    await keepFailure(turn, name, error, deadline);
  }
}
