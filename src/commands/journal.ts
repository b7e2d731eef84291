/** `runbook journal verify|backup|prune`: the upkeep of a state. Touches no cloud but the one that the state is in. */
import { resolve } from "node:path";
import { SystemClock } from "../adapters/system-clock.ts";
import { backupSqlite } from "../journal/sqlite-backup.ts";
import { type Pruned, pruneState } from "../journal/prune.ts";
import { JournalError } from "../journal/state.ts";
import { verifyState } from "../journal/verify.ts";
import { RunbookError } from "../model/error.ts";
import { parseDuration, plusMs } from "../model/time.ts";
import { counted } from "../reporters/words.ts";
import { openState } from "./compose.ts";
import { endpointsOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { type Io, print, printFailure } from "./io.ts";
import { bucketOf, stateLocation } from "./state-location.ts";

export interface JournalOptions {
  readonly state?: string | undefined;
}

/** 0: everything can be relied on; 1: not everything. */
export async function verifyJournal(options: JournalOptions, io: Io): Promise<number> {
  const state = await openState(stateLocation(options.state, io), endpointsOf(io.env));
  try {
    const { runs, events, evidence, problems } = await verifyState(state);
    const what = `${counted(runs, "run")}, ${counted(events, "event")}, ${evidence} of evidence`;
    if (problems.length === 0) {
      print(io, `${state.location}: ${what}: sequence, schema, digests and evidence are right.`);
      return EXIT.ok;
    }
    printFailure(
      io,
      [
        `${state.location}: ${counted(problems.length, "problem")} in ${what}:`,
        ...problems.map((problem) => `  x ${problem}`),
        "Nothing was changed; runs that are not named here can be relied on.",
        "Restore the state from a backup, or keep this one aside and begin another with --state.",
      ].join("\n"),
    );
    return EXIT.failed;
  } finally {
    await state.close();
  }
}

export async function backupJournal(options: JournalOptions & { readonly to: string }, io: Io): Promise<number> {
  const from = stateLocation(options.state, io);
  if (bucketOf(from) !== undefined || from === ":memory:") {
    throw new RunbookError({
      what: `${from} is no file: this command copies files.`,
      state: "Nothing was written.",
      next: "Copy a bucket with `gcloud storage cp --recursive`, or turn on its object versioning.",
    });
  }
  const to = resolve(io.cwd, options.to);
  try {
    const { bytes } = await backupSqlite(from, to);
    print(io, `${from} was copied to ${to}: ${bytes} bytes, consistent, readable by you only.`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof JournalError) || error.problem !== "exists") throw error;
    printFailure(io, `${error.message}\nNothing was written.\nName another file with --to.`);
    return EXIT.usage;
  }
}

export async function pruneJournal(
  options: JournalOptions & { readonly olderThan: string; readonly dryRun: boolean },
  io: Io,
): Promise<number> {
  const age = parseDuration(options.olderThan);
  if (age === undefined || age <= 0) {
    printFailure(io, `--older-than ${options.olderThan} is no duration.\nNothing was removed.\nSay --older-than 90d.`);
    return EXIT.usage;
  }
  const state = await openState(stateLocation(options.state, io), endpointsOf(io.env));
  try {
    const pruned = await pruneState(state, plusMs(new SystemClock().now(), -age), options.dryRun);
    print(io, prunedText(pruned, options.dryRun));
    return EXIT.ok;
  } finally {
    await state.close();
  }
}

function prunedText({ removed, kept, evidence }: Pruned, isDry: boolean): string {
  const did = isDry ? "Would remove" : "Removed";
  return [
    `${did} ${counted(removed.length, "run")} and ${evidence} of evidence.`,
    ...removed.map(({ run, runbook, createdAt }) => `  - ${run}  ${runbook}  of ${createdAt.slice(0, 10)}`),
    ...kept.map(({ run, because }) => `  kept ${run}: ${because}`),
  ].join("\n");
}
