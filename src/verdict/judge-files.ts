/** The judge on exported log entries: two tallies in, one judgement per service out. Pure; reads no file. */
import { MINUTE, instant, msOf } from "../model/time.ts";
import { type Verdict, worstVerdict } from "../model/verdict.ts";
import type { Counts, JudgeEvidence, Judgement, MinuteWindow, Stream } from "./evidence.ts";
import type { FileRules } from "./file-rules.ts";
import { type FileTally, type ServiceTally, type Side, emptySide } from "./file-tally.ts";
import { baselineSpan, candidateSpan, type Minutes, minuteOf, windowOf, within } from "./file-windows.ts";
import { type GroupCounts, alignGroups } from "./group-counts.ts";
import { judge } from "./judge.ts";
import { SETTLING_MS, defaultSettings } from "./settings.ts";
import { sum } from "./windows.ts";

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

function totals(counts: Counts): number[] {
  return counts.map(([, count]) => count);
}
