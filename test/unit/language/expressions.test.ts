/** Expressions: what they evaluate to, and that a look-up without an answer is never an empty text. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateText, lookUpIn, type Scope } from "../../../src/language/evaluate.ts";
import { parseTemplate, referencesOf } from "../../../src/language/expressions.ts";

const SCOPE: Scope = {
  inputs: { branch: "Main", empty: "", constructor: "built" },
  outputs: { ship: { sha: "0123456789abcdef", "run-id": "42", none: "" } },
  before: {
    api: { revision: "api-1", images: ["a:1", "b:2"] },
    web: {
      revision: "7",
      commit: "abc",
      images: { web: "w:1", side: "s:2" },
      digests: { web: ["sha256:1", "sha256:2"] },
    },
  },
  env: (name) => (name === "TOKEN" ? "t0p" : undefined),
  run: { id: "r-1" },
};

describe("evaluateText", () => {
  it.each([
    ["plain", "plain"],
    ["", ""],
    ["${{ inputs.branch }}", "Main"],
    ["a-${{inputs.branch}}-${{ run.id }}!", "a-Main-r-1!"],
    ["${{ lower(inputs.branch) }}${{ upper('x') }}", "mainX"],
    ["${{ short(steps.ship.outputs.sha) }}", "0123456"],
    ["${{ steps.ship.outputs.run-id }}", "42"],
    ["${{ default(inputs.empty, 'other') }}", "other"],
    ["${{ default(env.NONE, default(env.ALSO, inputs.branch)) }}", "Main"],
    ["${{ default(inputs.branch, 'other') }}", "Main"],
    ["${{ 'a }} b' }}", "a }} b"],
    ["${{ services.api.before.revision }}", "api-1"],
    ["${{ services.api.before.images }}", "a:1,b:2"],
    ["${{ services.web.before.images.side }}", "s:2"],
    ["${{ services.web.before.images }}", "w:1,s:2"],
    ["${{ services.web.before.digests.web }}", "sha256:1,sha256:2"],
    ["${{ services.web.before.commit }}", "abc"],
    ["${{ inputs.constructor }}", "built"],
    ["${{ env.TOKEN }}", "t0p"],
    ["$5 {{ x }} ${HOME}", "$5 {{ x }} ${HOME}"],
  ])("%s is %s", (text, value) => {
    expect(evaluateText(text, lookUpIn(SCOPE))).toEqual({ value });
  });

  it.each([
    ["${{ inputs.empty }}", "`inputs.empty` is empty"],
    ["x${{ inputs.none }}", "`inputs.none` has no value"],
    ["${{ inputs.toString }}", "`inputs.toString` has no value"],
    ["${{ steps.ship.outputs.none }}", "`steps.ship.outputs.none` is empty"],
    ["${{ steps.later.outputs.x }}", "`steps.later.outputs.x` has no value"],
    ["${{ services.api.before.commit }}", "`services.api.before.commit` has no value"],
    ["${{ services.api.before.images.length }}", "`services.api.before.images.length` has no value"],
    ["${{ env.NONE }}", "`env.NONE` has no value"],
    ["${{ short(env.NONE) }}", "`env.NONE` has no value"],
    ["${{ default(env.NONE, inputs.empty) }}", "`inputs.empty` is empty"],
    ["${{ '' }}", "`${{ '' }}` is empty"],
    ["${{ a.b }}", "`a.b` has no value"],
    ["${{ }}", "the expression is empty"],
  ])("%s has no value: %s", (text, missing) => {
    expect(evaluateText(text, lookUpIn(SCOPE))).toEqual({ missing });
  });

  it("never evaluates what an expression gave", () => {
    const scope: Scope = { ...SCOPE, inputs: { branch: "${{ env.TOKEN }}" } };
    expect(evaluateText("${{ inputs.branch }}", lookUpIn(scope))).toEqual({ value: "${{ env.TOKEN }}" });
  });
});

describe("parseTemplate", () => {
  it.each([
    ["${{ a..b }}", 6, "`.` does not belong here"],
    ["${{ a. }}", 7, "the expression ends too early"],
    ["xx ${{ a", 3, "the expression is not closed"],
    ["${{ 'a }}", 0, "the expression is not closed"],
    ["${{ a b }}", 6, "`b` does not belong here"],
    ["${{ lower( }}", 11, "the expression ends too early"],
    ["${{ lower(a }}", 12, "the expression ends too early"],
    ["${{ default(a) }}", 4, "`default` takes two values, not 1"],
    ["${{ constructor(a) }}", 4, "no function is called `constructor`"],
    [`\${{ ${"lower(".repeat(20)}a${")".repeat(20)} }}`, 58, "`lower` does not belong here"],
  ])("%s is wrong at %i: %s", (text, start, what) => {
    expect(parseTemplate(text)).toMatchObject({ error: { start, what } });
  });

  it("knows which references may be missing", () => {
    const parsed = parseTemplate("${{ default(env.A, env.B) }} ${{ env.C }}");
    const uses = "parts" in parsed ? referencesOf(parsed.parts) : [];
    expect(uses.map(({ path, optional }) => [path.join("."), optional])).toEqual([
      ["env.A", true],
      ["env.B", false],
      ["env.C", false],
    ]);
  });

  it("keeps every character of any text, and never throws", () => {
    const piece = fc.constantFrom(
      "${{",
      "}}",
      " ",
      "'",
      '"',
      "(",
      ")",
      ".",
      ",",
      "inputs.a",
      "lower",
      "default",
      "🙂",
      "\n",
      "x",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join("");
        const parsed = parseTemplate(text);
        if ("error" in parsed) {
          expect(parsed.error.start).toBeGreaterThanOrEqual(0);
          expect(parsed.error.start).toBeLessThan(text.length);
        } else
          expect(parsed.parts.map((part) => (part.kind === "literal" ? part.text : part.source)).join("")).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
