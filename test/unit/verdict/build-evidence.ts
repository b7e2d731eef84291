/** Evidence for tests, from one number per minute. */
import { MINUTE, instant } from "../../../src/model/time.ts";
import type { JudgeEvidence, Stream, StreamKind } from "../../../src/verdict/evidence.ts";
import { defaultSettings } from "../../../src/verdict/settings.ts";
import { sparse } from "../../../src/verdict/windows.ts";

export interface GivenStream {
  readonly kind: StreamKind;
  readonly group: string;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface Given {
  readonly streams: readonly GivenStream[];
  /** Requests per minute; absent: totals are unknown. */
  readonly requests?: { readonly before: number; readonly after: number };
  readonly horizonMs?: number;
  readonly entries?: number | "unknown";
  readonly judgedServices?: number;
}

const SWITCH = Date.parse("2026-04-12T04:07:00.000Z");

export function evidenceOf(given: Given): JudgeEvidence {
  const [first] = given.streams;
  const before = first?.before.length ?? 0;
  const after = first?.after.length ?? 0;
  const totalsKnown = given.requests !== undefined;
  return {
    v: 1,
    windows: {
      before: windowOf(SWITCH - before * MINUTE, before, given.requests?.before ?? 1),
      after: windowOf(SWITCH + 2 * MINUTE, after, given.requests?.after ?? 1),
    },
    streams: given.streams.map((stream): Stream => ({
      kind: stream.kind,
      group: stream.group,
      baseline: { window: "before", errors: sparse(stream.before) },
      candidate: { window: "after", errors: sparse(stream.after) },
    })),
    totalsKnown,
    judgedServices: given.judgedServices ?? 1,
    horizonMs: given.horizonMs ?? 5 * MINUTE,
    candidateEntries: given.entries ?? "unknown",
    gaps: [],
    settings: defaultSettings(totalsKnown),
  };
}

function windowOf(fromMs: number, minutes: number, exposure: number): JudgeEvidence["windows"][string] {
  return { from: instant(fromMs), exposure: Array.from({ length: minutes }, () => exposure), cut: [] };
}

export function zeros(minutes: number): number[] {
  return Array.from({ length: minutes }, () => 0);
}

export function repeated(pattern: readonly number[], times: number): number[] {
  return Array.from({ length: times }, () => pattern).flat();
}
