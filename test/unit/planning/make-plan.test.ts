/** Freezing a runbook: inputs go in, secrets stay out, and what cannot work is said before a run begins. */
import { describe, expect, it } from "vitest";
import { loadRunbook } from "../../../src/language/load.ts";
import { formatProblem } from "../../../src/language/problems.ts";
import { planSchema } from "../../../src/model/plan.ts";
import type { Runbook } from "../../../src/model/runbook.ts";
import { makePlan, type PlanRequest, type Planned } from "../../../src/planning/make-plan.ts";
import { planText } from "../../../src/planning/show-plan.ts";
import { languageKinds } from "../../support/language-kinds.ts";

const TEXT = `name: demo
repository: acme/app
inputs:
  branch: { default: main }
  size: { options: [small, large] }
  pause: { default: 5m }
services:
  api: { cloud-run: { project: "acme-\${{ inputs.size }}", region: r, service: api } }
steps:
  - id: ship
    uses: trigger-workflow
    with: { workflow: a.yml, ref: "\${{ lower(inputs.branch) }}", inputs: { key: "\${{ env.KEY }}-\${{ inputs.size }}" } }
  - { id: rest, uses: wait, with: { for: "\${{ inputs.pause }}" } }
  - { id: served, uses: wait-for-revision, services: [api], with: { commit: "\${{ steps.ship.outputs.sha }}" } }
monitor: { checks: [{ uses: check-errors, services: [api] }] }
notify: { webhook: "\${{ env.HOOK }}" }
`;

function runbookOf(text: string): Runbook {
  const loaded = loadRunbook("demo.yaml", text, languageKinds);
  if ("problems" in loaded) throw new Error(loaded.problems.map(formatProblem).join("\n"));
  return loaded.runbook;
}

function make(changes: Partial<PlanRequest> = {}, text = TEXT): Planned {
  return makePlan({
    runbook: runbookOf(text),
    file: "demo.yaml",
    digest: "0".repeat(64),
    given: { size: "small" },
    env: (name) => (name === "KEY" || name === "HOOK" ? "s3cret" : undefined),
    startedBy: "ann",
    rehearsal: false,
    kinds: languageKinds,
    ...changes,
  });
}

function said(planned: Planned): readonly string[] {
  return "problems" in planned ? planned.problems.map((p) => `${p.line}:${p.column} ${p.rule}: ${p.what}`) : [];
}

describe("makePlan", () => {
  it("resolves inputs everywhere and leaves open what only the run knows", () => {
    const made = make({ given: { size: "large", branch: "Release" }, pullRequest: 7 });
    expect(made).toMatchObject({
      plan: {
        inputs: { branch: "Release", size: "large", pause: "5m" },
        pullRequest: 7,
        runbook: {
          services: { api: { project: "acme-large" } },
          steps: [
            { with: { ref: "release", inputs: { key: "${{ env.KEY }}-large" } } },
            { with: { for: "5m" } },
            { with: { commit: "${{ steps.ship.outputs.sha }}" } },
          ],
          notify: { webhook: "${{ env.HOOK }}" },
        },
      },
    });
    expect(JSON.stringify(made)).not.toContain("s3cret");
    expect(planSchema.safeParse("plan" in made ? made.plan : undefined).success).toBe(true);
  });

  it.each<[string, Partial<PlanRequest>, readonly string[]]>([
    [
      "an input that is missing",
      { given: {} },
      ["0:0 missing-input: the input `size` has no default and was not given"],
    ],
    [
      "an input that does not exist",
      { given: { size: "small", brunch: "x" } },
      ["0:0 unknown-input: the runbook has no input `brunch`"],
    ],
    [
      "an input named like a method",
      { given: { size: "small", toString: "x" } },
      ["0:0 unknown-input: the runbook has no input `toString`"],
    ],
    ["an input that is no option", { given: { size: "huge" } }, ["0:0 bad-input: the input `size` cannot be `huge`"]],
    [
      "an input that holds an expression",
      { given: { size: "small", branch: "${{ env.KEY }}" } },
      ["0:0 bad-input: the input `branch` holds an expression"],
    ],
    ["an empty input", { given: { size: "small", branch: "" } }, ["10:5 empty-reference: `inputs.branch` is empty"]],
    ["an input of the wrong shape", { given: { size: "small", pause: "5" } }, ["13:5 bad-value: `for` cannot be `5`"]],
    [
      "a variable that is not set",
      { env: () => undefined },
      [
        "10:5 missing-variable: the environment variable `KEY` is not set, or is empty",
        "0:0 missing-variable: the environment variable `HOOK` is not set, or is empty",
      ],
    ],
    [
      "a variable that is empty",
      { env: (name) => (name === "KEY" ? "" : "x") },
      ["10:5 missing-variable: the environment variable `KEY` is not set, or is empty"],
    ],
    [
      "a kind that is gone",
      { kinds: languageKinds.filter(({ uses }) => uses !== "wait") },
      ["13:5 unknown-kind: unknown step kind `wait`"],
    ],
  ])("refuses %s", (_name, changes, expected) => {
    expect(said(make(changes))).toEqual(expected);
  });

  it("asks a rehearsal for no variables: it has no environment", () => {
    expect(make({ rehearsal: true, env: () => undefined })).toHaveProperty("plan");
  });

  it("refuses a target that an input turned into a path", () => {
    const text = TEXT.replace("{ options: [small, large] }", "{ default: x }");
    expect(said(make({ given: { size: "x/../y" } }, text))).toEqual([
      "0:0 bad-target: the project of the service `api` cannot be `acme-x/../y`",
    ]);
  });

  it("refuses a pull request without a repository", () => {
    expect(said(make({ pullRequest: 7 }, TEXT.replace("repository: acme/app\n", "")))).toEqual([
      "0:0 repository: a pull request was named, and the runbook has no repository",
    ]);
  });

  it("tells what is about the command line without a line of the file", () => {
    const made = make({ given: { size: "huge" } });
    expect("problems" in made ? made.problems.map(formatProblem) : []).toEqual([
      "demo.yaml  the input `size` cannot be `huge`\n  expected `small` or `large`\n  remedy: give one of these",
    ]);
  });
});

describe("planText", () => {
  it("tells the whole plan within eighty columns", () => {
    const made = make({ pullRequest: 7 });
    const text = "plan" in made ? planText(made.plan) : "";
    expect(text).toBe(`demo
  demo.yaml (sha256 000000000000) · branch=main · size=small · pause=5m ·
  acme/app#7

Services, captured before anything is touched
  api  Cloud Run api in acme-small, r

Steps, in this order (! changes something)
   1 ! ship    trigger-workflow
       workflow a.yml, ref main, key \${{ env.KEY }}-small
   2   rest    wait
       for 5m
   3   served  wait-for-revision
       api · commit \${{ steps.ship.outputs.sha }}

Judged against 24h of each service's own past
  at T+5m, T+20m (deploy returns), T+1h, T+4h, T+24h; T is each service's own
     switch
  check-errors  api

On FAIL  ask; without an answer within 15m production is kept as it is
Reports  comments on acme/app#7, a webhook
`);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("says when it is a rehearsal, and what is automatic", () => {
    const text = `${TEXT}rollback: { on-fail: automatic, ask-default: rollback }\n`;
    const made = make({ rehearsal: true }, text);
    const shown = "plan" in made ? planText(made.plan, 100) : "";
    expect(shown).toContain("demo (a rehearsal: nothing real is touched)");
    expect(shown).toContain("put the services back until T+1h; later ask; without an answer within 15m the services");
  });
});
