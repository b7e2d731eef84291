/** The commands that say one word to a run: answer, resume, abort; and those that lift its locks: unlock, release. */
import type { MessageBody } from "../journal/state.ts";
import { openQuestion, type Progress } from "../model/progress.ts";
import { identityOf } from "../model/service.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { runForeground, type ForegroundOptions } from "./foreground.ts";
import { type Io, print, printFailure } from "./io.ts";
import { findRun, openSession, type Session, type SessionOptions } from "./session.ts";

export interface RunOptions extends SessionOptions, ForegroundOptions {
  readonly id: string;
}

export async function answer(options: RunOptions & { answer: string }, io: Io): Promise<number> {
  const refuse = (progress: Progress): string | undefined => {
    const open = openQuestion(progress);
    if (open === undefined) return `Run ${progress.run} asks nothing at the moment.`;
    if (open.question.options.includes(options.answer)) return undefined;
    return `Run ${progress.run} takes ${open.question.options.join(" or ")} as an answer, not ${options.answer}.`;
  };
  return say(options, io, (by) => ({ kind: "answer", answer: options.answer, by }), refuse);
}

export async function abort(options: RunOptions, io: Io): Promise<number> {
  return say(options, io, (by) => ({ kind: "abort", by }), endedAlready);
}

export async function resume(options: RunOptions, io: Io): Promise<number> {
  return say(options, io, (by) => ({ kind: "resume", by }), endedAlready);
}

/** `resume` in a session that is the caller's. */
export function resumeIn(session: Session, id: string, options: ForegroundOptions): Promise<number> {
  return sayIn(session, { ...options, id }, (by) => ({ kind: "resume", by }), endedAlready);
}

function endedAlready(progress: Progress): string | undefined {
  if (progress.finished === undefined) return undefined;
  return `Run ${progress.run} has ended (${progress.finished.outcome}): ${progress.finished.because}.`;
}

/** Puts the word into the run's inbox and turns its crank here, in case no other process does. */
async function say(
  options: RunOptions,
  io: Io,
  word: (by: string) => MessageBody,
  refuse: (progress: Progress) => string | undefined,
): Promise<number> {
  const session = await openSession(options, io);
  try {
    return await sayIn(session, options, word, refuse);
  } finally {
    await session.close();
  }
}

async function sayIn(
  session: Session,
  options: RunOptions,
  word: (by: string) => MessageBody,
  refuse: (progress: Progress) => string | undefined,
): Promise<number> {
  const { io, state, cloud } = session;
  const progress = await findRun(state, { run: options.id });
  const refusal = refuse(progress);
  if (refusal !== undefined) {
    printFailure(io, `${refusal}\nNothing was touched.\n\`runbook status ${progress.run}\` shows where it stands.`);
    return EXIT.usage;
  }
  await state.inbox.send(progress.run, word(io.env["USER"] ?? "the operator"), cloud.clock.now());
  return runForeground(session, progress.run, options);
}

export interface LiftOptions extends SessionOptions {
  readonly name: string;
}

/** Removes the locks of a runbook's services: for a run whose process is dead and whose lease has not expired yet. */
export function unlock(options: LiftOptions, io: Io): Promise<number> {
  return lift(options, io, "lock");
}

/** Lifts the hold that a rollback left. */
export function release(options: LiftOptions, io: Io): Promise<number> {
  return lift(options, io, "hold");
}

async function lift(options: LiftOptions, io: Io, kind: "lock" | "hold"): Promise<number> {
  const { runbook } = await findRunbook(options.name, io);
  const session = await openSession(options, io);
  try {
    const removed = await session.state.locks.clear(Object.values(runbook.services).map(identityOf), kind);
    const lines = removed.map(
      ({ service, run, since, because }) =>
        `${service}: the ${kind} of run ${run} since ${since} is lifted (${because})`,
    );
    print(io, lines.length === 0 ? `There is no ${kind} on the services of ${options.name}.` : lines.join("\n"));
    return EXIT.ok;
  } finally {
    await session.close();
  }
}
