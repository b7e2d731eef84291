/** A judgement of request errors as the row and the groups that a report shows. Decides nothing. */
import {
  type Instant,
  MINUTE,
  clockTime,
  earliest,
  floorToMinute,
  formatDuration,
  latest,
  plusMs,
} from "../model/time.ts";
import type { CheckResult, GroupFinding, Series } from "../model/verdict.ts";
import type { JudgeEvidence, Judgement, StreamJudgement } from "../verdict/evidence.ts";
import { sum } from "../verdict/windows.ts";
import { type ErrorFacts, completeUntil, errorsBetween, judgedSpan, minutesBetween } from "./errors-evidence.ts";

const MAX_GROUPS = 10;
const CHART_BEFORE_MS = 30 * MINUTE;
const CHART_MINUTES = 120;

export type ErrorsRow = Pick<
  CheckResult,
  "verdict" | "value" | "baseline" | "sample" | "completeUntil" | "because" | "groups" | "series"
>;

export function errorsRow(facts: ErrorFacts, evidence: JudgeEvidence, judgement: Judgement): ErrorsRow {
  const span = judgedSpan(facts);
  const overall = judgement.streams.find((stream) => stream.kind === "overall");
  const now = overall?.candidate ?? { errors: 0, exposure: 0, minutes: 0 };
  const then = overall?.baseline ?? now;
  const length = formatDuration(minutesBetween(span.from, span.until) * MINUTE);
  return {
    verdict: judgement.verdict,
    value:
      now.minutes === 0
        ? `${facts.label} not judged yet: the switch settles until ${clockTime(span.from)}`
        : `${count(now.errors)} × ${facts.label} in ${length} (${hourly(now)})`,
    baseline: `${hourly(then)} over ${formatDuration(then.minutes * MINUTE)}`,
    sample: evidence.totalsKnown ? `${count(now.exposure)} requests` : entriesOf(evidence),
    completeUntil: completeUntil(facts),
    because: judgement.because,
    groups: [...groupsOf(facts, evidence, judgement), ...switchWindowOf(facts, evidence), ...lateVictimsOf(facts)],
    series: seriesOf(facts),
  };
}

function groupsOf({ before, after }: ErrorFacts, evidence: JudgeEvidence, judgement: Judgement): GroupFinding[] {
  return judgement.streams
    .filter((stream) => stream.kind === "route" && stream.candidate.errors > 0)
    .toSorted((a, b) => b.lnEFail - a.lnEFail || b.candidate.errors - a.candidate.errors)
    .slice(0, MAX_GROUPS)
    .map((stream) => {
      const example = after.candidate.example(stream.group) ?? before.errors.example(stream.group);
      return {
        group: stream.group,
        kind: kindOf(stream),
        baseline: tally(stream.baseline, evidence),
        candidate: tally(stream.candidate, evidence),
        ...(example === undefined ? {} : { example }),
      };
    });
}

/** What was there before and has not risen is named as such. */
export function kindOf(stream: StreamJudgement): GroupFinding["kind"] {
  if (stream.baseline.errors === 0) return "new";
  return stream.says === "nothing" ? "pre-existing" : "risen";
}

function tally(side: StreamJudgement["baseline"], { totalsKnown }: JudgeEvidence): GroupFinding["baseline"] {
  return { errors: side.errors, requests: totalsKnown ? side.exposure : "unknown", minutes: side.minutes };
}

/** From a minute before the switch to two after it, all revisions: neither judged nor hidden. */
function switchWindowOf(facts: ErrorFacts, evidence: JudgeEvidence): GroupFinding[] {
  const { before, after, switchedAt } = facts;
  const wanted = floorToMinute(plusMs(switchedAt, -MINUTE));
  const from = latest([wanted, after.from]) ?? wanted;
  const until = earliest([judgedSpan(facts).from, after.readUntil]) ?? from;
  const errors = errorsBetween(facts, { from, until });
  if (sum(errors) === 0) return [];
  const clean = evidence.windows["before"]?.exposure.filter((exposure) => exposure > 0).length ?? 0;
  const past = sum(before.errors.names.flatMap((name) => before.errors.counts(name).map(([, errors]) => errors)));
  return [
    {
      group: spikeText(errors, from, clean === 0 ? 0 : past / clean),
      kind: "switch-window",
      baseline: { errors: past, requests: "unknown", minutes: clean },
      candidate: { errors: sum(errors), requests: "unknown", minutes: errors.length },
    },
  ];
}

/** "a spike of 1m: 41 errors, gone since 04:09 UTC". A spike stands out from what the baseline has per minute. */
function spikeText(errors: readonly number[], from: Instant, usual: number): string {
  const isHigh = errors.map((count) => count >= Math.max(3, 3 * usual));
  const high = isHigh.filter(Boolean).length;
  if (high === 0) return `${count(sum(errors))} ${sum(errors) === 1 ? "error" : "errors"} while it switched, no spike`;
  const last = isHigh.lastIndexOf(true);
  const gone = last === errors.length - 1 ? "" : `, gone since ${clockTime(plusMs(from, (last + 1) * MINUTE))}`;
  return `a spike of ${formatDuration(high * MINUTE)}: ${count(sum(errors))} errors${gone}`;
}

/** Seen after the switch window, but served by the old revision or begun before the switch: not charged to the new one. */
function lateVictimsOf(facts: ErrorFacts): GroupFinding[] {
  const { after } = facts;
  const first = minutesBetween(after.from, judgedSpan(facts).from);
  return after.lateVictims.names
    .map((group): GroupFinding => {
      const example = after.lateVictims.example(group);
      const counts = after.lateVictims.counts(group).filter(([minute]) => minute >= first);
      return {
        group,
        kind: "late-victim",
        baseline: { errors: 0, requests: "unknown", minutes: 0 },
        candidate: { errors: sum(counts.map(([, count]) => count)), requests: "unknown", minutes: counts.length },
        ...(example === undefined ? {} : { example }),
      };
    })
    .filter(({ candidate }) => candidate.errors > 0)
    .toSorted((a, b) => b.candidate.errors - a.candidate.errors)
    .slice(0, MAX_GROUPS);
}

function seriesOf(facts: ErrorFacts): Series {
  const { before, after, switchedAt } = facts;
  const wanted = floorToMinute(plusMs(switchedAt, -CHART_BEFORE_MS));
  // Minutes that were not read are not drawn as quiet ones.
  const from = before.until < after.from ? after.from : (latest([wanted, before.from]) ?? wanted);
  const end = plusMs(from, CHART_MINUTES * MINUTE);
  const until = earliest([end, after.readUntil]) ?? end;
  return { from, errors: errorsBetween(facts, { from, until }), switchedAt };
}

function hourly({ errors, minutes }: { readonly errors: number; readonly minutes: number }): string {
  return minutes === 0 ? "unknown" : `${((60 * errors) / minutes).toFixed(1)}/h`;
}

function entriesOf({ candidateEntries }: JudgeEvidence): string {
  return candidateEntries === "unknown"
    ? "requests unknown"
    : `requests unknown, ${candidateEntries >= 1000 ? "at least " : ""}${count(candidateEntries)} log entries`;
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}
