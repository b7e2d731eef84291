/** `runbook rollback`: fences the run, restores what it changed in reverse order, verifies, holds. Needs no GitHub. */
import { hasEffects } from "../engine/services.ts";
import type { State } from "../journal/state.ts";
import { identityOf } from "../model/service.ts";
import type { Progress } from "../model/progress.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { runForeground, type ForegroundOptions } from "./foreground.ts";
import { type Io, printFailure } from "./io.ts";
import { findRun, openSession, type Session, type SessionOptions } from "./session.ts";

export interface RollbackOptions extends SessionOptions, ForegroundOptions {
  readonly name: string;
  readonly run?: string | undefined;
  readonly service?: readonly string[] | undefined;
  /** Take the services' locks even from another run. */
  readonly force?: boolean | undefined;
}

export async function rollback(options: RollbackOptions, io: Io): Promise<number> {
  const session = await openSession(options, io);
  try {
    const progress = await runToUndo(session.state, options, await runbookName(options.name, io));
    const refusal = refusalOf(progress, options);
    if (refusal !== undefined) {
      printFailure(io, refusal);
      return EXIT.usage;
    }
    if (!(await clearTheWay(session, progress, options))) return EXIT.locked;
    const by = io.env["USER"] ?? "the operator";
    const services = options.service === undefined || options.service.length === 0 ? {} : { services: options.service };
    await session.state.inbox.send(
      progress.run,
      { kind: "rollback", by, because: `asked for by ${by}`, ...services },
      session.cloud.clock.now(),
    );
    const code = await runForeground(session, progress.run, { ...options, toTheEnd: true });
    // The command did what was asked for; that the run stays failed is told in its report. Nothing to restore is no success.
    const { rollback: decided } = await findRun(session.state, { run: progress.run });
    return code === EXIT.failed && (decided?.services.length ?? 0) > 0 ? EXIT.ok : code;
  } finally {
    await session.close();
  }
}

/** A path names a file; a bare name needs no file at all, so that a rollback works where there is none. */
async function runbookName(name: string, io: Io): Promise<string> {
  return /\.ya?ml$/.test(name) ? (await findRunbook(name, io)).runbook.name : name;
}

function refusalOf(progress: Progress, options: RollbackOptions): string | undefined {
  const known = Object.keys(progress.plan.runbook.services);
  const unknown = (options.service ?? []).filter((service) => !known.includes(service));
  if (unknown.length > 0)
    return `${progress.plan.runbook.name} has no service ${unknown.join(", ")}; it has ${known.join(", ")}.\nNothing was touched.\nName one of them with --service, or leave it out for all that the run changed.`;
  const asked = (options.service ?? []).length > 0 ? (options.service ?? []) : Object.keys(progress.switched);
  const isDone = asked.length > 0 && asked.every((service) => progress.restored[service] !== undefined);
  if (isDone && progress.finished?.outcome === "rolled-back") {
    return `Run ${progress.run} has been rolled back already.\nNothing was touched.\n\`runbook status ${progress.run}\` shows what was restored.`;
  }
  return undefined;
}

const MOST_RUNS = 50;

/** The run that was named, else the newest that may have changed anything: one that was refused early has nothing to undo. */
async function runToUndo(state: State, options: RollbackOptions, runbook: string): Promise<Progress> {
  if (options.run !== undefined) return findRun(state, { run: options.run });
  for (const { run } of await state.journal.runs({ runbook, limit: MOST_RUNS })) {
    const progress = await findRun(state, { run });
    const steps = progress.plan.runbook.steps.map(({ id }) => `step:${id}`);
    if (Object.keys(progress.switched).length > 0 || steps.some((step) => hasEffects(progress, step))) return progress;
  }
  return findRun(state, { runbook });
}

/** Other runs' locks and holds on the services: told, or taken with --force. */
async function clearTheWay(session: Session, progress: Progress, options: RollbackOptions): Promise<boolean> {
  const { locks } = session.state;
  const identities = Object.values(progress.plan.runbook.services).map(identityOf);
  const now = session.cloud.clock.now();
  const others = (await locks.entries(identities)).filter(
    ({ run, until }) => run !== progress.run && (until === undefined || until > now),
  );
  if (others.length === 0) return true;
  if (options.force === true) {
    for (const kind of ["lock", "hold"] as const) await locks.clear(identities, kind);
    return true;
  }
  const lines = others.map(({ service, kind, run, since }) => `  ${service}: a ${kind} of run ${run} since ${since}`);
  const next = `--force takes the services over; \`runbook release ${options.name}\` lifts a hold first.`;
  printFailure(session.io, ["Another run is in the way:", ...lines, "Nothing was touched.", next].join("\n"));
  return false;
}
