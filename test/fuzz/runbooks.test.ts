/** Mutated runbooks: loading ends soon, throws nothing, pollutes nothing, and gives a runbook or problems with a place. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadRunbook } from "../../src/language/load.ts";
import { formatProblem } from "../../src/language/problems.ts";
import { allSteps } from "../../src/steps/all-steps.ts";
import { HOSTILE } from "../support/hostile-corpus.ts";
import { fuzzCount, isPolluted, mutatedText, oneOf, seeded } from "../support/mutate.ts";

const COUNT = fuzzCount(400);
const SEEDS = [
  "runbooks/backend-prod.yaml",
  "test/support/runbooks/small.yaml",
  "test/support/runbooks/with-approval.yaml",
];
const [first = "", ...others] = SEEDS.map((file) => readFileSync(file, "utf8"));
/** What YAML and the language give a meaning. */
const YAML = [
  "- ",
  ": ",
  "{",
  "}",
  "[",
  "]",
  "${{ ",
  " }}",
  "&a ",
  "*a",
  "<<: *a",
  "!!js/function ",
  "!!binary ",
  "---\n",
  "\t",
  "|",
  ">",
  "~",
];
const WORDS = [
  "__proto__: { polluted: true }",
  "constructor: { prototype: { polluted: true } }",
  "steps:",
  "with: ",
  "0x1F",
  ".inf",
  "2026-01-01",
];

test(`${COUNT} mutated runbooks: each a runbook, or problems with a place`, { timeout: 3_600_000 }, () => {
  const tokens = [...YAML, ...WORDS, ...HOSTILE.map(({ text }) => text.slice(0, 200))];
  let problems = 0;
  let slowestMs = 0;
  for (let seed = 1; seed <= COUNT; seed++) {
    const random = seeded(seed);
    const text = mutatedText(oneOf(random, [first, ...others]), random, ["#", ...tokens]);
    const began = performance.now();
    const loaded = loadRunbook("r.yaml", text, allSteps, { project: "p" });
    slowestMs = Math.max(slowestMs, performance.now() - began);
    if (!("problems" in loaded)) continue;
    problems++;
    const lines = text.split("\n").length;
    for (const problem of loaded.problems) {
      if (problem.line < 1 || problem.line > lines || problem.column < 1 || problem.remedy === "") {
        expect.fail(`seed ${seed}: a problem without a place: ${JSON.stringify(problem)}`);
      }
    }
    const shown = loaded.problems.map(formatProblem).join("\n");
    if (loaded.problems.length === 0 || /(?!\n)[\p{Cc}\p{Cf}\p{Cs}]/u.test(shown))
      expect.fail(`seed ${seed}: ${shown}`);
  }
  expect(isPolluted()).toBe(false);
  expect(problems).toBeGreaterThan(COUNT / 10);
  // A busy machine is slow; a YAML bomb would take minutes.
  expect(slowestMs).toBeLessThan(20_000);
  process.stderr.write(
    `${COUNT} runbooks: ${problems} refused, ${COUNT - problems} read, slowest ${slowestMs.toFixed(0)} ms\n`,
  );
});
