/** The figures of bench/RESULTS.md, coarsely: what the judge must not lose when it is changed. Seeded, so never flaky. */
import { describe, expect, test } from "vitest";
import { ourFail, ourWarnOrWorse, verdictAt } from "../../../bench/our-rule.ts";
import { type Rule, conditionalTest, flagger } from "../../../bench/rival-rules.ts";
import { type Noise, type SimulatedStream, randomOf, simulate } from "../../../bench/simulate-errors.ts";

const RUNS = 120;

function streams(noise: Noise, factor: number, requestsPerMinute: number, baselineMinutes = 1440): SimulatedStream[] {
  const random = randomOf(`test/${noise}/${factor}/${requestsPerMinute}/${baselineMinutes}`);
  const plan = { requestsPerMinute, share: 0.005, factor, noise, baselineMinutes, minutes: 60 };
  return Array.from({ length: RUNS }, () => simulate(plan, random));
}

function percent(rule: Rule, given: readonly SimulatedStream[]): number {
  return (100 * given.filter((stream) => rule(stream) !== undefined).length) / given.length;
}

describe("nothing changed", () => {
  test.each<[Noise, number]>([
    ["P", 100],
    ["N3", 100],
    ["B7", 100],
    ["N3", 1000],
  ])("%s at %d requests a minute: FAIL hardly ever, WARN seldom, where others cry wolf", (noise, requests) => {
    const given = streams(noise, 1, requests);
    expect(percent(ourFail(1), given)).toBeLessThanOrEqual(2);
    expect(percent(ourWarnOrWorse(1), given)).toBeLessThanOrEqual(8);
    if (noise !== "P")
      expect(
        percent(
          conditionalTest(0.01, () => true),
          given,
        ),
      ).toBeGreaterThan(15);
    if (requests === 100) expect(percent(flagger(0.99, 5), given)).toBeGreaterThan(70);
  });

  test("it passes at T+20m", () => {
    const verdicts = streams("P", 1, 100).map((stream) => verdictAt(stream, 18, 20));
    expect(verdicts.filter((verdict) => verdict === "pass").length).toBeGreaterThan(0.95 * RUNS);
  });
});

test.each<[Noise, number, number, number]>([
  ["P", 5, 100, 98],
  ["N3", 5, 100, 88],
  ["B7", 5, 100, 68],
  ["P", 2, 1000, 90],
  ["N3", 20, 100, 100],
])("%s: x%d at %d requests a minute is found within the hour in at least %d %%", (noise, factor, requests, least) => {
  expect(percent(ourFail(1), streams(noise, factor, requests))).toBeGreaterThanOrEqual(least);
});
