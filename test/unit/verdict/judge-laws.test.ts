/** Laws of the judge, for any evidence. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "../../../src/model/time.ts";
import { canonicalJson } from "../../../src/model/json.ts";
import type { Verdict } from "../../../src/model/verdict.ts";
import { type JudgeEvidence, evidenceSchema, judgementSchema } from "../../../src/verdict/evidence.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { type Given, type GivenStream, evidenceOf, zeros } from "./build-evidence.ts";

const perMinute = (minutes: number, most: number) =>
  fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(most)), {
    minLength: minutes,
    maxLength: minutes,
  });

const given: fc.Arbitrary<Given> = fc
  .record({
    before: fc.integer({ min: 60, max: 180 }),
    after: fc.integer({ min: 1, max: 40 }),
    routes: fc.integer({ min: 0, max: 3 }),
    requests: fc.option(fc.record({ before: fc.nat(300), after: fc.nat(300) }), { nil: undefined }),
    entries: fc.constantFrom<number | "unknown">("unknown", 0, 100),
    horizonMs: fc.constantFrom(5 * MINUTE, 20 * MINUTE, HOUR),
  })
  .chain(({ before, after, routes, requests, ...rest }) => {
    const stream = (kind: GivenStream["kind"], group: string) =>
      fc
        .record({ before: perMinute(before, 4), after: perMinute(after, 8) })
        .map((minutes): GivenStream => ({ kind, group, ...minutes }));
    return fc
      .tuple(
        stream("overall", "all"),
        stream("critical", "critical"),
        ...Array.from({ length: routes }, (_, index) => stream("route", `route ${index}`)),
      )
      .map((streams): Given => ({ ...rest, streams, ...(requests === undefined ? {} : { requests }) }));
  });

/** How far from fine, as one check is read: evidence of harm is worse than no evidence. */
const BADNESS: Readonly<Record<Verdict, number>> = { pass: 0, inconclusive: 1, warn: 2, fail: 3 };

describe("laws", () => {
  test("judging twice gives the same bytes, from stored evidence too", () => {
    fc.assert(
      fc.property(given, (facts) => {
        const evidence = evidenceOf(facts);
        const stored: JudgeEvidence = evidenceSchema.parse(JSON.parse(JSON.stringify(evidence)));
        expect(canonicalJson(judge(stored))).toBe(canonicalJson(judge(evidence)));
        expect(judgementSchema.parse(JSON.parse(JSON.stringify(judge(evidence))))).toEqual(judge(evidence));
      }),
    );
  });

  test("the order of the streams changes nothing", () => {
    fc.assert(
      fc.property(given, (facts) => {
        const reversed = { ...facts, streams: facts.streams.toReversed() };
        expect(judge(evidenceOf(reversed))).toEqual(judge(evidenceOf(facts)));
      }),
    );
  });

  test("more errors in the candidate never improve the verdict", () => {
    fc.assert(
      fc.property(given, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 30 }), (facts, which, when, extra) => {
        const index = which % facts.streams.length;
        const target = facts.streams[index];
        // A group that nobody has seen yet would share the budget with the others from then on.
        fc.pre(target !== undefined && (target.kind !== "route" || target.before.some((count) => count > 0)));
        const worse = facts.streams.map((stream, at) =>
          at === index
            ? {
                ...stream,
                after: stream.after.map((count, minute) =>
                  minute === when % stream.after.length ? count + extra : count,
                ),
              }
            : stream,
        );
        const before = judge(evidenceOf(facts)).verdict;
        const after = judge(evidenceOf({ ...facts, streams: worse })).verdict;
        expect(BADNESS[after]).toBeGreaterThanOrEqual(BADNESS[before]);
      }),
      { numRuns: 500 },
    );
  });

  test("FAIL is sticky: later minutes never take it back", () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 1, max: 40 }), (facts, cut) => {
        const prefix = facts.streams.map((stream) => ({ ...stream, after: stream.after.slice(0, cut) }));
        fc.pre(judge(evidenceOf({ ...facts, streams: prefix })).verdict === "fail");
        expect(judge(evidenceOf(facts)).verdict).toBe("fail");
      }),
      { numRuns: 300 },
    );
  });

  test("no data is never a pass", () => {
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.boolean(),
        fc.constantFrom<number | "unknown">(0, 19, "unknown"),
        (minutes, known, entries) => {
          const facts: Given = {
            streams: [{ kind: "overall", group: "all", before: zeros(1440), after: zeros(minutes * 20) }],
            ...(known ? { requests: { before: 100, after: 0 } } : {}),
            entries,
            horizonMs: HOUR,
          };
          expect(judge(evidenceOf(facts)).verdict).not.toBe("pass");
          expect(judge({ ...evidenceOf(facts), streams: [] }).verdict).toBe("inconclusive");
        },
      ),
    );
  });
});

describe("rules", () => {
  const calm = (minutes: number): GivenStream => ({
    kind: "overall",
    group: "all",
    before: zeros(1440),
    after: zeros(minutes),
  });
  const healthy: Given = { streams: [calm(60)], requests: { before: 100, after: 100 }, horizonMs: HOUR };

  test("FAIL stays although the errors stop", () => {
    const after = [4, 5, 4, 6, 5, ...zeros(55)];
    const judgement = judge(evidenceOf({ ...healthy, streams: [{ ...calm(0), after }] }));
    expect(judgement.verdict).toBe("fail");
    expect(judgement.streams[0]?.failedAt).toBe("2026-04-12T04:12:00.000Z");
  });

  test("collapsed traffic warns, and so does latency above twice the baseline", () => {
    expect(judge(evidenceOf(healthy)).verdict).toBe("pass");
    const silent = judge(evidenceOf({ ...healthy, requests: { before: 100, after: 29 } }));
    expect(silent).toMatchObject({ verdict: "warn", because: expect.stringContaining("requests at 29 %") });
    expect(judge(evidenceOf({ ...healthy, requests: { before: 100, after: 31 } })).verdict).toBe("pass");
    const slow = (candidateMs: number | "unknown") =>
      judge({ ...evidenceOf(healthy), latencyP95: { baselineMs: 100, candidateMs } }).verdict;
    expect([slow(200), slow(201), slow("unknown")]).toEqual(["pass", "warn", "pass"]);
  });

  test("no request at all is inconclusive, whatever was expected", () => {
    const judgement = judge(evidenceOf({ ...healthy, requests: { before: 100, after: 0 } }));
    expect(judgement.verdict).toBe("inconclusive");
    expect(judgement.because).toContain("no requests at all");
  });

  test("fewer than sixty clean minutes are refused, with the reason", () => {
    const evidence = evidenceOf({ ...healthy, streams: [{ ...calm(60), before: zeros(90) }] });
    const { before } = evidence.windows;
    if (before === undefined) throw new Error("no baseline window");
    const cut = (length: number): JudgeEvidence => ({
      ...evidence,
      windows: {
        ...evidence.windows,
        before: { ...before, exposure: before.exposure.fill(0, 0, length), cut: [[0, length]] },
      },
    });
    expect(judge(cut(30)).verdict).toBe("pass");
    expect(judge(cut(31))).toMatchObject({
      verdict: "inconclusive",
      because: "the baseline has only 59 clean minutes of the 60 needed",
    });
  });

  test("gaps in the counts forbid a pass, not a fail", () => {
    const gaps = ["more than 50 pages of entries"];
    expect(judge({ ...evidenceOf(healthy), gaps })).toMatchObject({ verdict: "inconclusive", because: gaps[0] });
    const failing = { ...healthy, streams: [{ ...calm(60), after: calm(60).after.map(() => 5) }] };
    expect(judge({ ...evidenceOf(failing), gaps }).verdict).toBe("fail");
  });

  test("one event of a critical signature warns, two in two minutes fail", () => {
    const critical = (after: number[]): Given => ({
      streams: [{ kind: "critical", group: "critical", before: zeros(1440), after }],
      entries: 100,
      horizonMs: HOUR,
    });
    expect(judge(evidenceOf(critical([0, 1, 0, 0, 0]))).verdict).toBe("warn");
    expect(judge(evidenceOf(critical([0, 9, 0, 0, 0]))).verdict).toBe("warn");
    expect(judge(evidenceOf(critical([0, 2, 2, 0, 0]))).verdict).toBe("fail");
  });

  test("the more services share the budget, the more evidence a FAIL needs", () => {
    const facts: Given = { ...healthy, streams: [{ ...calm(0), after: [1, 1, 1, 1, 1, ...zeros(4)] }] };
    const needed = (judgedServices: number) =>
      judge(evidenceOf({ ...facts, judgedServices })).streams[0]?.lnEFailNeeded;
    expect(needed(1)).toBeCloseTo(5.521461, 6);
    expect(needed(5)).toBeCloseTo(5.521461 + Math.log(5), 6);
  });

  test("a catastrophe around the switch fails at once; the same share before does not", () => {
    const settling = (baselineShare: number) => ({
      ...evidenceOf(healthy),
      settling: {
        from: evidenceOf(healthy).windows["after"]?.from ?? ("" as never),
        errors: [10, 12, 30],
        requests: [20, 24, 40],
        baselineShare,
      },
    });
    expect(judge(settling(0)).verdict).toBe("fail");
    expect(judge(settling(0.4)).verdict).toBe("pass");
  });
});
