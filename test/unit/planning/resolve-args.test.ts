/** Arguments when a step starts: resolved and typed for the step, and without secrets for the journal and for messages. */
import { describe, expect, it } from "vitest";
import type { Scope } from "../../../src/language/evaluate.ts";
import { RunbookError } from "../../../src/model/error.ts";
import { resolveArgs, resolvePlanned } from "../../../src/planning/resolve-args.ts";
import { languageKinds } from "../../support/language-kinds.ts";

const SCOPE: Scope = {
  inputs: { branch: "main", status: "200" },
  outputs: { ship: { sha: "0123456789" } },
  env: (name) => ({ TOKEN: "s3cret-value", PAUSE: "s3cret-value" })[name],
  run: { id: "r-1" },
};

function resolve(uses: string, args: Readonly<Record<string, unknown>>, scope = SCOPE) {
  const kind = languageKinds.find((known) => known.uses === uses);
  return resolveArgs<unknown>(kind, { id: "it", uses, with: args }, scope);
}

function refusal(uses: string, args: Readonly<Record<string, unknown>>): string {
  try {
    resolve(uses, args);
  } catch (error) {
    if (error instanceof RunbookError) return error.message;
    throw error;
  }
  return "resolved";
}

describe("resolveArgs", () => {
  it("resolves, validates, and keeps the environment out of the journal", () => {
    const args = {
      argv: ["sh", "x"],
      env: { SHA: "${{ short(steps.ship.outputs.sha) }}", AUTH: "Bearer ${{ env.TOKEN }} ${{ run.id }}" },
    };
    expect(resolve("run-command", args)).toEqual({
      args: { argv: ["sh", "x"], env: { SHA: "0123456", AUTH: "Bearer s3cret-value r-1" } },
      journalArgs: { argv: ["sh", "x"], env: { SHA: "0123456", AUTH: "Bearer ${{ env.TOKEN }} r-1" } },
    });
  });

  it("applies the schema's own transformations", () => {
    expect(resolve("wait", { for: "1h30m" })).toEqual({ args: { for: 5_400_000 }, journalArgs: { for: "1h30m" } });
  });

  it("takes a whole expression's text as the number that the schema wants", () => {
    const args = { url: "https://x/${{ inputs.status }}", expect: { status: "${{ inputs.status }}" } };
    expect(resolve("http-check", args).args).toEqual({ url: "https://x/200", expect: { status: 200 } });
  });

  it("keeps an expression in a default that reads the environment as it is written", () => {
    const args = { message: "${{ default(env.NONE, inputs.branch) }}" };
    expect(resolve("approve", args)).toEqual({ args: { message: "main" }, journalArgs: args });
  });

  it.each([
    [
      "approve",
      { message: "${{ steps.later.outputs.x }}" },
      "The arguments of it cannot be used: `steps.later.outputs.x` has no value.",
    ],
    ["approve", { message: "${{ env.NONE }}" }, "The arguments of it cannot be used: `env.NONE` has no value."],
    [
      "wait",
      { for: "${{ inputs.branch }}" },
      'The arguments of it cannot be used: `for` cannot be `main`; expected a duration with a unit, such as "90s", "20m" or "1h30m".',
    ],
    [
      "wait",
      { for: "${{ env.PAUSE }}" },
      'The arguments of it cannot be used: `for` cannot be `***`; expected a duration with a unit, such as "90s", "20m" or "1h30m".',
    ],
    ["unheard-of", {}, "The arguments of it cannot be used: this version has no step kind `unheard-of`."],
  ])("refuses %s with %j", (uses, args, message) => {
    expect(refusal(uses, args)).toBe(message);
  });
});

describe("resolvePlanned", () => {
  const wait = languageKinds.find((known) => known.uses === "wait");
  const env = () => undefined;

  it.each([
    [{ for: "5m" }, { for: 300_000 }],
    [{ for: "${{ inputs.pause }}" }, { for: 60_000 }],
    [{ for: "${{ steps.ship.outputs.pause }}" }, undefined],
    [{ for: "${{ env.PAUSE }}" }, undefined],
  ])("%j is %j before the run", (args, expected) => {
    expect(
      resolvePlanned<unknown>(wait, { id: "it", uses: "wait", with: args }, { inputs: { pause: "1m" } }, env),
    ).toEqual(expected);
  });
});
