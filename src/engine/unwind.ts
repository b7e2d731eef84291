/** Putting production back: every service of the decision, begun in reverse order, each verified before it counts. */
import { abandonSteps } from "./abandon.ts";
import type { ItemProgress } from "../model/progress.ts";
import { type Instant, MINUTE, plusMs, SECOND } from "../model/time.ts";
import { conclude } from "./conclude.ts";
import { AwaitsAnswer, restingUntilAnswered } from "./in-doubt.ts";
import { holdLocks } from "./locking.ts";
import { widenRollback } from "./rollback.ts";
import { restoreTurn } from "./restore.ts";
import { identitiesOf } from "./services.ts";
import { keepFailure } from "./steps.ts";
import type { ItemResult, Turn } from "./turn.ts";

/** A roll of many pods takes its time; after this a person must look. */
const RESTORE_TIMEOUT_MS = 60 * MINUTE;
/** One odd refusal must not leave the bad version serving: half a minute of tries. */
const PATIENCE = 6;
const LOCK_POLL_MS = 5 * SECOND;
const SETTLED: readonly ItemProgress["state"][] = ["refused", "failed"];

export async function unwind(turn: Turn): Promise<readonly ItemResult[]> {
  const underWay = await abandonSteps(turn);
  if (underWay.some(({ blocks }) => blocks)) return underWay;
  // The hold of a rollback blocks its own run too: after a crash beyond it there is nothing left that needs a lock.
  if (restoreOrder(turn).every((service) => isSettled(turn, service))) {
    if (underWay.length > 0) return underWay;
    if (!(await widenRollback(turn))) await finishUnwinding(turn);
    return ["changed"];
  }
  const blocker = await holdLocks(turn);
  if (blocker !== undefined)
    return [{ item: "lock", for: blocker, since: turn.now, lookAt: plusMs(turn.now, LOCK_POLL_MS) }];
  // All are begun before the first is verified: in an emergency the order of beginning is what matters.
  const results: ItemResult[] = [];
  for (const service of restoreOrder(turn)) results.push(await restoreService(turn, service));
  return results;
}

function isSettled({ progress }: Turn, service: string): boolean {
  const item = progress.items[`restore:${service}`];
  return progress.restored[service] !== undefined || (item !== undefined && SETTLED.includes(item.state));
}

function restoreOrder(turn: Turn): readonly string[] {
  const wanted = turn.progress.rollback?.services ?? [];
  return Object.keys(turn.progress.plan.runbook.services)
    .filter((service) => wanted.includes(service))
    .reverse();
}

async function restoreService(turn: Turn, service: string): Promise<ItemResult> {
  const item = `restore:${service}`;
  const before = turn.progress.items[item];
  if (isSettled(turn, service)) return "idle";
  if (before === undefined) {
    await turn.record({ type: "item-started", item, args: {}, deadline: plusMs(turn.now, RESTORE_TIMEOUT_MS) });
    return "changed";
  }
  if (before.state === "retrying" && before.retryAt !== undefined && turn.now < before.retryAt) {
    return {
      item,
      for: `another try after: ${before.failure?.what ?? "a failure"}`,
      since: before.since,
      lookAt: before.retryAt,
    };
  }
  const resting = turn.resting(item);
  if (resting !== undefined) return resting;
  const deadline = before.deadline ?? plusMs(before.since, RESTORE_TIMEOUT_MS);
  try {
    return await takeRestoreTurn(turn, service, item, before, deadline);
  } catch (error) {
    if (turn.deps.signal.aborted) throw error;
    if (error instanceof AwaitsAnswer) return restingUntilAnswered(turn, item);
    return keepFailure(turn, item, error, deadline, PATIENCE);
  }
}

async function takeRestoreTurn(
  turn: Turn,
  service: string,
  item: string,
  before: ItemProgress,
  deadline: Instant,
): Promise<ItemResult> {
  const outcome = await restoreTurn(turn, item, service, before.memo);
  switch (outcome.kind) {
    case "restored":
      await turn.record({
        type: "service-restored",
        service,
        serving: outcome.serving,
        remarks: [...outcome.remarks],
      });
      return "changed";
    case "refused":
      await turn.record({ type: "item-refused", item, because: outcome.because });
      return "changed";
    case "waiting":
      return keepWaiting(turn, item, before, { ...outcome, for: turn.words(outcome.for) }, deadline);
  }
}

async function keepWaiting(
  turn: Turn,
  item: string,
  before: ItemProgress,
  outcome: { for: string; lookAt: Instant; memo?: ItemProgress["memo"] },
  deadline: Instant,
): Promise<ItemResult> {
  if (turn.now >= deadline) {
    await turn.record({
      type: "item-failed",
      item,
      failure: { what: `not restored within an hour: ${outcome.for}`, kind: "timeout" },
    });
    return "changed";
  }
  if (
    before.state !== "waiting" ||
    before.waitingFor !== outcome.for ||
    JSON.stringify(before.memo) !== JSON.stringify(outcome.memo)
  ) {
    await turn.record({
      type: "item-waiting",
      item,
      for: outcome.for,
      ...(outcome.memo === undefined ? {} : { memo: outcome.memo }),
    });
  }
  const soonest = plusMs(turn.now, SECOND);
  return turn.rest({
    item,
    for: outcome.for,
    since: turn.progress.items[item]?.since ?? turn.now,
    lookAt: outcome.lookAt > soonest ? outcome.lookAt : soonest,
    deadline,
  });
}

async function finishUnwinding(turn: Turn): Promise<void> {
  const { progress, deps } = turn;
  const wanted = progress.rollback?.services ?? [];
  const left = wanted.filter((service) => progress.restored[service] === undefined);
  const because = progress.rollback?.because ?? "";
  await deps.state.locks.hold(
    identitiesOf(progress, wanted),
    progress.run,
    deps.owner,
    turn.now,
    `rolled back: ${because}`,
  );
  await turn.record({ type: "services-held", services: [...wanted], because });
  if (left.length === 0) {
    await conclude(turn, "rolled-back", `restored and verified: ${wanted.join(", ") || "nothing had changed"}`);
  } else {
    await conclude(
      turn,
      "failing",
      `not restored: ${left.map((service) => `${service} (${whyNot(progress.items[`restore:${service}`])})`).join("; ")}`,
    );
  }
}

function whyNot(item: ItemProgress | undefined): string {
  return item?.because ?? item?.failure?.what ?? "unknown";
}
