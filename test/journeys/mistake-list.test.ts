/** Every mistake that monitoring by hand has made, and every situation that a deploy meets, has its scenario in the library. */
import { expect, test } from "vitest";
import { loadScenario, scenarioNames } from "../../src/rehearsal/load-scenario.ts";

/** By the number of the mistake in the record of real deploys. */
const MISTAKES: Readonly<Record<number, readonly string[]>> = {
  1: ["unrelated-pods-crash"],
  2: ["late-victims"],
  3: ["slow-burn", "oom-burst-between-checkpoints"],
  4: ["slow-roll"],
  5: ["silent-no-op"],
  6: ["hidden-by-noise"],
  7: ["late-switch"],
  8: ["revision-never-ready"],
  9: ["tag-only-entry", "traffic-split-before"],
  10: ["pinned-before"],
  11: ["undo-of-a-moving-tag", "helm-missing"],
  12: ["merge-not-deployed"],
  13: ["nothing-measured"],
  14: ["no-traffic", "single-oom", "one-late-probe"],
  15: ["errors-that-are-not-5xx", "errors-inside-200"],
  16: ["ambiguous-restoration"],
};

const SITUATIONS = [
  "good-day",
  "seed",
  "bad-revision",
  "workflow-fails",
  "waits-for-approval-approved",
  "waits-for-approval-rejected",
  "cancelled-by-concurrency",
  "quota-exhausted",
  "github-down-ten-minutes",
  "somebody-else-in-the-middle",
  "newer-run-supersedes",
  "operator-interrupts",
  "machine-dies",
  "recovers-by-itself",
  "traffic-collapse",
  "clock-skew",
];

test("sixteen mistakes", () => {
  expect(Object.keys(MISTAKES)).toHaveLength(16);
});

test.each([...Object.values(MISTAKES).flat(), ...SITUATIONS])(
  "%s is in the library, and says what really happened",
  async (name) => {
    expect(await scenarioNames()).toContain(name);
    const scenario = await loadScenario(name);
    expect(scenario.name).toBe(name);
    expect(scenario["what-happened"] ?? "").not.toBe("");
  },
);
