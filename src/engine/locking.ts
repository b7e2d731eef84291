/** The services' locks: held while a run has effects to make, renewed by every turn, given back when only watching is left. */
import { formatDuration, MINUTE, msBetween, plusMs } from "../model/time.ts";
import { identitiesOf } from "./services.ts";
import type { ItemResult, Turn } from "./turn.ts";

export const LOCK_TTL_MS = 10 * MINUTE;

/** Takes or renews the locks that the run needs now. Returns who is in the way, or undefined. */
export async function holdLocks(turn: Turn): Promise<string | undefined> {
  const { progress, deps } = turn;
  const services = progress.rollback?.services ?? Object.keys(progress.plan.runbook.services);
  const act = progress.rollback === undefined ? "deploy" : "rollback";
  const identities = await withoutOwnHolds(turn, identitiesOf(progress, services));
  const because = `${act} of ${progress.plan.runbook.name}`;
  const taken = await deps.state.locks.lock(identities, progress.run, deps.owner, turn.now, LOCK_TTL_MS, because);
  if ("blockedBy" in taken) {
    const [blocker] = taken.blockedBy;
    if (blocker === undefined) return "another run";
    return `run ${blocker.run}, which has a ${blocker.kind} on ${blocker.service} since ${blocker.since}`;
  }
  const isNew = services.some((service) => !progress.locked.includes(service));
  if (isNew) await turn.record({ type: "services-locked", services: [...services], fence: taken.fence });
  return undefined;
}

/** What this run's own rollback holds is protected better than by a lock, and a hold blocks everybody's lock. */
async function withoutOwnHolds(turn: Turn, identities: readonly string[]): Promise<readonly string[]> {
  if (turn.progress.rollback === undefined) return identities;
  const entries = await turn.deps.state.locks.entries(identities);
  const held = entries.filter(({ kind, run }) => kind === "hold" && run === turn.progress.run);
  return identities.filter((identity) => !held.some(({ service }) => service === identity));
}

/** A wait that only keeps the lock alive: never shown, it just bounds the sleep. */
export function renewLockAt(turn: Turn): ItemResult {
  const lookAt = plusMs(turn.now, LOCK_TTL_MS / 2);
  return {
    item: "lock",
    for: `the lock's renewal every ${formatDuration(msBetween(turn.now, lookAt))}`,
    since: turn.now,
    lookAt,
  };
}

export async function releaseLocks(turn: Turn): Promise<void> {
  const { progress, deps } = turn;
  if (progress.locked.length === 0) return;
  await deps.state.locks.unlock(identitiesOf(progress, progress.locked), progress.run);
  await turn.record({ type: "services-unlocked", services: [...progress.locked] });
}
