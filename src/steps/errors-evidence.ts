/** From counted requests to the judge's evidence: the windows, the streams, the totals. Decides nothing. */
import { type Instant, MINUTE, instant, msBetween, msOf, plusMs } from "../model/time.ts";
import type { JudgeEvidence, MinuteWindow, Stream } from "../verdict/evidence.ts";
import { type GroupCounts, alignGroups } from "../verdict/group-counts.ts";
import { SETTLING_MS, defaultSettings } from "../verdict/settings.ts";
import { sum } from "../verdict/windows.ts";
import type { After } from "./errors-after.ts";
import type { Before } from "./errors-before.ts";

export interface ErrorFacts {
  readonly before: Before;
  readonly after: After;
  readonly switchedAt: Instant;
  readonly horizonMs: number;
  readonly judgedServices: number;
  /** Asked for only where totals are unknown. */
  readonly candidateEntries: number | "unknown";
  readonly candidateP95: number | "unknown";
  /** What is judged, for people: "5xx". */
  readonly label: string;
}

export interface Span {
  readonly from: Instant;
  readonly until: Instant;
}

/** The minutes that are judged: from two minutes after the switch to T0 + N, or as far as the data is complete. */
export function judgedSpan(facts: Pick<ErrorFacts, "before" | "after" | "switchedAt" | "horizonMs">): Span {
  const from = ceilToMinute(plusMs(facts.switchedAt, SETTLING_MS));
  const end = plusMs(facts.switchedAt, facts.horizonMs);
  const until = floorTo([end, completeUntil(facts)]);
  return { from, until: until < from ? from : until };
}

/** No judgement beyond this moment. */
export function completeUntil({ before, after }: Pick<ErrorFacts, "before" | "after">): Instant {
  return totalsKnown({ before, after }) ? floorTo([after.readUntil, after.requestsUntil]) : after.readUntil;
}

export function totalsKnown({ before, after }: Pick<ErrorFacts, "before" | "after">): boolean {
  return before.requests !== "unknown" && after.requests !== "unknown";
}

export function evidenceOfErrors(facts: ErrorFacts): JudgeEvidence {
  const { before, after, switchedAt } = facts;
  const span = judgedSpan(facts);
  const known = totalsKnown(facts);
  alignGroups(before.errors, after.candidate);
  const settling = settlingOf(facts);
  return {
    v: 1,
    windows: { before: baselineWindow(before, known), after: candidateWindow(after, span, known) },
    streams: streamsOf(facts, span),
    totalsKnown: known,
    judgedServices: facts.judgedServices,
    horizonMs: facts.horizonMs,
    candidateEntries: facts.candidateEntries,
    latencyP95: { baselineMs: before.latencyP95, candidateMs: facts.candidateP95 },
    ...(settling === undefined ? {} : { settling }),
    // Beyond the end of the window nothing is missing.
    gaps: after.readUntil < plusMs(switchedAt, facts.horizonMs) ? [...after.gaps] : [],
    settings: defaultSettings(known),
  };
}

function streamsOf({ before, after, label }: ErrorFacts, span: Span): Stream[] {
  const first = minutesBetween(after.from, span.from);
  const length = minutesBetween(span.from, span.until);
  const within = (counts: readonly (readonly [number, number])[]): [number, number][] =>
    counts.flatMap(([minute, count]): [number, number][] =>
      minute >= first && minute < first + length ? [[minute - first, count]] : [],
    );
  const groups = [...new Set([...before.errors.names, ...after.candidate.names])].sort();
  const routes = groups.map((group): Stream => ({
    kind: "route",
    group,
    baseline: { window: "before", errors: before.errors.counts(group) },
    candidate: { window: "after", errors: within(after.candidate.counts(group)) },
  }));
  const overall: Stream = {
    kind: "overall",
    group: `all ${label}`,
    baseline: { window: "before", errors: totalOf(before.errors) },
    candidate: { window: "after", errors: within(totalOf(after.candidate)) },
  };
  return [overall, ...routes.filter(({ baseline, candidate }) => baseline.errors.length + candidate.errors.length > 0)];
}

/** Errors per minute over all groups. */
export function totalOf(counts: GroupCounts): [number, number][] {
  const minutes = new Map<number, number>();
  for (const name of counts.names) {
    for (const [minute, count] of counts.counts(name)) minutes.set(minute, (minutes.get(minute) ?? 0) + count);
  }
  return [...minutes].sort(([a], [b]) => a - b);
}

export function baselineWindow(before: Before, known: boolean): MinuteWindow {
  const minutes = minutesBetween(before.from, before.until);
  const exposure =
    known && before.requests !== "unknown" ? [...before.requests] : Array.from({ length: minutes }, () => 1);
  for (const [first, length] of before.cut) exposure.fill(0, first, first + length);
  return { from: before.from, exposure, cut: before.cut };
}

function candidateWindow(after: After, span: Span, known: boolean): MinuteWindow {
  const first = minutesBetween(after.from, span.from);
  const length = minutesBetween(span.from, span.until);
  const requests = known && after.requests !== "unknown" ? after.requests : undefined;
  const exposure = Array.from({ length }, (_, index) => (requests === undefined ? 1 : (requests[first + index] ?? 0)));
  return { from: span.from, exposure, cut: [] };
}

/** Runs of three minutes that begin before the switch has settled; needs totals. */
function settlingOf(facts: ErrorFacts): JudgeEvidence["settling"] {
  const { before, after, switchedAt } = facts;
  if (!totalsKnown(facts) || before.requests === "unknown" || after.requests === "unknown") return undefined;
  const until = floorTo([plusMs(switchedAt, SETTLING_MS + 2 * MINUTE), completeUntil(facts)]);
  const minutes = Math.max(0, minutesBetween(after.from, until));
  const cut = new Set(before.cut.flatMap(([first, length]) => Array.from({ length }, (_, index) => first + index)));
  const errors = sum(totalOf(before.errors).map(([minute, count]) => (cut.has(minute) ? 0 : count)));
  const requests = sum(before.requests);
  return {
    from: after.from,
    errors: after.ofNewRevision.slice(0, minutes),
    requests: after.requests.slice(0, minutes),
    baselineShare: requests === 0 ? 0 : errors / requests,
  };
}

/** Errors of one minute after another within [from, until), of all revisions; 0 where nothing was read. */
export function errorsBetween({ before, after }: Pick<ErrorFacts, "before" | "after">, span: Span): number[] {
  const past = new Map(totalOf(before.errors));
  const offset = minutesBetween(after.from, span.from);
  // The baseline may lie a day or a week earlier.
  const behind = minutesBetween(before.from, after.from);
  return Array.from({ length: Math.max(0, minutesBetween(span.from, span.until)) }, (_, index) => {
    const minute = offset + index;
    return minute >= 0 ? (after.ofAll[minute] ?? 0) : (past.get(behind + minute) ?? 0);
  });
}

export function minutesBetween(from: Instant, until: Instant): number {
  return Math.round(msBetween(from, until) / MINUTE);
}

function ceilToMinute(at: Instant): Instant {
  return instant(Math.ceil(msOf(at) / MINUTE) * MINUTE);
}

/** The start of the minute of the earliest. */
function floorTo(instants: readonly Instant[]): Instant {
  return instant(Math.floor(Math.min(...instants.map(msOf)) / MINUTE) * MINUTE);
}
