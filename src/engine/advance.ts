/** One turn of the crank: performs everything that is due for a run, and says what it waits for. It never sleeps. */
import type { LeaseRefused } from "../journal/state.ts";
import { JournalError } from "../journal/state.ts";
import { openQuestion, type Progress } from "../model/progress.ts";
import { earliest, MINUTE, plusMs, SECOND } from "../model/time.ts";
import type { Wait } from "../model/wait.ts";
import { compareCommits } from "./commits.ts";
import { conclude } from "./conclude.ts";
import type { EngineDeps } from "./deps.ts";
import { foldRun } from "./fold.ts";
import { takeMessages } from "./inbox.ts";
import { holdLocks, releaseLocks, renewLockAt } from "./locking.ts";
import { judgeCheckpoint, lookEveryMinute, nextCheckpoint } from "./monitor.ts";
import { deliverPosts } from "./outbox.ts";
import { advanceQuestion } from "./question.ts";
import { movedQuestion } from "./moved.ts";
import { considerRollback, failOf, isKept } from "./rollback.ts";
import { advanceSteps, stopWhenRefused } from "./step-group.ts";
import { currentStep } from "./steps.ts";
import { isSuperseded } from "./survey.ts";
import { type ItemResult, Turn, TurnOvertaken } from "./turn.ts";
import { unwind } from "./unwind.ts";

/** Longer than any one port call may take; every append renews it. */
const LEASE_TTL_MS = 2 * MINUTE;
const LEASE_POLL_MS = 5 * SECOND;
/** A turn that makes more passes than this is a fault in the engine, not a busy run. */
const MOST_PASSES = 10_000;

export type TurnResult =
  | { readonly kind: "finished"; readonly progress: Progress }
  | { readonly kind: "waiting"; readonly progress: Progress; readonly waiting: readonly Wait[] };

/**
 * Takes the run's lease, performs every due item in plan order until nothing changes any more, and gives the lease back.
 * A foreground deploy, `check --due` and the daemon all call this same function.
 */
export async function advance(deps: EngineDeps, run: string): Promise<TurnResult> {
  const { journal } = deps.state;
  const lease = await journal.acquire(run, deps.owner, deps.clock.now(), LEASE_TTL_MS);
  if ("heldBy" in lease) return waitForLease(deps, run, lease);
  const turn = new Turn(deps, lease, await foldRun(deps, run));
  try {
    const waiting = await passes(turn);
    // A turn that was cut short has more to do at once: whoever comes next finds the run.
    const isCutShort = deps.signal.aborted && turn.progress.paused === undefined;
    await journal.schedule(lease, isCutShort ? turn.now : earliest(waiting.map(({ lookAt }) => lookAt)));
    return turn.progress.finished !== undefined && waiting.length === 0
      ? { kind: "finished", progress: turn.progress }
      : { kind: "waiting", progress: turn.progress, waiting };
  } catch (error) {
    if (isOvertaken(error)) return { kind: "waiting", progress: turn.progress, waiting: [overtaken(turn)] };
    throw error;
  } finally {
    await journal.release(lease);
  }
}

async function waitForLease(deps: EngineDeps, run: string, refused: LeaseRefused): Promise<TurnResult> {
  const progress = await foldRun(deps, run);
  const lookAt = earliest([refused.until, plusMs(deps.clock.now(), LEASE_POLL_MS)]) ?? refused.until;
  const wait = {
    item: "lease",
    for: `${refused.heldBy}, which works on this run`,
    since: refused.since,
    lookAt,
    deadline: refused.until,
  };
  return { kind: "waiting", progress, waiting: [wait] };
}

function isOvertaken(error: unknown): boolean {
  return error instanceof TurnOvertaken || (error instanceof JournalError && error.problem === "lease-lost");
}

function overtaken(turn: Turn): Wait {
  return {
    item: "lease",
    for: "the process that took this run over",
    since: turn.now,
    lookAt: plusMs(turn.now, LEASE_POLL_MS),
  };
}

async function passes(turn: Turn): Promise<readonly Wait[]> {
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    await takeMessages(turn);
    const results = await onePass(turn);
    if (!results.includes("changed")) return results.filter((result) => typeof result !== "string");
    if (turn.deps.signal.aborted) return [];
  }
  throw new RangeError(`run ${turn.lease.run} still changes after ${MOST_PASSES} passes of one turn`);
}

/** Everything that is due, once, in order. */
async function onePass(turn: Turn): Promise<readonly ItemResult[]> {
  const { progress } = turn;
  if (progress.finished !== undefined || progress.paused !== undefined) return deliverPosts(turn);
  const work = progress.rollback === undefined ? await forward(turn) : await unwind(turn);
  await compareCommits(turn);
  return [...work, ...(await deliverPosts(turn))];
}

async function forward(turn: Turn): Promise<readonly ItemResult[]> {
  const results: ItemResult[] = [await advanceQuestion(turn)];
  if (turn.progress.finished !== undefined) return ["changed"];
  results.push(await considerRollback(turn));
  if (turn.progress.rollback !== undefined) return ["changed"];
  const isHalted = failOf(turn.progress) !== undefined;
  if (!isHalted) results.push(...(await effects(turn)));
  else if (isKept(turn.progress)) await releaseLocks(turn);
  if (turn.progress.finished !== undefined || turn.progress.paused !== undefined) return ["changed"];
  results.push(await lookEveryMinute(turn), await judgeCheckpoint(turn, isHalted));
  if (isSuperseded(turn)) {
    await conclude(turn, "superseded", "somebody else's deploy serves now");
    return ["changed"];
  }
  if (results.includes("changed")) return results;
  return (await finishWhenDone(turn)) ? ["changed"] : results;
}

/** The steps, under the locks of the services. */
async function effects(turn: Turn): Promise<readonly ItemResult[]> {
  if (currentStep(turn.progress) === undefined) {
    await releaseLocks(turn);
    return [];
  }
  const blocker = await holdLocks(turn);
  if (blocker !== undefined) {
    await conclude(turn, "stopped", `the services' locks were lost to ${blocker}`);
    return ["changed"];
  }
  const moved = movedQuestion(turn.progress);
  if (moved?.answer === "stop") {
    await conclude(turn, "stopped", `not continued after the resume: ${moved.question.text}`);
    return ["changed"];
  }
  if (moved !== undefined && moved.answer === undefined) return [renewLockAt(turn)];
  const results = await advanceSteps(turn);
  const stopped = await stopWhenRefused(turn);
  return stopped ? ["changed"] : [...results, renewLockAt(turn)];
}

async function finishWhenDone(turn: Turn): Promise<boolean> {
  const { progress } = turn;
  const because = failOf(progress);
  const stepsDone = currentStep(progress) === undefined || because !== undefined;
  if (!stepsDone || openQuestion(progress) !== undefined || nextCheckpoint(turn) !== undefined) return false;
  if (because === undefined) await conclude(turn, "completed", "all steps and all checkpoints are done");
  else if (isKept(progress)) await conclude(turn, "failing", `kept: ${because}`);
  else return false;
  return true;
}
