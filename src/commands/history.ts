/** `runbook history`: the runs of this state, newest first: when, how it ended, how it was judged, how long, what it brought. */
import { SECRETS_ONLY } from "../model/redact.ts";
import { basename } from "node:path";
import { type Progress, progressOf } from "../model/progress.ts";
import { dateTime, formatDuration, type Instant, msBetween } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";
import { columns, lines } from "../reporters/columns.ts";
import { reportOf } from "../reporters/report.ts";
import { counted, shortSha, VERDICT_WORD } from "../reporters/words.ts";
import { openState } from "./compose.ts";
import { endpointsOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { type Io, print, printJson } from "./io.ts";
import { stateLocation } from "./state-location.ts";

export interface HistoryOptions {
  readonly name?: string | undefined;
  readonly limit?: number | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

export interface PastRun {
  readonly run: string;
  readonly runbook: string;
  readonly rehearsal: boolean;
  readonly startedAt: Instant;
  readonly startedBy: string;
  readonly pullRequest?: number;
  /** "completed", "rolled back", or where it stands while it is open. */
  readonly outcome: string;
  readonly verdict?: Verdict;
  /** Until its end, or its last event. */
  readonly durationMs: number;
  /** By service: what served before, what it brought. */
  readonly commits: readonly {
    readonly service: string;
    readonly before?: string;
    readonly after: string;
    readonly number: number;
  }[];
  readonly checkpoints: readonly { readonly name: string; readonly verdict: Verdict }[];
}

const MOST_RUNS = 20;

export async function history(options: HistoryOptions, io: Io): Promise<number> {
  const state = await openState(stateLocation(options.state, io), endpointsOf(io.env));
  try {
    const runbook = options.name === undefined ? {} : { runbook: basename(options.name).replace(/\.ya?ml$/, "") };
    const limit = Math.max(1, Math.min(1_000, Math.floor(options.limit ?? MOST_RUNS)));
    const runs: PastRun[] = [];
    for (const { run } of await state.journal.runs({ ...runbook, limit })) {
      runs.push(pastRun(progressOf(await state.journal.read(run))));
    }
    if (options.json === true) printJson(io, runs);
    else print(io, historyText(runs), SECRETS_ONLY);
    return EXIT.ok;
  } finally {
    await state.close();
  }
}

export function pastRun(progress: Progress): PastRun {
  const report = reportOf(progress);
  const { plan, startedAt, finished, updatedAt } = progress;
  return {
    run: progress.run,
    runbook: plan.runbook.name,
    rehearsal: plan.rehearsal,
    startedAt,
    startedBy: plan.startedBy,
    ...(plan.pullRequest === undefined ? {} : { pullRequest: plan.pullRequest }),
    outcome: report.state.word,
    ...(report.verdict === undefined ? {} : { verdict: report.verdict }),
    durationMs: msBetween(startedAt, finished?.at ?? updatedAt),
    commits: Object.values(progress.commits).map(({ service, before, after, aheadBy }) => ({
      service,
      ...(before === undefined ? {} : { before }),
      after,
      number: aheadBy,
    })),
    checkpoints: Object.values(progress.checkpoints).map(({ checkpoint, verdict }) => ({ name: checkpoint, verdict })),
  };
}

function historyText(runs: readonly PastRun[]): string {
  if (runs.length === 0) return "no runs\n";
  const rows = runs.map((past) => [
    dateTime(past.startedAt).replace(" UTC", ""),
    past.run,
    past.runbook + (past.rehearsal ? " (rehearsal)" : ""),
    past.outcome,
    past.verdict === undefined ? "–" : VERDICT_WORD[past.verdict],
    formatDuration(past.durationMs),
    commitsText(past),
    past.checkpoints.map(({ name, verdict }) => `${name} ${VERDICT_WORD[verdict]}`).join(", ") || "–",
  ]);
  const head = ["STARTED (UTC)", "RUN", "RUNBOOK", "STATE", "VERDICT", "TOOK", "COMMITS", "CHECKPOINTS"];
  return lines(columns([head, ...rows]));
}

/** One range where all services moved over the same commits. */
function commitsText({ commits }: PastRun): string {
  const ranges = new Set(
    commits.map(({ before, after, number }) =>
      before === undefined ? shortSha(after) : `${shortSha(before)}..${shortSha(after)} (${counted(number, "commit")})`,
    ),
  );
  return [...ranges].join(", ") || "–";
}
