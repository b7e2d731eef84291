/** Intent, act, outcome: an effect is journaled before it happens and looked for in the world before it is ever repeated. */
import { messageOf, PortFailure, RunbookError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import { formatDuration, msBetween, SECOND } from "../model/time.ts";
import type { Ambiguous, EffectSpec, PerformEffect } from "../steps/step.ts";
import { answerToDoubt } from "./in-doubt.ts";
import { failureOf } from "./failure.ts";
import type { Turn } from "./turn.ts";

/** An effect whose call was lost may still be on its way: not finding it proves nothing before this much time has passed. */
const DOUBT_MS = 30 * SECOND;

/** The effects of one item. Their keys are unique in the run: "step:deploy-backend/dispatch". */
export function effectsOf(turn: Turn, item: string): PerformEffect {
  return async (spec) => {
    const effect = `${item}/${spec.key}`;
    const before = turn.progress.effects[effect];
    if (before?.state === "done") return before.result as never;
    if (before?.state === "intended") {
      const found = await settleDoubt(turn, effect, item, spec);
      if (found !== undefined) return found.result;
    }
    await turn.record({ type: "effect-intended", effect, item, what: spec.what });
    const result = await act(turn, effect, item, spec);
    await turn.record({ type: "effect-done", effect, item, result, found: false });
    return result;
  };
}

async function settleDoubt<R extends Json>(
  turn: Turn,
  effect: string,
  item: string,
  spec: EffectSpec<R>,
): Promise<{ result: R } | undefined> {
  const found = await spec.find();
  if ("ambiguous" in found) return settleByAnswer(turn, effect, item, spec, found);
  if (found.found) {
    await turn.record({ type: "effect-done", effect, item, result: found.result, found: true });
    return { result: found.result };
  }
  const intendedAt = turn.progress.effects[effect]?.at ?? turn.now;
  const waited = msBetween(intendedAt, turn.now);
  if (waited < DOUBT_MS) {
    throw new PortFailure(
      "unavailable",
      `in doubt whether this was done: ${spec.what}; not seen after ${formatDuration(waited)}`,
      {
        retryAfterMs: DOUBT_MS - waited,
      },
    );
  }
  return undefined;
}

/** What only a person can tell apart. Undefined: it did not happen, do it. */
async function settleByAnswer<R extends Json>(
  turn: Turn,
  effect: string,
  item: string,
  spec: EffectSpec<R>,
  { ambiguous, newest }: Ambiguous<R>,
): Promise<{ result: R } | undefined> {
  const answer = await answerToDoubt(turn, effect, item, `${spec.what}. ${ambiguous}`, newest !== undefined);
  if (answer === "retry") return undefined;
  if (answer === "done" && newest !== undefined) {
    await turn.record({ type: "effect-done", effect, item, result: newest, found: true });
    return { result: newest };
  }
  throw new RunbookError({
    what: `It is not known whether this was done: ${spec.what}. ${ambiguous}`,
    state: "It was begun once, and nothing has been repeated.",
    next: `Look at what happened, then \`runbook resume ${turn.lease.run}\` or \`runbook abort ${turn.lease.run}\`.`,
  });
}

async function act<R extends Json>(turn: Turn, effect: string, item: string, spec: EffectSpec<R>): Promise<R> {
  try {
    return await spec.act();
  } catch (error) {
    if (error instanceof PortFailure && error.applied === "no") {
      await turn.record({ type: "effect-rejected", effect, item, failure: failureOf(error) });
      throw error;
    }
    throw error instanceof PortFailure
      ? error
      : new PortFailure("malformed", messageOf(error), { applied: "unknown", cause: error });
  }
}
