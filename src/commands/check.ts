/** `runbook check`: judge now, judge a run's next checkpoint, or everything that is due. Never changes production by itself. */
import { SECRETS_ONLY, STANDARD } from "../model/redact.ts";
import { redactedWords } from "../model/redact-words.ts";
import { advance } from "../engine/advance.ts";
import { lookAtProduction, withStoredEvidence } from "../engine/look.ts";
import type { Progress } from "../model/progress.ts";
import { progressOf } from "../model/progress.ts";
import { worstVerdict } from "../model/verdict.ts";
import { createScreen } from "../reporters/screen.ts";
import { checksText } from "../reporters/checks-text.ts";
import { EXIT, exitCodeOf, gravestCode, verdictCode } from "./exit-code.ts";
import { screenOptions } from "./foreground.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, print, printFailure, printJson } from "./io.ts";
import { Scheduled } from "./scheduled.ts";
import { findRun, openSession, type Session, type SessionOptions } from "./session.ts";

export interface CheckOptions extends SessionOptions {
  readonly name?: string | undefined;
  readonly run?: string | undefined;
  readonly due?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly inconclusiveExit?: number | undefined;
}

export async function check(options: CheckOptions, io: Io): Promise<number> {
  if ([options.name, options.run, options.due].filter((given) => given !== undefined && given !== false).length !== 1) {
    printFailure(
      io,
      "Say what to check: a runbook's NAME (judge now), --run ID (its next checkpoint), or --due (everything due).\nNothing was touched.",
    );
    return EXIT.usage;
  }
  const session = await openSession(options, io);
  const interrupt = interruptible(io);
  try {
    if (options.name !== undefined) return await judgeNow(session, options.name, options, interrupt.signal);
    if (options.run !== undefined) return await advanceRuns(session, [options.run], options, interrupt.signal);
    const codes = await new Scheduled(session, interrupt.signal, () => {}).beginDue();
    const judged = await advanceRuns(session, await dueRuns(session), options, interrupt.signal);
    return gravestCode([...codes, judged]);
  } finally {
    interrupt.release();
    await session.close();
  }
}

/** The newest run's checks over the window since its switch, with nothing journaled and nothing posted. */
async function judgeNow(session: Session, name: string, options: CheckOptions, signal: AbortSignal): Promise<number> {
  const { io } = session;
  const progress = await findRun(session.state, { runbook: name });
  const deps = session.engine(signal, () => {});
  const now = session.cloud.clock.now();
  const looked = await lookAtProduction(deps, progress, now, now);
  const results = redactedWords(
    await withStoredEvidence(deps, looked.results),
    progress.plan.runbook.report.redact ?? STANDARD,
  );
  const verdict = worstVerdict(results.map((result) => result.verdict));
  if (options.json === true) printJson(io, { verdict, run: progress.run, at: now, results });
  else print(io, checksText(progress, verdict, results, now), SECRETS_ONLY);
  return verdictCode(verdict, { inconclusive: options.inconclusiveExit ?? EXIT.inconclusive }, EXIT.failed);
}

async function dueRuns(session: Session): Promise<readonly string[]> {
  const now = session.cloud.clock.now();
  const open = await session.state.journal.runs({ finished: false, limit: 1_000 });
  return open.filter(({ dueAt }) => dueAt !== undefined && dueAt <= now).map(({ run }) => run);
}

/** One turn of the crank for each: what is due is judged and published, under the run's frozen policy. */
async function advanceRuns(
  session: Session,
  runs: readonly string[],
  options: CheckOptions,
  signal: AbortSignal,
): Promise<number> {
  const { io } = session;
  if (runs.length === 0) {
    print(io, "Nothing is due.");
    return EXIT.ok;
  }
  const codes: number[] = [];
  for (const run of runs) codes.push(await advanceRun(session, run, options, signal));
  return gravestCode(codes);
}

async function advanceRun(session: Session, run: string, options: CheckOptions, signal: AbortSignal): Promise<number> {
  const progress = await findRun(session.state, { run });
  const shown = screenOptions(session.io, options);
  const screen = await createScreen({ ...shown, ...(shown.kind === "terminal" ? { kind: "lines" } : {}) });
  screen.begin(progress);
  const deps = session.engine(signal, (event, after) => screen.event(event, after));
  const result = await advance(deps, run);
  const after = progressOf(await session.state.journal.read(run));
  if (result.kind === "waiting") screen.waiting(result.waiting, session.cloud.clock.now());
  const code = exitAfterCheck(after, options);
  await screen.close(after, code);
  return code;
}

/** A run that has not been judged since is not inconclusive: there was nothing to judge yet. */
function exitAfterCheck(progress: Progress, options: CheckOptions): number {
  const hasJudged =
    Object.keys(progress.checkpoints).length > 0 ||
    progress.finished !== undefined ||
    progress.production !== undefined;
  return hasJudged ? exitCodeOf(progress, { inconclusive: options.inconclusiveExit ?? EXIT.inconclusive }) : EXIT.ok;
}
