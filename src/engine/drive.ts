/** The outermost loop of a foreground run: turn the crank, sleep until something is due, and pause when interrupted. */
import type { Progress } from "../model/progress.ts";
import { earliest, type Instant, MINUTE, plusMs, SECOND } from "../model/time.ts";
import type { Wait } from "../model/wait.ts";
import { advance } from "./advance.ts";
import type { EngineDeps } from "./deps.ts";
import { foldRun } from "./fold.ts";
import { Turn } from "./turn.ts";

export interface DriveOptions {
  /** The foreground has what it wanted: leave the rest to `check --due` or `serve`. */
  isDone(progress: Progress): boolean;
  waiting(waits: readonly Wait[], now: Instant): void;
  readonly interruptedBy: () => string;
}

export async function drive(deps: EngineDeps, run: string, options: DriveOptions): Promise<Progress> {
  for (;;) {
    const result = await turnOrInterrupt(deps, run);
    if (result === undefined || deps.signal.aborted) return pause(deps, run, options.interruptedBy());
    if (result.kind === "finished") return result.progress;
    const posting = result.waiting.some(({ item }) => item.startsWith("post:"));
    if ((options.isDone(result.progress) || result.progress.paused !== undefined) && !posting) return result.progress;
    options.waiting(result.waiting, deps.clock.now());
    const soonest = plusMs(deps.clock.now(), SECOND / 4);
    const lookAt = earliest(result.waiting.map((wait) => wait.lookAt)) ?? soonest;
    await deps.clock.sleepUntil(lookAt > soonest ? lookAt : soonest, deps.signal);
  }
}

async function turnOrInterrupt(
  deps: EngineDeps,
  run: string,
): Promise<Awaited<ReturnType<typeof advance>> | undefined> {
  try {
    return await advance(deps, run);
  } catch (error) {
    if (deps.signal.aborted) return undefined;
    throw error;
  }
}

const PAUSE_TTL_MS = MINUTE;

/** Writes down that nobody works on the run now; another process that does keeps it going. */
async function pause(deps: EngineDeps, run: string, because: string): Promise<Progress> {
  const { journal } = deps.state;
  const lease = await journal.acquire(run, deps.owner, deps.clock.now(), PAUSE_TTL_MS);
  if ("heldBy" in lease) return foldRun(deps, run);
  const turn = new Turn(deps, lease, await foldRun(deps, run));
  try {
    if (turn.progress.finished === undefined && turn.progress.paused === undefined)
      await turn.record({ type: "run-paused", because });
    await journal.schedule(lease, undefined);
    return turn.progress;
  } finally {
    await journal.release(lease);
  }
}
