/** The processes of one rehearsed deploy, one after another: the first deploys, and each later one resumes what died before it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunbookError } from "../model/error.ts";
import type { RunEvent } from "../model/event.ts";
import type { Plan } from "../model/plan.ts";
import { formatDuration, plusMs } from "../model/time.ts";
import { type Fate, type Moment, momentOf } from "../rehearsal/fate.ts";
import type { Scenario } from "../rehearsal/scenario.ts";
import { deployIn, type DeployOptions } from "./deploy.ts";
import { EXIT } from "./exit-code.ts";
import { Died, fatedSession } from "./fated-session.ts";
import { type Io, printError } from "./io.ts";
import { resumeIn } from "./run-words.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";

export interface Lived {
  /** Of the last process; a process that died has none of its own, and counts as one that left things half-done. */
  readonly code: number;
  /** The journal in the end; empty where no run was begun. */
  readonly events: readonly RunEvent[];
}

type Struck = Fate & { readonly moment: Moment };
type LifeOptions = DeployOptions & Pick<SessionOptions, "isThrowaway">;
type Work = (session: Session) => Promise<number>;

/** `options.state`: where the journal is kept; absent: nowhere that lasts longer than the rehearsal. */
export async function rehearseLives(plan: Plan, scenario: Scenario, options: DeployOptions, io: Io): Promise<Lived> {
  const fates = scenario.process.map((fate): Struck => ({ ...fate, moment: requiredMoment(fate, plan) }));
  // A later process finds nothing in a memory that has died.
  const directory =
    fates.length > 0 && options.state === undefined ? await mkdtemp(join(tmpdir(), "rehearsal-")) : undefined;
  const state = options.state ?? (directory === undefined ? ":memory:" : join(directory, "state.db"));
  try {
    return await liveOnAndOn(plan, fates, { ...options, state, isThrowaway: directory !== undefined }, io);
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}

async function liveOnAndOn(plan: Plan, fates: readonly Struck[], options: LifeOptions, io: Io): Promise<Lived> {
  const [first, ...later] = fates;
  let lived = await live((session) => deployIn(session, plan, options), first, options, io);
  let fate = first;
  while (fate !== undefined && lived.struck) {
    const wait = fate["resumed-after"];
    printError(io, `-- ${whatHappened(fate)}${wait === undefined ? "" : `; ${formatDuration(wait)} later:`}`);
    if (wait === undefined) break;
    fate = later.shift();
    lived = await live((session) => resumeAfter(session, wait, options), fate, options, io);
  }
  return lived;
}

async function resumeAfter(session: Session, waitMs: number, options: DeployOptions): Promise<number> {
  const { clock } = session.cloud;
  await clock.sleepUntil(plusMs(clock.now(), waitMs));
  const [newest] = await session.state.journal.runs({ limit: 1 });
  if (newest === undefined) return EXIT.usage;
  printError(session.io, `-- runbook resume ${newest.run}`);
  return resumeIn(session, newest.run, options);
}

async function live(
  work: Work,
  fate: Struck | undefined,
  options: LifeOptions,
  io: Io,
): Promise<Lived & { readonly struck: boolean }> {
  const signals = new Set<(signal: "SIGINT" | "SIGTERM") => void>();
  const session = await openSession(options, withSignals(io, signals));
  const interrupt = (signal: "SIGINT" | "SIGTERM"): void => signals.forEach((listener) => listener(signal));
  const fated = fate === undefined ? undefined : fatedSession(session, fate.moment, fate.happens, interrupt);
  try {
    const code = await work(fated?.session ?? session).catch((error: unknown) => {
      if (error instanceof Died) return EXIT.failing;
      throw error;
    });
    return { code, events: await newestRun(session), struck: fated?.hasStruck() ?? false };
  } finally {
    await session.close();
  }
}

async function newestRun({ state: { journal } }: Session): Promise<readonly RunEvent[]> {
  const [newest] = await journal.runs({ limit: 1 });
  return newest === undefined ? [] : journal.read(newest.run);
}

/** The person's Ctrl-C, and the scenario's. */
function withSignals(io: Io, signals: Set<(signal: "SIGINT" | "SIGTERM") => void>): Io {
  return {
    ...io,
    onInterrupt: (listener) => {
      const off = io.onInterrupt(listener);
      signals.add(listener);
      return () => {
        signals.delete(listener);
        off();
      };
    },
  };
}

function whatHappened({ at, happens }: Fate): string {
  return happens === "dies" ? `the process dies at ${at}, like after kill -9` : `the process gets ${happens} at ${at}`;
}

function requiredMoment({ at }: Fate, plan: Plan): Moment {
  const moment = momentOf(at, plan);
  if (moment !== undefined) return moment;
  throw new RunbookError({
    what: `"${at}" is no moment of ${plan.runbook.name}: it has no such step or service.`,
    state: "Nothing was touched.",
    next: `Its steps are ${plan.runbook.steps.map(({ id }) => id).join(", ")}.`,
  });
}
