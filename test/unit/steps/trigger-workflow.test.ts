/** The step over the real adapter and the simulated GitHub; the world's time moves from look to look. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createWorkflows } from "../../../src/adapters/workflows.ts";
import type { Json } from "../../../src/model/json.ts";
import { MINUTE, msBetween, plusMs, SECOND } from "../../../src/model/time.ts";
import type { Workflows } from "../../../src/ports/workflows.ts";
import type { Fault } from "../../../src/simulator/faults.ts";
import type { SimulatedRun, WorkflowBehaviour } from "../../../src/simulator/github-runs.ts";
import type { GitHubOptions, GitHubState } from "../../../src/simulator/github-state.ts";
import type { Fact, Finding, StepContext, StepOutcome } from "../../../src/steps/step.ts";
import { triggerWorkflow, type TriggerWorkflowArgs } from "../../../src/steps/trigger-workflow.ts";
import {
  HEAD,
  MERGE,
  holdToGitHubsDescription,
  REPOSITORY,
  type TestGitHub,
  testGitHub,
} from "../../support/github.ts";
import { EffectLedger, preflightContext, stepContext } from "../../support/step-context.ts";

const BACKEND = triggerWorkflow.args.parse({
  workflow: "gcp_backend.yml",
  ref: "main",
  inputs: { environment: "prod", branch: "main" },
});
const PUSHER = triggerWorkflow.args.parse({ workflow: "pusher.yml", ref: "main", inputs: { environment: "prod" } });

holdToGitHubsDescription();
let github: TestGitHub;
let workflows: Workflows;
let ledger: EffectLedger;
let memo: Json | undefined;

beforeEach(() => restart());
afterEach(() => github.server.close());

async function restart(options: Partial<GitHubOptions> & { behaviour?: WorkflowBehaviour } = {}): Promise<void> {
  if (github !== undefined) await github.server.close();
  github = await testGitHub(options);
  workflows = createWorkflows({ baseUrl: github.url, token: "t", timeoutMs: 5_000 });
  ledger = new EffectLedger();
  memo = undefined;
}

function fault(more: Partial<Fault>): void {
  github.faults.add({ api: "github", call: "dispatch", kind: "status", status: 500, times: 1, ...more });
}

async function turn(
  args: TriggerWorkflowArgs = BACKEND,
  more: Partial<StepContext<TriggerWorkflowArgs>> = {},
): Promise<StepOutcome> {
  const { world } = github;
  const context = stepContext({ kind: triggerWorkflow, args, ports: { workflows }, world, ledger, memo });
  const outcome = await triggerWorkflow.turn({ ...context, ...more });
  if (outcome.kind === "waiting" && outcome.memo !== undefined) memo = outcome.memo;
  return outcome;
}

/** Turns until the step has an answer; returns it with the distinct texts that it waited with. */
async function drive(args = BACKEND): Promise<{ outcome: StepOutcome; texts: readonly string[] }> {
  const texts: string[] = [];
  for (let count = 0; count < 500; count++) {
    const outcome = await turn(args);
    if (outcome.kind !== "waiting") return { outcome, texts };
    if (texts.at(-1) !== outcome.for) texts.push(outcome.for);
    github.world.advanceTo(outcome.lookAt);
  }
  throw new Error("the step never came to an end");
}

function onlyRun(): SimulatedRun {
  const { dispatches } = github.state.effects;
  const [run] = dispatches;
  if (run === undefined || dispatches.length !== 1) throw new Error(`${dispatches.length} dispatches`);
  return run;
}

describe("a run to its end", () => {
  test("done with the run's facts, telling on the way which job runs", async () => {
    const jobs = [
      { name: "build", startMs: 0, endMs: 3 * MINUTE },
      { name: "deploy", startMs: 3 * MINUTE, endMs: 8 * MINUTE },
    ];
    await restart({ behaviour: { queuedMs: 7 * SECOND, jobs } });
    const { outcome, texts } = await drive({ ...BACKEND, job: "deploy" });
    const { id } = onlyRun().origin;
    expect(outcome).toEqual({
      kind: "done",
      summary: `run #${id} of gcp_backend.yml succeeded in 8m7s, at 3fabf10`,
      output: {
        "run-id": String(id),
        "run-attempt": "1",
        sha: HEAD,
        url: `https://github.com/${REPOSITORY}/actions/runs/${id}`,
      },
      link: `https://github.com/${REPOSITORY}/actions/runs/${id}`,
    });
    expect(texts).toEqual([
      `run #${id} of gcp_backend.yml: queued (0 of 2 done)`,
      `run #${id} of gcp_backend.yml: in_progress, job build (0 of 2 done)`,
      `run #${id} of gcp_backend.yml: in_progress, job deploy (1 of 2 done)`,
    ]);
    expect(onlyRun().origin.inputs).toEqual({ environment: "prod", branch: "main" });
  });

  test("a quiet ten minutes cost few requests that count, and jobs are read only on news", async () => {
    await restart({ behaviour: { jobs: [{ name: "deploy", startMs: 0, endMs: 10 * MINUTE }] } });
    await drive();
    expect(github.state.requests.get("list-jobs")?.total).toBeLessThanOrEqual(4);
    expect(github.state.rateLimit.used).toBeLessThan(15);
  });

  test.each([
    [0, 0, 5 * SECOND],
    [0, 61 * SECOND, 10 * SECOND],
    [0, 6 * MINUTE, 20 * SECOND],
  ])("looks again after %s+%s ms in %s ms, give or take a fifth", async (_from, elapsed, interval) => {
    await restart({ behaviour: { durationMs: 60 * MINUTE } });
    await turn();
    github.world.advanceTo(plusMs(github.world.now, elapsed));
    for (const [random, factor] of [
      [0, 0.8],
      [0.5, 1],
      [1, 1.2],
    ] as const) {
      const outcome = await turn(BACKEND, { random: () => random });
      if (outcome.kind !== "waiting") throw new Error(outcome.kind);
      expect(msBetween(github.world.now, outcome.lookAt)).toBe(interval * factor);
    }
  });

  test("a re-run that begins between the look at the run and the look at its jobs is followed too", async () => {
    await restart({ behaviour: { conclusion: "failure", durationMs: MINUTE } });
    await turn();
    github.world.advanceTo(plusMs(github.world.now, 2 * MINUTE));
    const jobs: Workflows["jobs"] = (...given) => {
      onlyRun().rerun({ durationMs: MINUTE });
      return workflows.jobs(...given);
    };
    const between = new Proxy(workflows, {
      get: (target, name: keyof Workflows) => (name === "jobs" ? jobs : target[name].bind(target)),
    });
    const seen = await turn(BACKEND, { ports: { workflows: between } as StepContext<unknown>["ports"] });
    expect(seen).toMatchObject({ kind: "waiting", for: expect.stringContaining("to be re-run (attempt 2)") });
    expect((await drive()).outcome).toMatchObject({ kind: "done", output: { "run-attempt": "2" } });
  });

  test("a person's re-run is followed", async () => {
    await restart({ behaviour: { durationMs: 30 * MINUTE } });
    await turn();
    github.world.advanceTo(plusMs(github.world.now, MINUTE));
    await turn();
    onlyRun().rerun({ durationMs: MINUTE });
    const { outcome, texts } = await drive();
    expect(texts[0]).toContain("(attempt 2)");
    expect(outcome).toMatchObject({ kind: "done", output: { "run-attempt": "2" } });
  });
});

describe("a run that did not succeed is refused without a verdict", () => {
  test.each<[string, WorkflowBehaviour, string | undefined, string]>([
    [
      "a failed job",
      { jobs: [{ name: "deploy", startMs: 0, endMs: 1_000, conclusion: "failure", failedStep: "Push image" }] },
      undefined,
      'ended as failure: job "deploy" failed in step "Push image"',
    ],
    ["cancelled", { cancelledAfterMs: 30_000 }, undefined, "was cancelled by somebody (its workflow names no"],
    [
      "a skipped deploy job inside a success",
      {
        jobs: [
          { name: "test", startMs: 0, endMs: 1_000 },
          { name: "deploy", startMs: 0, endMs: 1_000, conclusion: "skipped" },
        ],
      },
      "deploy",
      'succeeded, but its job "deploy" was skipped',
    ],
    [
      "nothing but skipped jobs",
      { conclusion: "success", jobs: [{ name: "deploy", startMs: 0, endMs: 1_000, conclusion: "skipped" }] },
      undefined,
      "succeeded without doing anything",
    ],
    ["a job that is not there", {}, "release", 'has no job "release" (its jobs: deploy)'],
    ["a broken workflow file", { conclusion: "startup_failure", jobs: [] }, undefined, "ended as startup_failure"],
  ])("%s", async (_what, behaviour, job, words) => {
    await restart({ behaviour });
    const { outcome } = await drive(job === undefined ? BACKEND : { ...BACKEND, job });
    expect(outcome).toMatchObject({ kind: "refused", because: expect.stringContaining(words) });
    expect(outcome).not.toHaveProperty("verdict");
  });

  /** The workflow as it is, with a concurrency group. */
  function oneAtATime(): ReturnType<GitHubState["repository"]> {
    const repository = github.state.repository(REPOSITORY);
    const workflow = repository.workflows.get("gcp_backend.yml");
    if (workflow === undefined) throw new Error("there is no such workflow");
    const text = `${workflow.text}\nconcurrency: { group: "backend-\${{ inputs.environment }}", cancel-in-progress: true }\n`;
    repository.workflows.set("gcp_backend.yml", { ...workflow, text });
    return repository;
  }

  test("the newer run of its concurrency group that cancelled it is named", async () => {
    await restart({ behaviour: { cancelledAfterMs: 30_000 } });
    const repository = oneAtATime();
    const newer = (actor: string): number => {
      const workflow = repository.workflows.get("gcp_backend.yml");
      if (workflow === undefined) throw new Error("there is no such workflow");
      const made = github.state.dispatch(repository, workflow, "main", { environment: "prod", branch: "main" }, actor);
      return "refused" in made ? 0 : made.origin.id;
    };
    let theirs = 0;
    github.world.after(29_000, () => (theirs = newer("alice")));
    // One that began when ours was over.
    github.world.after(36_000, () => newer("bob"));
    const { outcome } = await drive();
    expect(outcome).toMatchObject({
      kind: "refused",
      because: expect.stringContaining(
        `was cancelled, probably by the newer run #${theirs} of its concurrency group "backend-\${{ inputs.environment }}" (by alice, 04:00 UTC)`,
      ),
    });
  });

  test("without a newer run it was somebody, or another workflow; what cannot be read leaves it open", async () => {
    await restart({ behaviour: { cancelledAfterMs: 30_000 } });
    oneAtATime();
    const by = `was cancelled by somebody, or by another workflow's run of its concurrency group`;
    expect((await drive()).outcome).toMatchObject({ because: expect.stringContaining(by) });
    await restart({ behaviour: { cancelledAfterMs: 30_000 } });
    fault({ call: "list-runs", status: 403, times: 9 });
    expect((await drive()).outcome).toMatchObject({
      because: expect.stringContaining("was cancelled (by somebody, or"),
    });
  });

  test("its last log lines are told: of the step that failed, without secrets and clean-up", async () => {
    const log = [
      "\uFEFF2026-04-12T04:00:00.0000000Z ##[group]Run ./deploy.sh",
      ...Array.from({ length: 20 }, (_, index) => `2026-04-12T04:00:01.0000000Z line ${index}`),
      "2026-04-12T04:00:02.0000000Z GITHUB_TOKEN=ghs_0123456789abcdef0123",
      "2026-04-12T04:00:02.0000000Z ##[error]Process completed with exit code 1.",
      "2026-04-12T04:00:03.0000000Z Post job cleanup.",
    ].join("\r\n");
    const job = { name: "deploy", startMs: 0, endMs: 1_000, conclusion: "failure", failedStep: "Push", log } as const;
    await restart({ behaviour: { jobs: [job] } });
    const { outcome } = await drive();
    if (outcome.kind !== "refused") throw new Error(outcome.kind);
    expect(outcome.because.split("\n").slice(1)).toEqual([
      ...[14, 15, 16, 17, 18, 19].map((index) => `line ${index}`),
      "GITHUB_TOKEN=[token]",
      "error: Process completed with exit code 1.",
    ]);
  });

  test("a log that cannot be read changes nothing but that it is said", async () => {
    await restart({ behaviour: { jobs: [{ name: "deploy", startMs: 0, endMs: 1_000, conclusion: "failure" }] } });
    github.faults.add({ api: "github", call: "storage", kind: "status", status: 403, times: 1 });
    expect((await drive()).outcome).toMatchObject({
      because: expect.stringMatching(/failed in step "Run deploy"\n\(the log of job "deploy" could not be read\)$/),
    });
  });

  test("a matrix job counts with all its parts", async () => {
    const part = (name: string, conclusion: "success" | "failure") => ({ name, startMs: 0, endMs: 1_000, conclusion });
    await restart({ behaviour: { jobs: [part("deploy (eu)", "success"), part("caller / deploy", "success")] } });
    expect((await drive({ ...BACKEND, job: "deploy" })).outcome.kind).toBe("done");
    const conclusion = "success";
    await restart({
      behaviour: { conclusion, jobs: [part("deploy (eu)", "success"), part("deploy (us)", "failure")] },
    });
    expect((await drive({ ...BACKEND, job: "deploy" })).outcome.kind).toBe("refused");
  });
});

describe("approval", () => {
  const approval = { environment: "production", reviewers: ["alice", "bob"] };

  test("is waited for by name, for up to a day", async () => {
    await restart({ behaviour: { approval: { ...approval, approvedAfterMs: 5 * 60 * MINUTE } } });
    await turn();
    github.world.advanceTo(plusMs(github.world.now, 10 * SECOND));
    const waiting = await turn(BACKEND, { startedAt: github.world.now });
    expect(waiting).toMatchObject({
      kind: "waiting",
      for: expect.stringContaining("waits for approval of environment production by alice, bob"),
      link: expect.stringContaining("/actions/runs/"),
      deadline: plusMs(github.world.now, 24 * 60 * MINUTE),
    });
    github.world.advanceTo(plusMs(github.world.now, 5 * 60 * MINUTE));
    expect((await drive()).outcome.kind).toBe("done");
  });

  test("rejected", async () => {
    await restart({ behaviour: { approval: { ...approval, rejectedAfterMs: MINUTE } } });
    expect((await drive()).outcome).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("was not approved for environment production"),
    });
  });
});

describe("the same dispatch never happens twice", () => {
  test.each([
    ["without a nonce", BACKEND],
    ["by the nonce in the run's name", PUSHER],
  ])("a lost answer: the run is found again %s", async (_how, args) => {
    fault({ kind: "applied", status: 502 });
    await expect(turn(args)).rejects.toMatchObject({ applied: "unknown" });
    const { outcome } = await drive(args);
    expect(outcome).toMatchObject({ kind: "done", output: { "run-id": String(onlyRun().origin.id) } });
    expect(ledger.acts.get("dispatch")).toBe(1);
  });

  test("a dispatch that never arrived is done again", async () => {
    fault({ status: 502 });
    await expect(turn()).rejects.toMatchObject({ applied: "unknown" });
    expect((await drive()).outcome.kind).toBe("done");
    expect(onlyRun().origin.number).toBe(1);
  });

  test("another person's run is not ours; two of our own login's are ambiguous", async () => {
    const repository = github.state.repository(REPOSITORY);
    const [workflow] = repository.workflows.values();
    if (workflow === undefined) throw new Error("no workflow");
    github.state.dispatch(repository, workflow, "main", BACKEND.inputs, "somebody-else");
    fault({ kind: "applied", status: 502 });
    await expect(turn()).rejects.toMatchObject({ applied: "unknown" });
    github.state.dispatch(repository, workflow, "main", BACKEND.inputs);
    await expect(turn()).rejects.toThrow(/ambiguous: Several runs may be its result \(dispatched by deployer/);
    onlyRun();
  });

  test("one run of another commit than the ref has now is ambiguous, not absent", async () => {
    fault({ kind: "applied", status: 502 });
    await expect(turn()).rejects.toMatchObject({ applied: "unknown" });
    github.state.repository(REPOSITORY).branches.set("main", MERGE);
    await expect(turn()).rejects.toThrow(/ambiguous: One run may be its result, but of another commit/);
  });

  test("of two runs only the one with our nonce is ours", async () => {
    fault({ kind: "applied", status: 502 });
    await expect(turn(PUSHER)).rejects.toMatchObject({ applied: "unknown" });
    const repository = github.state.repository(REPOSITORY);
    const pusher = repository.workflows.get("pusher.yml");
    if (pusher === undefined) throw new Error("no workflow");
    const others = ["another-run", "20260412-0400-test/step-under-test-2", "20260412-0400-test/other-step"];
    for (const runbook_id of others) {
      github.state.dispatch(repository, pusher, "main", { environment: "prod", runbook_id });
    }
    expect((await drive(PUSHER)).outcome).toMatchObject({ output: { "run-id": String(onlyRun().origin.id) } });
    expect(onlyRun().origin.title).toBe("Deploy pusher (20260412-0400-test/step-under-test)");
  });
});

describe("a server that tells no id", () => {
  test.each(["no-content", "refuses-details"] as const)("%s: the run is located and followed", async (dispatch) => {
    await restart({ dispatch });
    const { outcome } = await drive();
    expect(outcome).toMatchObject({ kind: "done", output: { "run-id": String(onlyRun().origin.id) } });
  });

  test("waits until it is listed, and gives up after two minutes", async () => {
    await restart({ dispatch: "no-content" });
    await turn();
    memo = undefined;
    github.state.repository(REPOSITORY).runs.length = 0;
    expect(await turn()).toMatchObject({ kind: "waiting", for: expect.stringContaining("to be listed") });
    github.world.advanceTo(plusMs(github.world.now, 2 * MINUTE));
    await expect(turn()).rejects.toMatchObject({
      name: "RunbookError",
      message: expect.stringContaining("no run can be told to be ours"),
    });
  });
});

describe("preflight", () => {
  async function ask(args: TriggerWorkflowArgs, ports = { workflows }): Promise<readonly (Finding | Fact)[]> {
    const context = preflightContext({ kind: triggerWorkflow, args, ports, world: github.world });
    return (await triggerWorkflow.preflight?.(context)) ?? [];
  }

  async function check(args: TriggerWorkflowArgs, ports = { workflows }): Promise<readonly Finding[]> {
    return (await ask(args, ports)).filter((one) => one.severity !== "fact");
  }

  test("the commit that would be deployed is a fact, to be compared later", async () => {
    const facts = (await ask(PUSHER)).filter(({ severity }) => severity === "fact");
    expect(facts).toEqual([{ severity: "fact", about: "main of BasedHardware/omi", is: HEAD }]);
  });

  test("nothing to say but that an input is declared and never used", async () => {
    const findings = await check({ ...BACKEND, inputs: { environment: "prod", leftover: "x" } });
    expect(findings).toEqual([
      {
        severity: "remark",
        what: 'step step-under-test: gcp_backend.yml on main declares the input "leftover" but never uses it; "x" has no effect',
      },
    ]);
    expect(await check(PUSHER)).toEqual([]);
    expect(github.state.effects.dispatches).toEqual([]);
  });

  test.each<[string, Partial<TriggerWorkflowArgs>, string]>([
    ["not dispatchable", { workflow: "ci.yml" }, "cannot be dispatched"],
    ["an unknown input", { inputs: { environment: "prod", release_sha: "x" } }, 'has no input "release_sha"'],
    ["a missing input", { inputs: {} }, 'required input "environment" is missing'],
    ["a value that is no option", { inputs: { environment: "mars" } }, 'cannot be "mars"'],
    ["a commit as ref", { ref: HEAD }, "does not dispatch on a commit"],
    ["no such file", { workflow: "nope.yml" }, "no workflow file"],
    ["no such ref", { ref: "nope" }, "no branch, tag or commit"],
  ])("%s", async (_what, change, words) => {
    const errors = (await check({ ...BACKEND, ...change })).filter(({ severity }) => severity === "error");
    expect(errors).toEqual([{ severity: "error", what: expect.stringContaining(words), next: expect.any(String) }]);
  });

  test("no token", async () => {
    const anonymous = createWorkflows({ baseUrl: github.url });
    expect(await check(BACKEND, { workflows: anonymous })).toMatchObject([{ severity: "unauthorised" }]);
  });

  test("an outage is nobody's mistake: it is thrown on", async () => {
    github.faults.add({ api: "github", call: "get-contents", kind: "status", status: 503, times: 1 });
    await expect(check(BACKEND)).rejects.toMatchObject({ kind: "unavailable" });
  });
});
