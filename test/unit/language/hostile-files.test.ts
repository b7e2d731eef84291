/** Whatever a file holds: loading it ends soon, throws nothing, and either gives a runbook or problems with a place. */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadRunbook } from "../../../src/language/load.ts";
import { formatProblem } from "../../../src/language/problems.ts";
import { languageKinds } from "../../support/language-kinds.ts";

const RECORD = readFileSync("runbooks/backend-prod.yaml", "utf8");

/** Loads, and holds what must be true of every outcome. */
function load(text: string): { isRunbook: boolean; shown: string } {
  const loaded = loadRunbook("r.yaml", text, languageKinds);
  if ("runbook" in loaded) return { isRunbook: true, shown: "" };
  const lines = text.split("\n");
  expect(loaded.problems.length).toBeGreaterThan(0);
  for (const problem of loaded.problems) {
    expect(problem.line).toBeGreaterThanOrEqual(1);
    expect(problem.line).toBeLessThanOrEqual(lines.length);
    expect(problem.column).toBeGreaterThanOrEqual(1);
    expect(problem.column).toBeLessThanOrEqual((lines[problem.line - 1] ?? "").length + 1);
    expect(problem.excerpt.length).toBeLessThanOrEqual(120);
    expect(problem.remedy).not.toBe("");
  }
  return { isRunbook: false, shown: loaded.problems.map(formatProblem).join("\n") };
}

const TOKENS = [
  "steps:",
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
  "!!x ",
  "---\n",
  "\t",
  "\n",
  '"',
  "'",
  "|",
  "5",
  "null",
  "~",
  "<<: ",
  "__proto__: ",
  "constructor",
  "#",
  "with: ",
  "services: [x]",
  "parallel: ",
  "\u0000",
  "\u202E",
  "\uD800",
];

const mutation = fc.record({
  at: fc.nat({ max: RECORD.length }),
  remove: fc.nat({ max: 40 }),
  insert: fc.oneof(fc.constantFrom(...TOKENS), fc.string({ maxLength: 8 })),
});

describe("loadRunbook", () => {
  it("survives any change of the runbook of record", () => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        load(
          mutations.reduce(
            (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
            RECORD,
          ),
        );
      }),
      { numRuns: 400 },
    );
  });

  it("survives the loss of any one line", () => {
    const lines = RECORD.split("\n");
    for (const index of lines.keys()) load(lines.toSpliced(index, 1).join("\n"));
  });

  it("survives any YAML that is no runbook", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(load(text).isRunbook).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["brackets", "[".repeat(200_000)],
    ["braces", "{a: ".repeat(50_000)],
    ["dashes", "- ".repeat(100_000)],
    ["many keys", Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join("\n")],
    ["one key many times", "a: 1\n".repeat(40_000)],
    ["quotes", '"'.repeat(200_000)],
    ["aliases", `a: &a [x]\nb: [${"*a, ".repeat(50_000)}]`],
    [
      "a billion laughs",
      Array.from({ length: 12 }, (_, n) => `k${n}: &k${n} [${n === 0 ? "x" : `*k${n - 1}, `.repeat(9)}]`).join("\n"),
    ],
    ["the beginning of an address", `name: ${"a".repeat(250_000)}`],
    ["openings", `name: ${"${{ ".repeat(50_000)}`],
    ["one long expression", `${RECORD}x: "\${{ ${"lower(".repeat(30_000)} }}"`],
  ])("ends soon with %s", { timeout: 10_000 }, (_name, text) => {
    expect(load(text).isRunbook).toBe(false);
  });

  it("shows neither control characters nor secrets, and keeps the caret under the place", () => {
    const text = `name: a\u001B[31m\u202Eb\n# ghp_abcdefghijklmnopqrstuvwxyz0123456789\nrepository: ${"y".repeat(300)}!\n`;
    const { shown } = load(text);
    for (const hidden of ["\u001B", "\u202E", "abcdefghij"]) expect(shown).not.toContain(hidden);
    expect(Math.max(...shown.split("\n").map((line) => line.length))).toBeLessThan(240);
  });
});

describe("formatProblem", () => {
  it("reads like a compiler's message", () => {
    const loaded = loadRunbook("runbooks/x.yaml", RECORD.replace("\nsteps:", "\nstep:"), languageKinds);
    const shown = "problems" in loaded ? loaded.problems.map(formatProblem) : [];
    expect(shown[1]).toBe(
      [
        "runbooks/x.yaml:49:1  unknown key `step`",
        "    49 | step:",
        "       | ^^^^",
        "  expected `name`, `description`, `repository`, `inputs`, `services`, `steps`, `monitor`, `schedule`, `rollback`, `report` or `notify`; did you mean `steps`?",
        "  remedy: write `steps`",
      ].join("\n"),
    );
  });
});
