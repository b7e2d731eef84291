/** From counted signatures to the judge's evidence. Decides nothing. */
import {
  type Instant,
  MINUTE,
  earliest,
  floorToMinute,
  instant,
  latest,
  msBetween,
  msOf,
  plusMs,
} from "../model/time.ts";
import type { Counts, JudgeEvidence, MinuteWindow, Stream } from "../verdict/evidence.ts";
import { alignGroups } from "../verdict/group-counts.ts";
import { SETTLING_MS, defaultSettings } from "../verdict/settings.ts";
import { repeated } from "../verdict/windows.ts";
import { type Signatures, minutesOf } from "./signatures.ts";

export interface SignatureFacts {
  readonly before: Signatures;
  readonly after: Signatures;
  readonly switchedAt: Instant;
  readonly horizonMs: number;
  readonly judgedServices: number;
  readonly candidateEntries: number | "unknown";
}

export const CRITICAL = "critical errors";

/** From the switch to T0 + N, or as far as the log was read. */
export function watchedSpan(facts: Pick<SignatureFacts, "after" | "switchedAt" | "horizonMs">): {
  readonly from: Instant;
  readonly until: Instant;
} {
  const from = floorToMinute(facts.switchedAt);
  const end = plusMs(facts.switchedAt, facts.horizonMs);
  const until = floorToMinute(earliest([end, facts.after.until]) ?? end);
  return { from, until: latest([from, until]) ?? from };
}

/**
 * Signatures are judged from two minutes after the switch. Critical ones count from the rollout's beginning: what the new
 * version wrote is its own fault whenever it wrote it; the minutes before the switch do not count as time observed.
 */
export function evidenceOfSignatures(facts: SignatureFacts): JudgeEvidence {
  const { before, after, switchedAt } = facts;
  const { from, until } = watchedSpan(facts);
  alignGroups(before.signatures, after.signatures);
  const settled = instant(Math.ceil(msOf(plusMs(switchedAt, SETTLING_MS)) / MINUTE) * MINUTE);
  const windows = {
    before: timeWindow(before.from, before.until, before.from, before.cut),
    after: timeWindow(settled, until, settled),
    "after-critical": timeWindow(after.from, until, from),
  };
  return {
    v: 1,
    windows,
    streams: streamsOf(facts, windows.after, windows["after-critical"]),
    totalsKnown: false,
    judgedServices: facts.judgedServices,
    horizonMs: facts.horizonMs,
    candidateEntries: facts.candidateEntries,
    // Beyond the end of the window nothing is missing.
    gaps: after.until < plusMs(switchedAt, facts.horizonMs) ? [...after.gaps] : [],
    settings: defaultSettings(false),
  };
}

function streamsOf({ before, after }: SignatureFacts, window: MinuteWindow, criticalWindow: MinuteWindow): Stream[] {
  const groups = [...new Set([...before.signatures.names, ...after.signatures.names])].sort();
  const critical: Stream = {
    kind: "critical",
    group: CRITICAL,
    baseline: { window: "before", errors: before.critical },
    candidate: { window: "after-critical", errors: within(after.critical, after.from, criticalWindow) },
  };
  const signatures = groups.map((group): Stream => ({
    kind: "signature",
    group,
    baseline: { window: "before", errors: before.signatures.counts(group) },
    candidate: { window: "after", errors: within(after.signatures.counts(group), after.from, window) },
  }));
  return [
    critical,
    ...signatures.filter((stream) => stream.baseline.errors.length + stream.candidate.errors.length > 0),
  ];
}

/** Counts from `from`, as counts of the window. */
function within(counts: Counts, from: Instant, window: MinuteWindow): Counts {
  const offset = Math.round(msBetween(from, window.from) / MINUTE);
  return counts.flatMap(([minute, count]): Counts => {
    const index = minute - offset;
    return index >= 0 && index < window.exposure.length ? [[index, count]] : [];
  });
}

/** A minute of time per minute; minutes before `countedFrom` and those cut out do not count. */
function timeWindow(from: Instant, until: Instant, countedFrom: Instant, cut: Counts = []): MinuteWindow {
  const skipped = Math.round(msBetween(from, countedFrom) / MINUTE);
  const exposure = repeated(1, minutesOf({ from, until })).fill(0, 0, Math.max(0, skipped));
  for (const [first, length] of cut) exposure.fill(0, first, first + length);
  return { from, exposure, cut };
}
