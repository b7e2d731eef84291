/** `runbook serve`: the daemon that keeps judging what is due, until it is told to stop. It decides nothing of its own. */
import type { PageServer } from "../adapters/page-server.ts";
import { advance } from "../engine/advance.ts";
import type { EngineDeps } from "../engine/deps.ts";
import { failureOf } from "../engine/failure.ts";
import type { RunSummary } from "../journal/state.ts";
import type { RunEvent } from "../model/event.ts";
import { earliest, type Instant, MINUTE, plusMs, SECOND } from "../model/time.ts";
import { createScreen } from "../reporters/screen.ts";
import { EXIT } from "./exit-code.ts";
import { screenOptions } from "./foreground.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, printError } from "./io.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";
import { serveStatusPages, type StatusPagesOptions } from "./status-pages.ts";

export interface ServeOptions extends SessionOptions, StatusPagesOptions {
  readonly json?: boolean | undefined;
}

/** A run that another process began is seen at the latest after so long. */
const LOOK_FOR_RUNS_MS = 30 * SECOND;
/** Runs are independent; more at once would only queue for the same quotas. */
const AT_ONCE = 4;
const MOST_RUNS = 10_000;
/** A run whose turn threw (a broken state, a fault of ours) is left alone for so long. */
const AFTER_FAILURE_MS = MINUTE;

export async function serve(options: ServeOptions, io: Io): Promise<number> {
  const session = await openSession(options, io);
  const interrupt = interruptible(io);
  let pages: PageServer | undefined;
  try {
    pages = await serveStatusPages(session.state, options, io);
    const screen = await createScreen({
      ...screenOptions(io, options),
      ...(options.json === true ? {} : { kind: "lines" as const }),
    });
    printError(io, `serving ${session.state.location}; Ctrl-C or SIGTERM ends it when the turn under way is done`);
    const observe = (event: RunEvent, after: Parameters<typeof screen.event>[1]): void => screen.event(event, after);
    await untilInterrupted(session, session.engine(interrupt.signal, observe));
    return EXIT.ok;
  } finally {
    interrupt.release();
    await pages?.close();
    await session.close();
  }
}

async function untilInterrupted(session: Session, deps: EngineDeps): Promise<void> {
  const { clock } = session.cloud;
  const leftAlone = new Map<string, string>();
  while (!deps.signal.aborted) {
    const open = await session.state.journal.runs({ finished: false, limit: MOST_RUNS });
    const due = open.filter((run) => isDue(run, clock.now(), leftAlone.get(run.run)));
    for (let from = 0; from < due.length && !deps.signal.aborted; from += AT_ONCE) {
      await Promise.all(due.slice(from, from + AT_ONCE).map(({ run }) => advanceOne(session, deps, run, leftAlone)));
    }
    await clock.sleepUntil(await nextLook(session, leftAlone), deps.signal);
  }
}

function isDue({ dueAt }: RunSummary, now: string, notBefore: string | undefined): boolean {
  return dueAt !== undefined && dueAt <= now && (notBefore === undefined || notBefore <= now);
}

/** One run's trouble is told and never another run's. */
async function advanceOne(
  session: Session,
  deps: EngineDeps,
  run: string,
  leftAlone: Map<string, string>,
): Promise<void> {
  try {
    await advance(deps, run);
    leftAlone.delete(run);
  } catch (error) {
    if (deps.signal.aborted) return;
    leftAlone.set(run, plusMs(session.cloud.clock.now(), AFTER_FAILURE_MS));
    printError(session.io, `run ${run}: ${failureOf(error).what}; tried again in a minute`);
  }
}

async function nextLook(session: Session, leftAlone: ReadonlyMap<string, string>): Promise<Instant> {
  const now = session.cloud.clock.now();
  const open = await session.state.journal.runs({ finished: false, limit: MOST_RUNS });
  const dues = open.flatMap(({ run, dueAt }) => (dueAt === undefined || leftAlone.has(run) ? [] : [dueAt]));
  const soonest = plusMs(now, SECOND);
  const next = earliest([...dues, plusMs(now, LOOK_FOR_RUNS_MS)]) ?? soonest;
  return next > soonest ? next : soonest;
}
