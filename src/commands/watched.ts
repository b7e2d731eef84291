/** What the judge counted, minute by minute, from the evidence that a run's newest judgements stored. Asks no cloud, judges nothing. */
import { JournalError, type State } from "../journal/state.ts";
import type { Progress } from "../model/progress.ts";
import { MINUTE, msBetween } from "../model/time.ts";
import type { CheckResult } from "../model/verdict.ts";
import type { Counted, Minutes, WatchedMinutes } from "../reporters/html/minutes.ts";
import type { JudgeEvidence, MinuteWindow, Stream } from "../verdict/evidence.ts";
import { errorsEvidenceSchema } from "../verdict/required.ts";

/** One entry per service and check that counts errors, in the runbook's order of services. */
export async function watchedMinutes(state: State, progress: Progress): Promise<readonly WatchedMinutes[]> {
  const newest = newestResults(progress);
  const watched: WatchedMinutes[] = [];
  for (const service of Object.keys(progress.plan.runbook.services)) {
    for (const result of newest.filter((each) => each.service === service)) {
      const evidence = await evidenceOf(state, result);
      const minutes = evidence && minutesOf(progress, result, evidence);
      if (minutes !== undefined) watched.push(minutes);
    }
  }
  return watched.filter((each) => isWorthDrawing(each, watched));
}

/** The newest of each check and service that stored what it counted. */
function newestResults({ checkpoints, production, items }: Progress): readonly CheckResult[] {
  const judged = [
    ...Object.values(items).map(({ since, results = [] }) => ({ at: since, results })),
    ...(production === undefined ? [] : [production]),
    ...Object.values(checkpoints),
  ].toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const byCheck = new Map<string, CheckResult>();
  for (const result of judged.flatMap(({ results }) => results)) {
    if (result.evidence !== undefined) byCheck.set(`${result.uses} ${result.service ?? ""}`, result);
  }
  return [...byCheck.values()];
}

/** Undefined where it is gone, altered, or another check's: then there is nothing to draw. */
async function evidenceOf(state: State, { uses, evidence }: CheckResult): Promise<JudgeEvidence | undefined> {
  if (evidence === undefined || (uses !== "check-errors" && uses !== "check-logs")) return undefined;
  try {
    const stored = errorsEvidenceSchema.safeParse(await state.evidence.get(evidence));
    if (!stored.success) return undefined;
    return "errors" in stored.data ? stored.data.errors : stored.data;
  } catch (error) {
    if (error instanceof JournalError) return undefined;
    throw error;
  }
}

function minutesOf(progress: Progress, result: CheckResult, evidence: JudgeEvidence): WatchedMinutes | undefined {
  const { service = "", series } = result;
  const switched = progress.switched[service];
  const isLogs = result.uses === "check-logs";
  const [before, after] = [evidence.windows["before"], evidence.windows[isLogs ? "after-critical" : "after"]];
  if (switched === undefined || before === undefined || after === undefined) return undefined;
  const overall = evidence.streams.find(({ kind }) => kind === "overall");
  return {
    service,
    check: result.check,
    counts: isLogs ? "logged error signatures" : (overall?.group.replace(/^all /, "") ?? "errors"),
    switchedAt: switched.at,
    rolloutStartedAt: switched.rolloutStartedAt,
    before: counted(before, evidence, "baseline", before),
    after: counted(after, evidence, "candidate", after),
    ...(series === undefined ? {} : { around: { from: series.from, errors: series.errors } }),
  };
}

function counted(
  window: MinuteWindow,
  evidence: JudgeEvidence,
  side: "baseline" | "candidate",
  all: MinuteWindow,
): Counted {
  const isCut = new Set(all.cut.flatMap(([first, length]) => Array.from({ length }, (_, index) => first + index)));
  const known = (minutes: readonly number[]): Minutes =>
    minutes.map((each, index) => (isCut.has(index) ? undefined : each));
  return {
    from: window.from,
    errors: known(errorsIn(window, evidence, side)),
    ...(evidence.totalsKnown ? { requests: known(window.exposure) } : {}),
  };
}

/** All errors of a check; of logs, the signatures, in which the critical ones are counted too. */
function errorsIn(window: MinuteWindow, { streams, windows }: JudgeEvidence, side: "baseline" | "candidate"): number[] {
  const sumOf = (some: readonly Stream[]): number[] => {
    const minutes = window.exposure.map(() => 0);
    for (const { [side]: counts } of some) {
      const from = windows[counts.window]?.from ?? window.from;
      const offset = Math.round(msBetween(window.from, from) / MINUTE);
      for (const [minute, errors] of counts.errors) {
        const at = minute + offset;
        if (at >= 0 && at < minutes.length) minutes[at] = (minutes[at] ?? 0) + errors;
      }
    }
    return minutes;
  };
  const overall = streams.filter(({ kind }) => kind === "overall");
  if (overall.length > 0) return sumOf(overall);
  const critical = sumOf(streams.filter(({ kind }) => kind === "critical"));
  const signatures = sumOf(streams.filter(({ kind }) => kind === "signature"));
  return signatures.map((errors, minute) => Math.max(errors, critical[minute] ?? 0));
}

/** Logs are drawn where they hold an error, or where nothing else is drawn of the service. */
function isWorthDrawing(minutes: WatchedMinutes, all: readonly WatchedMinutes[]): boolean {
  const others = all.filter((each) => each.service === minutes.service && each !== minutes);
  const isLogs = minutes.counts === "logged error signatures";
  if (!isLogs || others.length === 0) return true;
  return [...minutes.before.errors, ...minutes.after.errors].some((errors) => (errors ?? 0) > 0);
}
