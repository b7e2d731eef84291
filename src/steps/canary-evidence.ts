/** A canary's two revisions as the judge's evidence and as the row that a report shows. Reads nothing, decides nothing. */
import { type ServiceSwitch, shareOf } from "../model/service.ts";
import { MINUTE, ceilToMinute, clockTime, floorToMinute, formatDuration, plusMs } from "../model/time.ts";
import type { GroupFinding } from "../model/verdict.ts";
import type { JudgeEvidence, Judgement, Stream, StreamJudgement } from "../verdict/evidence.ts";
import { alignGroups, type GroupCounts } from "../verdict/group-counts.ts";
import { SETTLING_MS, concurrentSettings } from "../verdict/settings.ts";
import { sum } from "../verdict/windows.ts";
import type { Before } from "./errors-before.ts";
import type { SideBySide } from "./errors-canary.ts";
import { baselineWindow, minutesBetween, type Span, totalOf } from "./errors-evidence.ts";
import { count, type ErrorsRow, kindOf } from "./errors-result.ts";

export interface CanaryFacts {
  readonly switched: ServiceSwitch;
  readonly sides: SideBySide;
  /** The service's own past, against which an outage of both shows. */
  readonly past: Before;
  readonly horizonMs: number;
  readonly judgedServices: number;
  readonly latencyP95: NonNullable<JudgeEvidence["latencyP95"]>;
  /** What is judged, for people: "5xx". */
  readonly label: string;
}

const MAX_GROUPS = 10;

/** From two minutes after the stage began to T0 + N, or as far as the data is complete. Earlier stages had other shares. */
export function canarySpan({
  switched,
  sides,
  horizonMs,
}: Pick<CanaryFacts, "switched" | "sides" | "horizonMs">): Span {
  const from = ceilToMinute(plusMs(switched.at, SETTLING_MS));
  const end = floorToMinute(plusMs(switched.at, horizonMs));
  const until = end < sides.completeUntil ? end : sides.completeUntil;
  return { from, until: until < from ? from : until };
}

export function evidenceOfCanary(facts: CanaryFacts): JudgeEvidence {
  const { sides, past, switched, horizonMs } = facts;
  const span = canarySpan(facts);
  const first = minutesBetween(sides.from, span.from);
  const length = minutesBetween(span.from, span.until);
  const cut = (requests: readonly number[]): number[] =>
    Array.from({ length }, (_, index) => requests[first + index] ?? 0);
  alignGroups(sides.stable, sides.candidate);
  const stable = cut(sides.stableRequests);
  const isPastKnown = past.requests !== "unknown";
  return {
    v: 1,
    windows: {
      beside: { from: span.from, exposure: stable, cut: [] },
      candidate: { from: span.from, exposure: cut(sides.candidateRequests), cut: [] },
      ...(isPastKnown ? { past: baselineWindow(past, true) } : {}),
    },
    streams: streamsOf(facts, first, length),
    totalsKnown: true,
    concurrent: true,
    expectedRequests: (sum(stable) * shareOf(switched)) / (100 - shareOf(switched)),
    ...(isPastKnown ? { past: { window: "past", errors: totalOf(past.errors) } } : {}),
    judgedServices: facts.judgedServices,
    horizonMs,
    candidateEntries: "unknown",
    latencyP95: facts.latencyP95,
    settling: settlingOf(facts),
    gaps: sides.completeUntil < plusMs(switched.at, horizonMs) ? [...sides.gaps] : [],
    settings: concurrentSettings(),
  };
}

function streamsOf({ sides, label }: CanaryFacts, first: number, length: number): Stream[] {
  const within = (counts: readonly (readonly [number, number])[]): [number, number][] =>
    counts.flatMap(([minute, errors]): [number, number][] =>
      minute >= first && minute < first + length ? [[minute - first, errors]] : [],
    );
  const stream = (
    kind: "overall" | "route",
    group: string,
    of: (side: GroupCounts) => readonly (readonly [number, number])[],
  ): Stream => ({
    kind,
    group,
    baseline: { window: "beside", errors: within(of(sides.stable)) },
    candidate: { window: "candidate", errors: within(of(sides.candidate)) },
  });
  const groups = [...new Set([...sides.stable.names, ...sides.candidate.names])].sort();
  const routes = groups.map((group) => stream("route", group, (side) => side.counts(group)));
  return [
    stream("overall", `all ${label}`, totalOf),
    ...routes.filter(({ baseline, candidate }) => baseline.errors.length + candidate.errors.length > 0),
  ];
}

/** What is as bad beside it is no catastrophe of the candidate. */
function settlingOf({ sides, switched }: CanaryFacts): NonNullable<JudgeEvidence["settling"]> {
  const end = floorToMinute(plusMs(switched.at, SETTLING_MS + 2 * MINUTE));
  const until = end < sides.completeUntil ? end : sides.completeUntil;
  const minutes = Math.max(0, minutesBetween(sides.from, until));
  const errorsOf = (side: GroupCounts): number[] => {
    const errors = new Map(totalOf(side));
    return Array.from({ length: minutes }, (_, index) => errors.get(index) ?? 0);
  };
  const stable = sum(sides.stableRequests.slice(0, minutes));
  return {
    from: sides.from,
    errors: errorsOf(sides.candidate),
    requests: sides.candidateRequests.slice(0, minutes),
    baselineShare: stable === 0 ? 0 : sum(errorsOf(sides.stable)) / stable,
  };
}

export function canaryRow(facts: CanaryFacts, { verdict, because, streams }: Judgement): ErrorsRow {
  const { switched, sides, label } = facts;
  const span = canarySpan(facts);
  const overall = streams.find(({ kind }) => kind === "overall");
  const length = formatDuration(minutesBetween(span.from, span.until) * MINUTE);
  const who = `candidate ${shareOf(switched)} %`;
  const isOpen = overall !== undefined && overall.candidate.minutes > 0;
  return {
    verdict,
    value: isOpen
      ? `${who}: ${count(overall.candidate.errors)} × ${label} in ${length} (${shareText(overall.candidate)})`
      : `${who}: ${label} not judged yet: the stage settles until ${clockTime(span.from)}`,
    baseline: isOpen
      ? `current over the same ${length}: ${count(overall.baseline.errors)} (${shareText(overall.baseline)})`
      : "current over the same minutes",
    sample: isOpen
      ? `${count(overall.candidate.exposure)} requests against ${count(overall.baseline.exposure)}`
      : "no requests yet",
    completeUntil: sides.completeUntil,
    because,
    groups: groupsOf(facts, streams),
    series: { from: sides.from, errors: errorsPerMinute(sides), switchedAt: switched.at },
  };
}

function errorsPerMinute({ candidate, from, completeUntil }: SideBySide): number[] {
  const errors = new Map(totalOf(candidate));
  const length = Math.max(0, minutesBetween(from, completeUntil));
  return Array.from({ length }, (_, index) => errors.get(index) ?? 0);
}

function groupsOf({ sides }: CanaryFacts, streams: readonly StreamJudgement[]): GroupFinding[] {
  return streams
    .filter(({ kind, candidate }) => kind === "route" && candidate.errors > 0)
    .toSorted((a, b) => b.lnEFail - a.lnEFail || b.candidate.errors - a.candidate.errors)
    .slice(0, MAX_GROUPS)
    .map((stream) => {
      const example = sides.candidate.example(stream.group) ?? sides.stable.example(stream.group);
      return {
        group: stream.group,
        kind: kindOf(stream),
        baseline: tally(stream.baseline),
        candidate: tally(stream.candidate),
        ...(example === undefined ? {} : { example }),
      };
    });
}

function tally({ errors, exposure, minutes }: StreamJudgement["baseline"]): GroupFinding["baseline"] {
  return { errors, requests: exposure, minutes };
}

/** "4.2 % of its requests": rates per hour of two revisions with different shares say nothing. */
function shareText({ errors, exposure }: { readonly errors: number; readonly exposure: number }): string {
  if (exposure === 0) return "no requests";
  const percent = (100 * errors) / exposure;
  return `${percent === 0 ? "0" : percent < 0.1 ? percent.toPrecision(1) : percent.toFixed(1)} % of its requests`;
}
