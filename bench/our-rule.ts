/** The judge on simulated streams: at which minute it says FAIL, and WARN or worse, when it looks every minute. */
import { MINUTE, instant } from "../src/model/time.ts";
import type { Verdict } from "../src/model/verdict.ts";
import { dispersionOf, Exposure } from "../src/verdict/dispersion.ts";
import { lnEvidenceOfHarm, rateRatio } from "../src/verdict/evalue.ts";
import type { JudgeEvidence, Settings, Stream, StreamKind } from "../src/verdict/evidence.ts";
import { judge } from "../src/verdict/judge.ts";
import { defaultSettings } from "../src/verdict/settings.ts";
import { sparse, sum } from "../src/verdict/windows.ts";
import type { Rule } from "./rival-rules.ts";
import type { SimulatedStream } from "./simulate-errors.ts";

/**
 * FAIL is what the judge's sticky rule says over the whole window. `weight` is the stream's share of the false-alarm
 * budget: 1 when it is alone, as the reference tables have it; 0.4 beside routes and signatures.
 */
export function ourFail(weight: number): Rule {
  return (stream) => {
    const evidence = evidenceOf([{ ...stream, kind: "overall", group: "all" }], stream.after.errors.length);
    const [overall] = judge({ ...evidence, settings: settingsWith(weight) }).streams;
    return overall?.failedAt === undefined ? undefined : (Date.parse(overall.failedAt) - AFTER) / MINUTE;
  };
}

/** WARN is not sticky: it is counted when any look of any minute says so. */
export function ourWarnOrWorse(weight: number): Rule {
  return (stream) => {
    const failed = ourFail(weight)(stream);
    const warned = firstWarning(stream, weight);
    return warned === undefined || failed === undefined ? (warned ?? failed) : Math.min(warned, failed);
  };
}

function firstWarning(stream: SimulatedStream, weight: number): number | undefined {
  const settings = settingsWith(weight);
  const needed = Math.log(1 / (settings.alphaWarn * weight));
  const { errors, requests } = stream.before;
  const phi = dispersionOf({ errors, exposure: new Exposure(requests) }, undefined);
  const [x0, n0] = [sum(errors), sum(requests)];
  let [x1, n1] = [0, 0];
  for (const [index, count] of stream.after.errors.entries()) {
    x1 += count;
    n1 += stream.after.requests[index] ?? 0;
    const pair = { x1, n1, x0, n0, phi: phi(index + 1) };
    if (x1 < settings.minErrorsWarn || rateRatio(pair) < settings.minRatioWarn) continue;
    if (lnEvidenceOfHarm(pair, settings.rhoWarn) >= needed) return index + 1;
  }
  return undefined;
}

function settingsWith(weight: number): Settings {
  const settings = defaultSettings(true);
  return { ...settings, weights: { ...settings.weights, overall: weight } };
}

/** The whole judge at the checkpoint after `minutes` of window. */
export function verdictAt(stream: SimulatedStream, minutes: number, horizonMinutes: number): Verdict {
  const after = { errors: stream.after.errors.slice(0, minutes), requests: stream.after.requests.slice(0, minutes) };
  return judge(evidenceOf([{ ...stream, after, kind: "overall", group: "all" }], horizonMinutes)).verdict;
}

const AFTER = Date.parse("2026-04-12T04:09:00Z");

export interface NamedStream extends SimulatedStream {
  readonly kind: StreamKind;
  readonly group: string;
}

/** Streams share the first one's requests. */
export function evidenceOf(streams: readonly NamedStream[], horizonMinutes: number): JudgeEvidence {
  const [first] = streams;
  const before = first?.before.requests ?? [];
  return {
    v: 1,
    windows: {
      before: { from: instant(AFTER - before.length * MINUTE), exposure: before, cut: [] },
      after: { from: instant(AFTER), exposure: first?.after.requests ?? [], cut: [] },
    },
    streams: streams.map((stream): Stream => ({
      kind: stream.kind,
      group: stream.group,
      baseline: { window: "before", errors: sparse(stream.before.errors) },
      candidate: { window: "after", errors: sparse(stream.after.errors) },
    })),
    totalsKnown: true,
    judgedServices: 1,
    horizonMs: horizonMinutes * MINUTE,
    candidateEntries: "unknown",
    gaps: [],
    settings: defaultSettings(true),
  };
}
