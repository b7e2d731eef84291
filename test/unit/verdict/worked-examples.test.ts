/** Every worked example of the specification of the verdict, to six digits. */
import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "../../../src/model/time.ts";
import {
  absoluteBound,
  blocksOf,
  dispersionOfBlocks,
  lnEvidenceBelow,
  lnEvidenceOfHarm,
  lnEvidenceOfNoHarm,
  rateRatio,
  ratioBound,
  ratioLowerBound,
  winsorised,
} from "../../../src/verdict/evalue.ts";
import type { StreamJudgement } from "../../../src/verdict/evidence.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { type GivenStream, evidenceOf, repeated, zeros } from "./build-evidence.ts";

const pair = (x1: number, n1: number, x0: number, n0: number, phi: number) => ({ x1, n1, x0, n0, phi });
const only = (streams: readonly StreamJudgement[]): StreamJudgement => {
  const [stream] = streams;
  if (stream === undefined) throw new Error("no stream was judged");
  return stream;
};

describe("evidence of harm", () => {
  test.each([
    ["E1", pair(30, 60, 30, 60, 1), 1, -5.88029],
    ["E2", pair(25, 10, 30, 60, 1), 1, 13.200423],
    ["E3", pair(25, 10, 30, 60, 1), 1.25, 9.659606],
    ["E4", pair(25, 10, 30, 60, 3), 1.25, 2.371719],
    ["E5", pair(2, 5, 0, 1440, 1), 1.25, 6.6261],
    ["E6", pair(12, 1000, 300, 60_000, 1), 1.25, 0.283082],
    ["E7", pair(4, 12, 480, 1440, 1), 1, -3.072642],
    ["E8", pair(0, 20, 0, 60, 1), 1, -1.004896],
    ["the 504 that was there before, FAIL", pair(1, 12, 3, 1440, 1), 1.25, 1.542366],
    ["the 504 that was there before, WARN", pair(1, 12, 3, 1440, 1), 1, 1.73621],
  ])("%s", (_name, counts, rho, expected) => {
    expect(lnEvidenceOfHarm(counts, rho)).toBeCloseTo(expected, 6);
  });

  test("a new signature in five minutes, pooled dispersion 2.5", () => {
    expect(lnEvidenceOfHarm(pair(winsorised([0, 2, 3, 1, 4]), 5, 0, 1440, 2.5), 1.25)).toBeCloseTo(9.862079, 6);
    expect(Math.log(1 / (0.01 * (0.1 / 200)))).toBeCloseTo(12.206, 3);
  });
});

describe("evidence of no harm", () => {
  test.each([
    ["D1", pair(4, 12, 480, 1440, 1), 5, 8.300383],
    ["D2", pair(30, 60, 30, 60, 1), 2, 2.175981],
    ["D3", pair(10, 60, 300, 1440, 1.2), 3, 9.721163],
  ])("%s", (_name, counts, rho, expected) => {
    expect(lnEvidenceOfNoHarm(counts, rho)).toBeCloseTo(expected, 6);
  });

  test("A1, A2", () => {
    expect(lnEvidenceBelow(0, 20, 1, 0.4)).toBeCloseTo(6.988797, 6);
    expect(lnEvidenceBelow(3, 60, 1.5, 0.2)).toBeCloseTo(2.589158, 6);
  });

  test("U1 to U4", () => {
    expect(ratioBound(pair(4, 12, 480, 1440, 1), 0.05)).toBeCloseTo(3.123699, 6);
    expect(ratioBound(pair(30, 60, 30, 60, 1), 0.05)).toBeCloseTo(2.164707, 6);
    expect(absoluteBound(0, 20, 1, 0.05)).toBeCloseTo(0.179631, 6);
    expect(ratioLowerBound(pair(25, 10, 30, 60, 1), 0.01)).toBeCloseTo(1.827072, 6);
  });

  test("no baseline error: no ratio is excluded", () => {
    expect(ratioBound(pair(0, 60, 0, 1440, 1.5), 0.05)).toBe(Number.POSITIVE_INFINITY);
  });
});

test("dispersion P1 to P3", () => {
  const equal = (values: number[]) => values.map(() => 1);
  const quiet = [3, 2, 1, 4, 2, 3, 0, 2, 5, 1, 3, 4];
  const bursty = [0, 0, 12, 0, 1, 0, 0, 9, 0, 0, 8, 0];
  expect(dispersionOfBlocks(quiet, equal(quiet))).toBeCloseTo(0.938462, 6);
  expect(dispersionOfBlocks(bursty, equal(bursty))).toBeCloseTo(6.846154, 6);
  expect(dispersionOfBlocks([3, 2, 1, 4], [100, 200, 300, 400])).toBeCloseTo(1.666667, 6);
  expect(dispersionOfBlocks([0, 0], [1, 1])).toBe(1.5);
});

test("blocks end where the baseline ends; the oldest incomplete one is dropped", () => {
  expect(blocksOf([9, 1, 2, 3, 4], 2)).toEqual([3, 7]);
  expect(blocksOf([1], 2)).toEqual([]);
});

test("winsorised counts", () => {
  expect(winsorised([15, 15, 1, 0, 0])).toBe(3);
  expect(winsorised([3, 2, 4, 3, 2])).toBe(13);
  expect(winsorised([7, 0])).toBe(0);
});

test("thresholds in nats", () => {
  expect(Math.log(1 / 0.01)).toBeCloseTo(4.60517, 6);
  expect(Math.log(1 / (0.01 * 0.4))).toBeCloseTo(5.521461, 6);
  expect(Math.log(1 / (0.01 * 0.01))).toBeCloseTo(9.21034, 6);
  expect(Math.log(1 / (0.05 * 0.4))).toBeCloseTo(3.912023, 6);
});

describe("full verdicts: an hour of baseline, 100 requests a minute, T+5", () => {
  const before = repeated([0, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1], 5);
  const judged = (after: number[]) =>
    judge(
      evidenceOf({
        streams: [{ kind: "overall", group: "all 5xx", before, after }],
        requests: { before: 100, after: 100 },
      }),
    );

  test("a rise fails", () => {
    const judgement = judged([2, 3, 1, 4, 2, 3, 2, 2, 5, 1]);
    const stream = only(judgement.streams);
    expect(stream.phi).toBeCloseTo(1.016393, 6);
    expect(stream.winsorised).toBe(22);
    expect(stream.lnEFail).toBeCloseTo(8.725614, 6);
    expect(stream.lnEFailNeeded).toBeCloseTo(5.521461, 6);
    expect(stream.ratioWinsorised).toBeCloseTo(5.073724, 6);
    expect(judgement.verdict).toBe("fail");
    expect(judgement.because).toContain("all 5xx: 25 in 10m");
  });

  test("a spike of two minutes at the switch warns", () => {
    const judgement = judged([15, 12, 0, 1, 0, 0, 0, 1, 0, 0]);
    const stream = only(judgement.streams);
    expect(stream.winsorised).toBe(4);
    expect(stream.lnEFail).toBeCloseTo(-3.8326, 6);
    expect(stream.lnEWarn).toBeCloseTo(19.997504, 6);
    expect(judgement.verdict).toBe("warn");
  });

  test("the same rate passes and says what it excludes", () => {
    const judgement = judged([0, 1, 0, 0, 1, 0, 0, 0, 1, 0]);
    const stream = only(judgement.streams);
    expect(stream.lnEFail).toBeCloseTo(-4.376846, 6);
    expect(stream.lnEWarn).toBeCloseTo(-3.60205, 6);
    expect(stream.ratioBound).toBeCloseTo(2.95781, 6);
    expect(judgement.verdict).toBe("pass");
    expect(judgement.because).toBe("any rise above x3 is excluded (95 %)");
  });
});

describe("full verdicts: the first runbook", () => {
  test("one error every three minutes for a day, four in twelve minutes: pass at T+20m", () => {
    const judgement = judge(
      evidenceOf({
        streams: [
          {
            kind: "overall",
            group: "all 5xx",
            before: repeated([1, 0, 0], 480),
            after: [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1],
          },
        ],
        requests: { before: 100, after: 100 },
        horizonMs: 20 * MINUTE,
      }),
    );
    const stream = only(judgement.streams);
    expect(stream.phi).toBe(1);
    expect(stream.lnEFail).toBeCloseTo(-4.11156, 6);
    expect(stream.ratioBound).toBeCloseTo(3.123699, 6);
    expect(judgement.verdict).toBe("pass");
    expect(judgement.because).toContain("x3.1");
  });

  const clean = { kind: "overall", group: "all 5xx", before: zeros(60), after: zeros(20) } as const;

  test("no errors before or after, totals known: pass on the absolute bound", () => {
    const judgement = judge(
      evidenceOf({ streams: [clean], requests: { before: 100, after: 100 }, horizonMs: 20 * MINUTE }),
    );
    const stream = only(judgement.streams);
    expect(stream.phi).toBe(1.5);
    expect(stream.ratioBound).toBe("unbounded");
    expect(stream.absoluteBound).toBeCloseTo(0.269446, 6);
    expect(judgement.verdict).toBe("pass");
    expect(judgement.because).toBe("more than 0.27 errors a minute are excluded (95 %)");
  });

  test("the same without totals and without log entries: inconclusive", () => {
    expect(judge(evidenceOf({ streams: [clean], horizonMs: 20 * MINUTE })).verdict).toBe("inconclusive");
    expect(judge(evidenceOf({ streams: [clean], horizonMs: 20 * MINUTE, entries: 19 })).verdict).toBe("inconclusive");
    expect(judge(evidenceOf({ streams: [clean], horizonMs: 20 * MINUTE, entries: 20 })).verdict).toBe("pass");
  });

  test("a new signature among two hundred: warn after five minutes, fail a few errors later", () => {
    const minutes = 1440;
    const judged = (after: number[]) => {
      const calm = zeros(after.length);
      const known = Array.from({ length: 99 }, (_, index): GivenStream => {
        const before = zeros(minutes).map((_zero, minute) => (minute === index * 14 ? 3 : 0));
        return { kind: "signature", group: `known ${index}`, before, after: calm };
      });
      return judge(
        evidenceOf({
          streams: [
            { kind: "critical", group: "critical", before: zeros(minutes), after: calm },
            { kind: "signature", group: "new", before: zeros(minutes), after },
            ...known,
          ],
          entries: 100,
          horizonMs: HOUR,
        }),
      );
    };
    const early = judged([0, 2, 3, 1, 4]);
    const stream = early.streams.find((found) => found.group === "new");
    expect(stream?.winsorised).toBe(7);
    expect(stream?.lnEFailNeeded).toBeCloseTo(Math.log(1 / (0.01 * (0.1 / 100))), 6);
    expect(early.verdict).toBe("warn");
    expect(judged([0, 2, 3, 1, 4, 4, 4, 4, 4, 4]).verdict).toBe("fail");
    expect(early.suspects).toEqual(["new"]);
  });
});

describe("errors needed for FAIL (overall stream alone, totals known)", () => {
  // Winsorising needs three error minutes: the table counts errors that are spread evenly.
  const needed = (x0: number, n0: number, n1: number, phi: number): number => {
    for (let x = 5; ; x++) {
      const counts = pair(x, n1, x0, n0, phi);
      if (rateRatio(counts) >= 1.75 && lnEvidenceOfHarm(counts, 1.25) >= Math.log(250)) return x;
    }
  };
  test.each([
    [0, 1440, 5, 5, 6],
    [72, 1440, 5, 5, 9],
    [720, 1440, 5, 12, 21],
    [0, 1440, 20, 5, 7],
    [72, 1440, 20, 8, 15],
    [720, 1440, 20, 29, 43],
    [0, 1440, 60, 5, 9],
    [72, 1440, 60, 14, 24],
    [720, 1440, 60, 66, 88],
    [0, 60, 5, 5, 11],
    [3, 60, 5, 6, 13],
    [30, 60, 5, 13, 24],
    [0, 60, 20, 8, 22],
    [3, 60, 20, 12, 27],
    [30, 60, 20, 34, 55],
    [0, 60, 60, 16, 47],
    [3, 60, 60, 26, 59],
    [30, 60, 60, 84, 129],
  ])("baseline %d in %d, window %d: %d and %d", (x0, n0, n1, poisson, bursty) => {
    expect(needed(x0, n0, n1, 1)).toBe(poisson);
    expect(needed(x0, n0, n1, 3)).toBe(bursty);
  });
});
