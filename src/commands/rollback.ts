/** `runbook rollback`: fences the run, restores what it changed in reverse order, verifies, holds. Needs no GitHub. */
import { identityOf } from "../model/service.ts";
import type { Progress } from "../model/progress.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { runForeground, type ForegroundOptions } from "./foreground.ts";
import { type Io, printError } from "./io.ts";
import { findRun, openSession, type SessionOptions } from "./session.ts";

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
    const progress = await findRun(session.state, { run: options.run, runbook: await runbookName(options.name, io) });
    const refusal = refusalOf(progress, options);
    if (refusal !== undefined) {
      printError(io, refusal);
      return EXIT.usage;
    }
    const identities = Object.values(progress.plan.runbook.services).map(identityOf);
    if (options.force === true) await session.state.locks.clear(identities, "lock");
    const by = io.env["USER"] ?? "the operator";
    const services = options.service === undefined || options.service.length === 0 ? {} : { services: options.service };
    await session.state.inbox.send(
      progress.run,
      { kind: "rollback", by, because: `asked for by ${by}`, ...services },
      session.cloud.clock.now(),
    );
    const code = await runForeground(session, progress.run, { ...options, toTheEnd: true });
    // The command did what was asked for; that the run stays failed is told in its report.
    return code === EXIT.failed ? EXIT.ok : code;
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
  if (progress.rollback !== undefined && progress.finished?.outcome === "rolled-back") {
    return `Run ${progress.run} has been rolled back already.\nNothing was touched.\n\`runbook status ${progress.run}\` shows what was restored.`;
  }
  return undefined;
}
