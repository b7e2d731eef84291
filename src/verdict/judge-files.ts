/** The judge on exported log entries: two tallies in, one judgement per service out. Pure; reads no file. */
import { DAY, MINUTE, type Instant, instant, msOf } from "../model/time.ts";
import { type Verdict, worstVerdict } from "../model/verdict.ts";
import type { Counts, JudgeEvidence, Judgement, MinuteWindow, Stream } from "./evidence.ts";
import { FileTally, type ServiceTally, type Side, type TallyRules, emptySide } from "./file-tally.ts";
import { type GroupCounts, alignGroups } from "./group-counts.ts";
import { judge } from "./judge.ts";
import { SETTLING_MS, defaultSettings } from "./settings.ts";
import { sum } from "./windows.ts";

/** More minutes than these are not held: the latest count. */
const MAX_MINUTES = (45 * DAY) / MINUTE;

/** So long may a service that still serves have nothing to log. */
const QUIET_MINUTES = 15;

export interface Span {
  readonly from?: Instant;
  readonly until?: Instant;
}

export interface FileRules {
  /** T0. The baseline ends here; two minutes from here on the switch settles. */
  readonly switchedAt?: Instant;
  /** The end of what is judged; without it, the end of the candidate's entries. */
  readonly now?: Instant;
  readonly isError: (status: number) => boolean;
  /** "5xx": what `isError` means, for people. */
  readonly label: string;
  readonly critical: readonly string[];
  /** T+N, for the tolerances; without it, how far the window reaches from the switch. */
  readonly horizonMs?: number;
  readonly judgedServices?: number;
  /** The baseline is another version over the same minutes (a canary). */
  readonly concurrent?: boolean;
  /** What the files cover, where that is more than their first and last entry say. */
  readonly baseline?: Span;
  readonly candidate?: Span;
  /** Windows of other deploys and incidents. */
  readonly excluded?: readonly { readonly from: Instant; readonly until: Instant }[];
}

export function baselineTally(rules: FileRules): FileTally {
  return new FileTally({
    ...tallyRules(rules),
    untilMs: Math.min(
      rules.switchedAt === undefined ? Number.POSITIVE_INFINITY : floor(msOf(rules.switchedAt)),
      rules.baseline?.until === undefined ? Number.POSITIVE_INFINITY : msOf(rules.baseline.until),
    ),
    sinceMs: rules.baseline?.from === undefined ? Number.NEGATIVE_INFINITY : msOf(rules.baseline.from),
  });
}

/** Versions that the baseline has are the old code's, if the candidate has others. */
export function candidateTally(rules: FileRules, baseline: FileTally): FileTally {
  const switchedMs = rules.switchedAt === undefined ? Number.NEGATIVE_INFINITY : msOf(rules.switchedAt);
  const ends = [rules.now, rules.candidate?.until].flatMap((end) => (end === undefined ? [] : [floor(msOf(end))]));
  return new FileTally({
    ...tallyRules(rules),
    sinceMs: Math.max(switchedMs, rules.candidate?.from === undefined ? switchedMs : msOf(rules.candidate.from)),
    untilMs: Math.min(Number.POSITIVE_INFINITY, ...ends),
    beganAfterMs: switchedMs,
    oldVersions: baseline.versions,
  });
}

function tallyRules(rules: FileRules): TallyRules {
  return {
    isError: rules.isError,
    critical: new RegExp(rules.critical.map(escaped).join("|") || "(?!)", "i"),
    sinceMs: Number.NEGATIVE_INFINITY,
    untilMs: Number.POSITIVE_INFINITY,
    beganAfterMs: Number.NEGATIVE_INFINITY,
    oldVersions: new Set(),
  };
}

/** As a pattern that matches just this text. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

export interface ServiceJudgement {
  readonly service: string;
  readonly evidence: JudgeEvidence;
  readonly judgement: Judgement;
  readonly lateVictims: number;
}

/** By service, in the order of their names; at least one, so that no entries at all are inconclusive. */
export function judgeFiles(rules: FileRules, baseline: FileTally, candidate: FileTally): ServiceJudgement[] {
  const names = [...new Set([...baseline.services.keys(), ...candidate.services.keys()])].sort();
  const services = names.length === 0 ? [""] : names;
  const windows = { before: baselineSpan(rules, baseline), after: candidateSpan(rules, candidate) };
  return services.map((service) => {
    const before = baseline.services.get(service);
    const after = candidate.services.get(service);
    const evidence = evidenceOf({ rules, services: services.length, before, after, windows });
    const victims = after?.lateVictims;
    return {
      service,
      evidence,
      judgement: judge(evidence),
      lateVictims: victims === undefined ? 0 : sum(victims.names.flatMap((name) => totals(victims.counts(name)))),
    };
  });
}

export function worstOf(judgements: readonly ServiceJudgement[]): Verdict {
  return worstVerdict(judgements.map(({ judgement }) => judgement.verdict));
}

interface Minutes {
  readonly first: number;
  readonly length: number;
}

interface Parts {
  readonly rules: FileRules;
  readonly services: number;
  readonly before: ServiceTally | undefined;
  readonly after: ServiceTally | undefined;
  readonly windows: { readonly before: Minutes; readonly after: Minutes };
}

function evidenceOf({ rules, services, before, after, windows }: Parts): JudgeEvidence {
  const then = before?.fresh ?? emptySide();
  const now = after === undefined ? emptySide() : sideOfNewCode(after);
  const totalsKnown = then.successes > 0 && now.successes > 0;
  alignGroups(then.errors, now.errors);
  alignGroups(then.signatures, now.signatures);
  // A service that the baseline does not know has none, unless the baseline is said to cover the time.
  const isCovered = then.entries > 0 || rules.baseline?.from !== undefined;
  const beforeWindow = windowOf(windows.before, totalsKnown ? then.requests : undefined, rules.excluded);
  const settling = totalsKnown ? settlingOf(rules, then, now, beforeWindow, windows) : undefined;
  return {
    v: 1,
    windows: {
      before: isCovered ? beforeWindow : windowOf({ ...windows.before, length: 0 }, undefined),
      after: windowOf(windows.after, totalsKnown ? now.requests : undefined),
    },
    streams: streamsOf(rules.label, then, now, windows),
    totalsKnown,
    ...(rules.concurrent === true ? { concurrent: true } : {}),
    judgedServices: rules.judgedServices ?? services,
    horizonMs: horizonOf(rules, windows.after),
    candidateEntries: now.entries,
    ...(settling === undefined ? {} : { settling }),
    gaps: [],
    settings: defaultSettings(totalsKnown),
  };
}

/** Where a new version is named, only it is judged; where none is, everything since the switch is. */
function sideOfNewCode({ fresh, old, freshVersions }: ServiceTally): Side {
  if (freshVersions > 0 || old.entries === 0) return fresh;
  const both = emptySide();
  for (const side of [fresh, old]) {
    both.successes += side.successes;
    both.entries += side.entries;
    both.applicationEntries += side.applicationEntries;
    both.errors.addAll(side.errors);
    both.signatures.addAll(side.signatures);
    for (const key of ["requests", "critical"] as const) {
      for (const [minute, count] of side[key]) both[key].set(minute, (both[key].get(minute) ?? 0) + count);
    }
  }
  return both;
}

/** A pillar of PASS is there only where its log is: without application entries nothing is said about them. */
function streamsOf(label: string, then: Side, now: Side, { before, after }: Parts["windows"]): Stream[] {
  const stream = (kind: Stream["kind"], group: string, past: Counts, recent: Counts): Stream => ({
    kind,
    group,
    baseline: { window: "before", errors: within(past, before) },
    candidate: { window: "after", errors: within(recent, after) },
  });
  const groups = (kind: Stream["kind"], past: GroupCounts, recent: GroupCounts): Stream[] =>
    [...new Set([...past.names, ...recent.names])]
      .sort()
      .map((group) => stream(kind, group, past.counts(group), recent.counts(group)))
      .filter(({ baseline, candidate }) => baseline.errors.length + candidate.errors.length > 0);
  const application =
    then.applicationEntries + now.applicationEntries === 0
      ? []
      : [
          stream("critical", "critical errors", [...then.critical], [...now.critical]),
          ...groups("signature", then.signatures, now.signatures),
        ];
  const isRequests = application.length === 0 || then.requests.size + now.requests.size > 0;
  const requests = isRequests
    ? [
        stream("overall", `all ${label}`, totalOf(then.errors), totalOf(now.errors)),
        ...groups("route", then.errors, now.errors),
      ]
    : [];
  return [...requests, ...application];
}

function baselineSpan(rules: FileRules, tally: FileTally): Minutes {
  const first = rules.baseline?.from === undefined ? tally.firstMinute : minuteOf(rules.baseline.from);
  const given = rules.baseline?.until;
  const switched = rules.switchedAt === undefined ? Number.POSITIVE_INFINITY : minuteOf(rules.switchedAt);
  const end = tally.lastMinute + 1;
  // Entries that end shortly before the switch are rare entries, not the end of what was exported.
  const seen = switched - end <= QUIET_MINUTES ? switched : end;
  return bounded(first, given === undefined ? seen : minuteOf(given));
}

function candidateSpan(rules: FileRules, tally: FileTally): Minutes {
  const settled =
    rules.switchedAt === undefined ? undefined : Math.ceil((msOf(rules.switchedAt) + SETTLING_MS) / MINUTE);
  const given = rules.candidate?.from === undefined ? undefined : Math.ceil(msOf(rules.candidate.from) / MINUTE);
  const first = settled === undefined ? (given ?? tally.firstMinute) : Math.max(settled, given ?? settled);
  const end = rules.now ?? rules.candidate?.until;
  return bounded(first, end === undefined ? tally.lastMinute + 1 : minuteOf(end));
}

/** No entries, no minutes; too many minutes: the latest. */
function bounded(first: number, end: number): Minutes {
  if (!Number.isFinite(first) || !Number.isFinite(end) || end <= first) {
    return { first: Number.isFinite(first) ? first : 0, length: 0 };
  }
  const length = Math.min(MAX_MINUTES, end - first);
  return { first: end - length, length };
}

function windowOf(
  { first, length }: Minutes,
  requests: ReadonlyMap<number, number> | undefined,
  excluded: FileRules["excluded"] = [],
): MinuteWindow {
  const exposure = Array.from({ length }, (_, index) =>
    requests === undefined ? 1 : (requests.get(first + index) ?? 0),
  );
  const cut = excluded.flatMap(({ from, until }): [number, number][] => {
    const start = Math.max(0, minuteOf(from) - first);
    const end = Math.min(length, Math.ceil(msOf(until) / MINUTE) - first);
    return end > start ? [[start, end - start]] : [];
  });
  const merged = mergedRanges(cut);
  for (const [start, count] of merged) exposure.fill(0, start, start + count);
  return { from: instant(first * MINUTE), exposure, cut: merged };
}

function mergedRanges(ranges: readonly [number, number][]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [start, length] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[0] + last[1]) last[1] = Math.max(last[1], start + length - last[0]);
    else merged.push([start, length]);
  }
  return merged;
}

function settlingOf(
  { switchedAt }: FileRules,
  then: Side,
  now: Side,
  before: MinuteWindow,
  { after }: Parts["windows"],
): JudgeEvidence["settling"] {
  if (switchedAt === undefined) return undefined;
  const first = minuteOf(switchedAt);
  const end = Math.min(first + (2 * SETTLING_MS) / MINUTE, after.first + after.length);
  const errors = new Map(totalOf(now.errors));
  const minutes = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  const requests = sum(before.exposure);
  const failed = within(totalOf(then.errors), { first: minuteOf(before.from), length: before.exposure.length });
  return {
    from: instant(first * MINUTE),
    errors: minutes.map((minute) => errors.get(minute) ?? 0),
    requests: minutes.map((minute) => now.requests.get(minute) ?? 0),
    baselineShare: requests === 0 ? 0 : sum(totals(failed)) / requests,
  };
}

function horizonOf({ horizonMs, switchedAt }: FileRules, { first, length }: Minutes): number {
  if (horizonMs !== undefined) return horizonMs;
  const end = (first + length) * MINUTE;
  return Math.max(MINUTE, switchedAt === undefined ? length * MINUTE + SETTLING_MS : end - msOf(switchedAt));
}

function totalOf(counts: GroupCounts): Counts {
  const minutes = new Map<number, number>();
  for (const name of counts.names) {
    for (const [minute, count] of counts.counts(name)) minutes.set(minute, (minutes.get(minute) ?? 0) + count);
  }
  return [...minutes];
}

/** Minutes of the epoch as indices of the window, ascending. */
function within(counts: Counts, { first, length }: Minutes): Counts {
  return counts
    .flatMap(([minute, count]): Counts => {
      const index = minute - first;
      return index >= 0 && index < length ? [[index, count]] : [];
    })
    .sort(([a], [b]) => a - b);
}

function totals(counts: Counts): number[] {
  return counts.map(([, count]) => count);
}

function minuteOf(at: Instant): number {
  return Math.floor(msOf(at) / MINUTE);
}

function floor(ms: number): number {
  return Math.floor(ms / MINUTE) * MINUTE;
}
