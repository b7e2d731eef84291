/** The judge: evidence in, judgement out. Pure and deterministic; it reads no clock, keeps nothing, and asks nobody. */
import { MINUTE, instant, msOf } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";
import { dispersionOf, Exposure } from "./dispersion.ts";
import { rateRatio } from "./evalue.ts";
import type { JudgeEvidence, Judgement, MinuteWindow, Stream, StreamJudgement, StreamKind } from "./evidence.ts";
import { explain, isExcluded, pillarsOf } from "./explain.ts";
import { type Family, familyOf } from "./families.ts";
import { catastropheAt } from "./guard.ts";
import { expectedOf, isAlive, symptomsOf } from "./liveness.ts";
import { toleranceAt } from "./settings.ts";
import { type StreamFinding, type Sums, testStream } from "./stream-test.ts";
import { suspectsOf } from "./suspects.ts";
import { cleanMinutes, dense, sum, windowOf } from "./windows.ts";

/**
 * The verdict by precedence:
 * 1. a catastrophe around the switch is FAIL;
 * 2. a baseline of fewer than 60 clean minutes, or no candidate minute with exposure, is INCONCLUSIVE;
 * 3. any failing stream is FAIL; then an outage that a concurrent baseline shares is INCONCLUSIVE; 4. any warning stream, or a symptom (collapsed traffic, latency), is WARN;
 * 5. data that is not alive, or has gaps, is INCONCLUSIVE;
 * 6. PASS when both for the overall and the critical stream (of which one must be there) a rise is excluded;
 * 7. else INCONCLUSIVE.
 * More errors never move a verdict towards pass, and no data is never pass. Equal evidence gives equal bytes.
 */
export function judge(given: JudgeEvidence): Judgement {
  // Sums of floats depend on their order, so the order is settled before anything is added up.
  const evidence = { ...given, streams: inOrder(given.streams) };
  const exposureOf = exposuresOf(evidence);
  const families = new Map(KINDS.map((kind) => [kind, familyOf(evidence, kind, exposureOf)]));
  const streams = evidence.streams.map((stream) =>
    judgeStream(evidence, stream, families.get(stream.kind), exposureOf(stream.baseline.window)),
  );
  const expected = expectedOf(evidence);
  const shared = sharedOutage(
    evidence,
    evidence.streams.find(({ kind }) => kind === "overall"),
  );
  const facts = {
    streams,
    suspects: suspectsOf(streams),
    alive: isAlive(evidence, streams, expected),
    expectedRequests: expected,
    symptoms: symptomsOf(evidence, streams, expected),
    ...(shared === undefined ? {} : { shared }),
    tolerance: {
      ratio: toleranceAt(evidence.settings.ratioTolerances, evidence.horizonMs),
      absolute: toleranceAt(evidence.settings.absoluteTolerances, evidence.horizonMs),
    },
  };
  const verdict = verdictOf(evidence, facts);
  return { verdict, because: explain(evidence, facts, verdict), ...facts };
}

function verdictOf(evidence: JudgeEvidence, facts: Omit<Judgement, "verdict" | "because">): Verdict {
  const { streams } = facts;
  const pillars = pillarsOf(facts);
  if (evidence.settling !== undefined && catastropheAt(evidence.settling) !== undefined) return "fail";
  if (streams.some((stream) => stream.baseline.minutes < evidence.settings.minBaselineMinutes)) return "inconclusive";
  if (!pillars.some((stream) => stream.candidate.exposure > 0)) return "inconclusive";
  if (evidence.concurrent === true && !pillars.some((stream) => stream.baseline.exposure > 0)) return "inconclusive";
  if (streams.some((stream) => stream.says === "fail")) return "fail";
  if (facts.shared !== undefined) return "inconclusive";
  if (streams.some((stream) => stream.says === "warn") || facts.symptoms.length > 0) return "warn";
  if (!facts.alive || evidence.gaps.length > 0) return "inconclusive";
  return pillars.every((stream) => isExcluded(stream, facts)) ? "pass" : "inconclusive";
}

/** Of the past of a concurrent comparison: with less of it nothing is said about an outage of both. */
const PAST_MINUTES = 60;

const KINDS: readonly StreamKind[] = ["overall", "critical", "route", "signature"];

/** An order that does not depend on how the evidence was gathered: by kind, then by group. */
function inOrder(streams: readonly Stream[]): Stream[] {
  return streams.toSorted(
    (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.group < b.group ? -1 : a.group > b.group ? 1 : 0),
  );
}

/** Many streams have one window. */
function exposuresOf(evidence: JudgeEvidence): (window: string) => Exposure {
  const known = new Map<string, Exposure>();
  return (window) => {
    const exposure = known.get(window) ?? new Exposure(windowOf(evidence, window).exposure);
    known.set(window, exposure);
    return exposure;
  };
}

function judgeStream(
  evidence: JudgeEvidence,
  stream: Stream,
  family: Family | undefined,
  exposure: Exposure,
): StreamJudgement {
  const before = windowOf(evidence, stream.baseline.window);
  const after = windowOf(evidence, stream.candidate.window);
  const baselineErrors = dense(stream.baseline.errors, before);
  const finding = testStream({
    kind: stream.kind,
    baseline: { errors: sum(baselineErrors), exposure: exposure.total },
    ...(evidence.concurrent === true ? { baselineBy: sumsBy(baselineErrors, before, after) } : {}),
    errors: dense(stream.candidate.errors, after),
    exposure: after.exposure,
    phi: dispersionOf({ errors: baselineErrors, exposure }, family?.pool),
    weightAt: family?.weightAt ?? (() => 0),
    settings: evidence.settings,
  });
  return { kind: stream.kind, group: stream.group, ...described(finding, before, after) };
}

/** The baseline's sums at the end of each of the candidate's minutes: what comes later compares with nothing yet. */
function sumsBy(errors: readonly number[], before: MinuteWindow, after: MinuteWindow): Sums[] {
  const offset = Math.round((msOf(after.from) - msOf(before.from)) / MINUTE);
  const total = { errors: 0, exposure: 0 };
  let next = 0;
  return after.exposure.map((_, index) => {
    for (; next <= Math.min(index + offset, before.exposure.length - 1); next++) {
      total.errors += errors[next] ?? 0;
      total.exposure += before.exposure[next] ?? 0;
    }
    return { ...total };
  });
}

/** A concurrent baseline that has itself risen over the service's past: an outage that both versions share. */
function sharedOutage(evidence: JudgeEvidence, overall: Stream | undefined): StreamJudgement | undefined {
  const { past, settings } = evidence;
  if (past === undefined || overall === undefined) return undefined;
  const before = windowOf(evidence, past.window);
  const now = windowOf(evidence, overall.baseline.window);
  if (cleanMinutes(before) < PAST_MINUTES) return undefined;
  const errors = dense(past.errors, before);
  const exposure = new Exposure(before.exposure);
  const finding = testStream({
    kind: "overall",
    baseline: { errors: sum(errors), exposure: exposure.total },
    errors: dense(overall.baseline.errors, now),
    exposure: now.exposure,
    phi: dispersionOf({ errors, exposure }, undefined),
    weightAt: () => settings.weights.overall,
    settings,
  });
  if (finding.says === "nothing") return undefined;
  return { kind: "overall", group: overall.group, ...described(finding, before, now) };
}

function described(
  finding: StreamFinding,
  before: MinuteWindow,
  after: MinuteWindow,
): Omit<StreamJudgement, "kind" | "group"> {
  const { pair, failedAtIndex } = finding;
  return {
    says: finding.says,
    ...(failedAtIndex === undefined ? {} : { failedAt: instant(msOf(after.from) + (failedAtIndex + 1) * MINUTE) }),
    baseline: { errors: pair.x0, exposure: pair.n0, minutes: cleanMinutes(before) },
    candidate: { errors: pair.x1, exposure: pair.n1, minutes: after.exposure.length },
    weight: finding.weight,
    phi: pair.phi,
    winsorised: finding.winsorised,
    lnEFail: finding.lnEFail,
    lnEFailNeeded: finding.lnEFailNeeded,
    lnEWarn: finding.lnEWarn,
    lnEWarnNeeded: finding.lnEWarnNeeded,
    ratio: rateRatio(pair),
    ratioWinsorised: rateRatio({ ...pair, x1: finding.winsorised }),
    ratioBound: jsonBound(finding.ratioBound),
    absoluteBound: jsonBound(finding.absoluteBound),
  };
}

/** JSON has no infinity. */
function jsonBound(value: number): number | "unbounded" {
  return Number.isFinite(value) ? value : "unbounded";
}
