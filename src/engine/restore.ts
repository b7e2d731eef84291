/** One turn of putting one service back, on behalf of the rollback or of a step. */
import type { Json } from "../model/json.ts";
import type { RestoreOutcome } from "../steps/step.ts";
import { effectsOf } from "./effect.ts";
import { identityOfRun, serviceOf } from "./services.ts";
import type { Turn } from "./turn.ts";

export function restoreTurn(
  turn: Turn,
  item: string,
  service: string,
  memo: Json | undefined,
): Promise<RestoreOutcome> {
  const { deps, progress } = turn;
  const { target, before: snapshot, switched } = serviceOf(progress, service);
  return deps.platformOf(target).restore({
    run: identityOfRun(progress),
    service,
    target,
    snapshot,
    switched,
    now: turn.now,
    memo,
    ports: deps.ports,
    signal: deps.signal,
    effect: effectsOf(turn, item),
  });
}
