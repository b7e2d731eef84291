/** Calls off what steps have under way when a rollback is decided. Bounded: GitHub being down never holds a rollback up for long. */
import { formatDuration, MINUTE, plusMs, SECOND } from "../model/time.ts";
import type { StepSpec } from "../model/runbook.ts";
import { contextOf, itemOf, keepFailure } from "./steps.ts";
import type { ItemWait, Turn } from "./turn.ts";

const TIMEOUT_MS = 5 * MINUTE;
/** A bad version serves meanwhile: what has not ended by then is told, and production is put back. */
const END_WITHIN_MS = MINUTE;
const LOOK_AGAIN_MS = 5 * SECOND;
const UNDER_WAY: readonly string[] = ["started", "waiting", "retrying"];

/** `blocks`: it must end before anything is restored, lest it deploys behind the rollback. Otherwise only the run's end waits. */
export type AbandonWait = ItemWait & { readonly blocks: boolean };

export async function abandonSteps(turn: Turn): Promise<readonly AbandonWait[]> {
  const waits: AbandonWait[] = [];
  for (const step of turn.progress.plan.runbook.steps) {
    const wait = await abandonStep(turn, step);
    if (wait !== undefined) waits.push(wait);
  }
  return waits;
}

async function abandonStep(turn: Turn, step: StepSpec): Promise<AbandonWait | undefined> {
  const { progress, deps } = turn;
  const item = progress.items[itemOf(step)];
  const kind = deps.kindOf(step.uses);
  if (item === undefined || !UNDER_WAY.includes(item.state) || kind?.abandon === undefined) return undefined;
  const name = `abandon:${step.id}`;
  const before = progress.items[name];
  if (before?.state === "done" || before?.state === "failed") return undefined;
  const decidedAt = progress.rollback?.at ?? turn.now;
  const deadline = plusMs(decidedAt, TIMEOUT_MS);
  if (before?.retryAt !== undefined && turn.now < before.retryAt) {
    const what = `another try to call off ${step.id}`;
    return { item: name, for: what, since: decidedAt, lookAt: before.retryAt, deadline, blocks: false };
  }
  try {
    const goesOn = await kind.abandon(await contextOf(turn, step, item, deadline));
    const until = plusMs(decidedAt, END_WITHIN_MS);
    if (goesOn !== undefined && turn.now < until) {
      const lookAt = plusMs(turn.now, LOOK_AGAIN_MS);
      return { item: name, for: goesOn, since: decidedAt, lookAt, deadline: until, blocks: true };
    }
    const summary =
      goesOn === undefined
        ? "called off"
        : `waited ${formatDuration(END_WITHIN_MS)} in vain for ${goesOn}: it may still change production`;
    await turn.record({ type: "item-done", item: name, summary, output: {} });
  } catch (error) {
    if (deps.signal.aborted) throw error;
    await keepFailure(turn, name, error, deadline);
    return abandonStep(turn, step);
  }
  return undefined;
}
