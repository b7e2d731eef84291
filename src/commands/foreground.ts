/** A run in the foreground: the crank is driven, a screen shows it, Ctrl-C pauses it, and its state becomes an exit code. */
import { drive } from "../engine/drive.ts";
import { failOf, isKept } from "../engine/rollback.ts";
import { currentStep } from "../engine/steps.ts";
import { JournalError } from "../journal/state.ts";
import { openQuestion, type Progress, progressOf } from "../model/progress.ts";
import { formatDuration } from "../model/time.ts";
import { createScreen } from "../reporters/screen.ts";
import { EXIT, type ExitPolicy, exitCodeOf } from "./exit-code.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, printFailure } from "./io.ts";
import type { Session } from "./session.ts";
import { summarizeStep } from "./step-summary.ts";

export interface ForegroundOptions {
  readonly json?: boolean | undefined;
  readonly detach?: boolean | undefined;
  readonly inconclusiveExit?: number | undefined;
  /** Until the run's very end, not only its foreground (rehearsals, rollbacks). */
  readonly toTheEnd?: boolean | undefined;
  /** Print the comments that are posted. */
  readonly showComments?: boolean | undefined;
}

export async function runForeground(session: Session, run: string, options: ForegroundOptions): Promise<number> {
  const { io } = session;
  const interrupt = interruptible(io);
  const known = await session.state.journal.read(run);
  const progress = progressOf(known);
  const screen = await createScreen(screenOptions(io, options));
  const policy = exitPolicy(progress, options);
  try {
    screen.begin(progress);
    // A run that has just begun: its first event was journaled before there was a screen.
    const [planned, ...others] = known;
    if (planned !== undefined && others.length === 0) screen.event(planned, progress);
    const deps = session.engine(interrupt.signal, (event, after) => screen.event(event, after));
    const last = await drive(deps, run, {
      isDone: (now) => isForegroundOver(now, policy, options),
      waiting: (waits, now) => screen.waiting(waits, now),
      interruptedBy: () => `interrupted by ${interrupt.received() ?? "the operator"}`,
    });
    const code = interrupt.received() === undefined ? exitCodeOf(last, policy) : interrupt.exitCode();
    await screen.close(last, code);
    return code;
  } catch (error) {
    await screen.abandon();
    if (!(error instanceof JournalError)) throw error;
    return leftOff(run, error, io);
  } finally {
    interrupt.release();
  }
}

/** The state failed in the middle: what is true of production is only known by looking. */
function leftOff(run: string, error: JournalError, io: Io): number {
  if (error.problem === "lease-lost") {
    printFailure(io, `${error.message}\nNothing is done twice.\n\`runbook show ${run}\` tells how far it is.`);
    return EXIT.locked;
  }
  const state = `Run ${run} left off there; what it did is in its journal, and production may be in the middle of a change.`;
  printFailure(io, `${error.message}\n${state}\nMend that, then go on: runbook resume ${run}`);
  return EXIT.failing;
}

export function screenOptions(
  io: Io,
  options: Pick<ForegroundOptions, "json" | "showComments">,
): Parameters<typeof createScreen>[0] {
  const isPlain = io.env["NO_COLOR"] !== undefined || !io.isInteractive;
  return {
    kind: options.json === true ? "json" : io.isInteractive ? "terminal" : isActions(io) ? "actions" : "lines",
    stdout: io.stdout,
    stderr: io.stderr,
    columns: io.columns,
    color: !isPlain,
    unicode: showsUnicode(io.env),
    showComments: options.showComments === true,
    ...(isActions(io) ? { summarize: (markdown: string) => summarizeStep(markdown, io) } : {}),
  };
}

/** A locale that is named says so; where none is, as in many containers, terminals and logs take UTF-8. */
function showsUnicode(env: Io["env"]): boolean {
  if (env["TERM"] === "dumb" || env["RUNBOOK_ASCII"] !== undefined) return false;
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "UTF-8";
  return /utf-?8/i.test(locale);
}

function isActions(io: Io): boolean {
  return io.env["GITHUB_ACTIONS"] === "true";
}

function exitPolicy(progress: Progress, options: ForegroundOptions): ExitPolicy {
  const monitor = progress.plan.runbook.monitor;
  const isWhole = options.toTheEnd === true || monitor === undefined;
  return {
    inconclusive: options.inconclusiveExit ?? 3,
    isDetached: options.detach === true,
    ...(isWhole ? {} : { foreground: formatDuration(monitor.foregroundUntilMs) }),
  };
}

function isForegroundOver(progress: Progress, policy: ExitPolicy, options: ForegroundOptions): boolean {
  if (options.toTheEnd === true || progress.rollback !== undefined) return false;
  if (isKept(progress)) return true;
  // A FAIL that is not settled, and a question that nobody else would ask, are never left behind.
  if (failOf(progress) !== undefined || openQuestion(progress) !== undefined) return false;
  if (options.detach === true) return currentStep(progress) === undefined && Object.keys(progress.switched).length > 0;
  return policy.foreground !== undefined && progress.checkpoints[policy.foreground] !== undefined;
}
