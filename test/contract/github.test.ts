/** The GitHub adapters against the simulated GitHub, over sockets. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDeployments } from "../../src/adapters/deployments.ts";
import { createPullRequests } from "../../src/adapters/pull-requests.ts";
import { createWorkflows } from "../../src/adapters/workflows.ts";
import { PortFailure } from "../../src/model/error.ts";
import { instant, plusMs } from "../../src/model/time.ts";
import type { Deployments } from "../../src/ports/deployments.ts";
import type { PullRequests } from "../../src/ports/pull-requests.ts";
import type { Workflows } from "../../src/ports/workflows.ts";
import type { Fault } from "../../src/simulator/faults.ts";
import { fullSha, type GitHubOptions } from "../../src/simulator/github-state.ts";
import type { WorkflowBehaviour } from "../../src/simulator/github-runs.ts";
import { HEAD, MERGE, holdToGitHubsDescription, REPOSITORY, type TestGitHub, testGitHub } from "../support/github.ts";

const MARKER = "<!-- runbook:v1 key=run-1/20m -->";

holdToGitHubsDescription();
let github: TestGitHub;
let workflows: Workflows;
let pulls: PullRequests;
let deployments: Deployments;

beforeEach(() => restart());
afterEach(() => github.server.close());

async function restart(options: Partial<GitHubOptions> & { behaviour?: WorkflowBehaviour } = {}): Promise<void> {
  if (github !== undefined) await github.server.close();
  github = await testGitHub(options);
  const config = { baseUrl: github.url, token: "ghp_secret", timeoutMs: 5_000 };
  workflows = createWorkflows(config);
  pulls = createPullRequests(config);
  deployments = createDeployments(config);
}

function pass(ms: number): void {
  github.world.advanceTo(plusMs(github.world.now, ms));
}

async function failure(promise: Promise<unknown>): Promise<PortFailure> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PortFailure)) throw new Error(`expected a PortFailure, got ${String(error)}`);
  return error;
}

function fault(call: string, more: Partial<Fault>): void {
  github.faults.add({ api: "github", call, kind: "status", status: 500, times: 1, ...more });
}

describe("who", () => {
  test("a user's token", async () => {
    expect(await workflows.viewer()).toMatchObject({ login: "deployer", id: expect.any(Number) });
  });

  test("the token of a workflow, which /user refuses", async () => {
    await restart({ login: "github-actions[bot]", installation: true });
    expect(await workflows.viewer()).toMatchObject({ login: "github-actions[bot]", id: 41_898_282 });
  });

  test("GitHub Enterprise Server's base url, GraphQL beside it", async () => {
    await restart({ login: "app[bot]", installation: true });
    const enterprise = createWorkflows({ baseUrl: `${github.url}/api/v3/`, token: "t" });
    expect((await enterprise.viewer()).login).toBe("app[bot]");
    expect(github.state.requests.get("graphql")?.total).toBe(1);
  });

  test("no token: unauthorised, without a request", async () => {
    const anonymous = createWorkflows({ baseUrl: github.url });
    expect(await failure(anonymous.viewer())).toMatchObject({ kind: "unauthorised", applied: "no" });
    expect(github.state.requests.size).toBe(0);
  });

  test("a bad token", async () => {
    await restart({ token: "another" });
    const error = await failure(workflows.viewer());
    expect(error).toMatchObject({ kind: "unauthorised", message: expect.stringContaining("Bad credentials") });
    expect(JSON.stringify([error, error.message, error.cause])).not.toContain("ghp_secret");
  });
});

describe("workflow definitions", () => {
  test("inputs, what is used of them, and the commit", async () => {
    expect(await workflows.definition(REPOSITORY, "gcp_backend.yml", "main")).toEqual({
      file: "gcp_backend.yml",
      name: "Deploy Backend to Cloud RUN",
      sha: HEAD,
      dispatchable: true,
      inputs: {
        environment: { required: true, type: "choice", options: ["development", "prod"] },
        branch: { required: true, type: "string", default: "main" },
        leftover: { required: false, type: "string" },
      },
      // Neither a YAML comment nor the expression in a description makes `leftover` used.
      usedInputs: ["environment", "branch"],
      concurrency: [],
    });
  });

  test.each([
    ["a branch", "main", HEAD],
    ["a tag with a slash", "v1/2", MERGE],
    ["a commit", MERGE, MERGE],
  ])("of %s", async (_what, ref, sha) => {
    expect((await workflows.definition(REPOSITORY, ".github/workflows/pusher.yml", ref)).sha).toBe(sha);
  });

  test("a workflow that cannot be dispatched", async () => {
    expect(await workflows.definition(REPOSITORY, "ci.yml", "main")).toMatchObject({ dispatchable: false, inputs: {} });
  });

  test.each([
    ["the repository", "No/where", "gcp_backend.yml", "main", "repository No/where"],
    ["the ref", REPOSITORY, "gcp_backend.yml", "nope", 'no branch, tag or commit "nope"'],
    ["the file", REPOSITORY, "nope.yml", "main", "no workflow file .github/workflows/nope.yml on main"],
  ])("says that %s is missing", async (_what, repository, file, ref, words) => {
    const error = await failure(workflows.definition(repository, file, ref));
    expect(error).toMatchObject({ kind: "not-found", message: expect.stringContaining(words) });
  });

  test.each([
    ["no YAML", "on: [push"],
    ["a billion laughs", `on: push\n${bomb()}`],
    ["no trigger", "name: x"],
  ])("%s is invalid", async (_what, text) => {
    github.state.repository(REPOSITORY).workflows.set("bad.yml", {
      id: 1,
      file: "bad.yml",
      path: ".github/workflows/bad.yml",
      name: "bad",
      text,
      behaviour: {},
    });
    expect((await failure(workflows.definition(REPOSITORY, "bad.yml", "main"))).kind).toBe("invalid");
  });
});

describe("dispatch and runs", () => {
  const request = { repository: REPOSITORY, file: "gcp_backend.yml", ref: "main", inputs: { environment: "prod" } };

  test("tells the run's id", async () => {
    const { runId } = await workflows.dispatch(request);
    expect(await workflows.run(REPOSITORY, runId ?? 0)).toEqual({
      id: runId,
      attempt: 1,
      status: "queued",
      headSha: HEAD,
      title: "Deploy Backend to Cloud RUN",
      actor: "deployer",
      url: `https://github.com/${REPOSITORY}/actions/runs/${runId}`,
      createdAt: instant("2026-04-12T04:00:00Z"),
      startedAt: instant("2026-04-12T04:00:00Z"),
      updatedAt: instant("2026-04-12T04:00:00Z"),
    });
  });

  test.each(["no-content", "refuses-details"] as const)(
    "an older server (%s): dispatched once, no id",
    async (dispatch) => {
      await restart({ dispatch });
      expect(await workflows.dispatch(request)).toEqual({});
      expect(github.state.effects.dispatches).toHaveLength(1);
    },
  );

  test.each([
    ["an unknown input", { inputs: { environment: "prod", nope: "x" } }, "Unexpected inputs"],
    ["a missing input", { inputs: {} }, "Required input 'environment'"],
    ["a value that is no option", { inputs: { environment: "mars" } }, "allowed values"],
    ["an unknown ref", { ref: "nope" }, "No ref found"],
    ["a commit as ref", { ref: HEAD }, "No ref found"],
    ["no trigger", { file: "ci.yml", inputs: {} }, "workflow_dispatch"],
  ])("refused for %s: nothing was done", async (_what, change, words) => {
    const error = await failure(workflows.dispatch({ ...request, ...change }));
    expect(error).toMatchObject({ kind: "invalid", applied: "no", message: expect.stringContaining(words) });
    expect(github.state.effects.dispatches).toHaveLength(0);
  });

  test("an answer that got lost: unknown, sent once", async () => {
    fault("dispatch", { kind: "applied", status: 502 });
    expect(await failure(workflows.dispatch(request))).toMatchObject({ kind: "unavailable", applied: "unknown" });
    expect(github.state.effects.dispatches).toHaveLength(1);
    expect(github.state.requests.get("dispatch")?.total).toBe(1);
  });

  test("finds runs by time, actor and commit, newest first, over all pages", async () => {
    const repository = github.state.repository(REPOSITORY);
    const [workflow, pusher] = [...repository.workflows.values()];
    if (workflow === undefined || pusher === undefined) throw new Error("no workflow");
    github.state.dispatch(repository, workflow, "main", { environment: "prod" });
    pass(60_000);
    const since = plusMs(github.world.now, 400);
    for (let index = 0; index < 130; index++) {
      github.state.dispatch(repository, workflow, "main", { environment: "prod" });
    }
    github.state.dispatch(repository, workflow, "main", { environment: "prod" }, "somebody-else");
    github.state.dispatch(repository, workflow, "v1/2", { environment: "prod" });
    github.state.dispatch(repository, pusher, "main", { environment: "prod" });
    const filter = { repository: REPOSITORY, file: "gcp_backend.yml", since };
    const found = await workflows.findRuns({ ...filter, headSha: HEAD, actor: "deployer" });
    expect(found).toHaveLength(130);
    expect(found.map(({ id }) => id)).toEqual(found.map(({ id }) => id).sort((a, b) => b - a));
    expect(github.state.requests.get("list-runs")?.total).toBe(2);
    expect(await workflows.findRuns(filter)).toHaveLength(132);
  });

  test("jobs with their failed step, over all pages", async () => {
    const jobs = Array.from({ length: 120 }, (_, index) => ({ name: `job ${index}`, startMs: 0, endMs: 1_000 }));
    const failing = { name: "deploy", startMs: 0, endMs: 5_000, conclusion: "failure" as const, failedStep: "Push" };
    await restart({ behaviour: { queuedMs: 0, jobs: [...jobs, failing] } });
    const { runId = 0 } = await workflows.dispatch(request);
    pass(2_000);
    const during = await workflows.jobs(REPOSITORY, runId);
    expect(during).toHaveLength(121);
    expect(during.at(-1)).toMatchObject({ name: "deploy", status: "in_progress" });
    pass(5_000);
    expect((await workflows.jobs(REPOSITORY, runId)).at(-1)).toMatchObject({
      name: "deploy",
      status: "completed",
      conclusion: "failure",
      failedStep: "Push",
      completedAt: instant("2026-04-12T04:00:05Z"),
    });
    expect(await workflows.run(REPOSITORY, runId)).toMatchObject({ status: "completed", conclusion: "failure" });
  });

  test("the end of a job's log, read without our token; a signed address is never told", async () => {
    const log = Array.from({ length: 9_000 }, (_, index) => `line ${index} ${"ä".repeat(20)}`).join("\n");
    await restart({ behaviour: { queuedMs: 0, jobs: [{ name: "deploy", startMs: 0, endMs: 1_000, log }] } });
    const { runId = 0 } = await workflows.dispatch(request);
    const [job] = await workflows.jobs(REPOSITORY, runId);
    expect((await failure(workflows.jobLog(REPOSITORY, job?.id ?? 0))).kind).toBe("not-found");
    pass(2_000);
    const read = await workflows.jobLog(REPOSITORY, job?.id ?? 0);
    expect(log.endsWith(read)).toBe(true);
    expect(read).toMatch(/^line \d+ ä/);
    expect(Buffer.byteLength(read)).toBeGreaterThan(60_000);
    expect(github.state.storageTokens).toEqual([undefined]);
    fault("storage", { status: 403 });
    const refused = await failure(workflows.jobLog(REPOSITORY, job?.id ?? 0));
    expect(refused).toMatchObject({ kind: "unauthorised" });
    expect(JSON.stringify([refused, refused.message, refused.stack])).not.toContain("sig=");
  });

  test("an unchanged run costs nothing of the rate limit; a changed one is seen", async () => {
    const { runId = 0 } = await workflows.dispatch(request);
    const first = await workflows.run(REPOSITORY, runId);
    const { used } = github.state.rateLimit;
    expect(await workflows.run(REPOSITORY, runId)).toEqual(first);
    expect(await workflows.run(REPOSITORY, runId)).toEqual(first);
    expect(github.state.rateLimit.used).toBe(used);
    expect(github.state.requests.get("get-run")).toEqual({ total: 3, notModified: 2 });
    pass(10_000);
    expect((await workflows.run(REPOSITORY, runId)).status).toBe("in_progress");
  });

  test("waits for approval, naming reviewers and environment", async () => {
    const approval = { environment: "production", reviewers: ["alice", "bob"], approvedAfterMs: 60_000 };
    await restart({ behaviour: { queuedMs: 0, approval } });
    const { runId = 0 } = await workflows.dispatch(request);
    pass(1_000);
    expect((await workflows.run(REPOSITORY, runId)).status).toBe("waiting");
    expect(await workflows.pendingApprovals(REPOSITORY, runId)).toEqual([
      { environment: "production", reviewers: ["alice", "bob"], url: expect.stringContaining("production") },
    ]);
    pass(60_000);
    expect(await workflows.pendingApprovals(REPOSITORY, runId)).toEqual([]);
  });

  test("cancels, and what is over already is no error", async () => {
    const { runId = 0 } = await workflows.dispatch(request);
    await workflows.cancel(REPOSITORY, runId);
    pass(5_000);
    expect((await workflows.run(REPOSITORY, runId)).conclusion).toBe("cancelled");
    await workflows.cancel(REPOSITORY, runId);
    expect(github.state.effects.cancels).toEqual([runId]);
  });
});

describe("comments", () => {
  test("ours by marker and author among more than a hundred, oldest first", async () => {
    const mine: number[] = [];
    for (let index = 0; index < 250; index++) {
      github.state.addComment(REPOSITORY, 6888, `chatter ${index}`, "somebody");
      if (index % 100 === 50) mine.push(github.state.addComment(REPOSITORY, 6888, `${MARKER}\r\nbody`).id);
    }
    github.state.addComment(REPOSITORY, 6888, `${MARKER}\npasted by another`, "mallory");
    github.state.addComment(REPOSITORY, 6888, `quoted:\n${MARKER}`);
    github.state.addComment(REPOSITORY, 7000, `${MARKER}\non another pull request`);
    const found = await pulls.findComments(REPOSITORY, 6888, MARKER);
    expect(found.map(({ id }) => id)).toEqual(mine);
  });

  test("creates and updates", async () => {
    const made = await pulls.createComment(REPOSITORY, 6888, `${MARKER}\nfirst`);
    const changed = await pulls.updateComment(REPOSITORY, made.id, `${MARKER}\nsecond`);
    expect(changed).toEqual({ ...made, body: `${MARKER}\nsecond` });
    expect(github.state.repository(REPOSITORY).comments).toHaveLength(1);
  });

  test("a deleted comment is not found; a lost answer was still posted once", async () => {
    expect((await failure(pulls.updateComment(REPOSITORY, 1, "x"))).kind).toBe("not-found");
    fault("create-comment", { kind: "applied", status: 502 });
    expect(await failure(pulls.createComment(REPOSITORY, 6888, MARKER))).toMatchObject({ applied: "unknown" });
    expect(await pulls.findComments(REPOSITORY, 6888, MARKER)).toHaveLength(1);
  });
});

describe("pull requests and commits", () => {
  test("a merged one has its merge commit, an open one none", async () => {
    expect(await pulls.get(REPOSITORY, 6888)).toEqual({
      number: 6888,
      title: "Fix the pusher",
      state: "closed",
      merged: true,
      mergeCommit: MERGE,
      headSha: fullSha("bbbbbbb"),
      url: `https://github.com/${REPOSITORY}/pull/6888`,
    });
    expect(await pulls.get(REPOSITORY, 7000)).not.toHaveProperty("mergeCommit");
    expect((await failure(pulls.get(REPOSITORY, 1))).kind).toBe("not-found");
  });

  test("of a commit", async () => {
    expect((await pulls.ofCommit(REPOSITORY, MERGE)).map(({ number }) => number)).toEqual([6888]);
    expect(await pulls.ofCommit(REPOSITORY, fullSha("aaaaaaa"))).toEqual([]);
  });

  test.each([
    [fullSha("aaaaaaa"), HEAD, "ahead", 2, ["Merge pull request #6888", "One more"]],
    [HEAD, MERGE, "behind", 0, []],
    [HEAD, HEAD, "identical", 0, []],
    [fullSha("ccccccc"), HEAD, "diverged", 1, ["One more"]],
  ])("compares %s...%s: %s", async (base, head, status, aheadBy, titles) => {
    github.state.addCommit(REPOSITORY, { sha: fullSha("ccccccc"), title: "Hotfix", parents: [MERGE] });
    const comparison = await pulls.compare(REPOSITORY, base, head);
    expect(comparison).toMatchObject({ status, aheadBy });
    expect(comparison.commits.map(({ title }) => title)).toEqual(titles);
  });

  test("a status, its description cut to 140 characters", async () => {
    const status = { sha: HEAD, context: "runbook/20m", state: "success", description: "ä".repeat(200) } as const;
    await pulls.setCommitStatus(REPOSITORY, { ...status, url: "https://example.com/run" });
    expect(github.state.effects.statuses).toMatchObject([
      { sha: HEAD, context: "runbook/20m", state: "success", description: `${"ä".repeat(139)}…` },
    ]);
  });
});

describe("deployments", () => {
  const request = { sha: MERGE, environment: "prod", run: "run-1", description: "ä".repeat(200) };

  test("recorded for an older commit with a red status; found again by who made it", async () => {
    await pulls.setCommitStatus(REPOSITORY, { sha: MERGE, context: "ci", state: "failure", description: "" });
    const { id } = await deployments.create(REPOSITORY, request);
    github.state.addDeployment(REPOSITORY, { sha: MERGE, environment: "prod", payload: '{"runbook":"run-2"}' });
    github.state.addDeployment(REPOSITORY, { sha: MERGE, environment: "prod", payload: "free text" });
    github.state.addDeployment(REPOSITORY, { sha: HEAD, environment: "prod" });
    const found = await deployments.find(REPOSITORY, { sha: MERGE, environment: "prod" });
    expect(found.map(({ run }) => run)).toEqual([undefined, "run-2", "run-1"]);
    expect(found.at(-1)?.id).toBe(id);
  });

  test("its states, newest first", async () => {
    const { id } = await deployments.create(REPOSITORY, request);
    const status = { description: "d", autoInactive: true } as const;
    await deployments.setStatus(REPOSITORY, id, { ...status, state: "in_progress" });
    await deployments.setStatus(REPOSITORY, id, { ...status, state: "success", logUrl: "https://example.com/log" });
    expect((await deployments.statuses(REPOSITORY, id)).map(({ state }) => state)).toEqual(["success", "in_progress"]);
    expect(github.state.effects.deploymentStatuses.at(-1)?.logUrl).toBe("https://example.com/log");
  });
});

describe("what went wrong", () => {
  test.each([
    ["a server error", { status: 503 }, { kind: "unavailable" }],
    ["a missing permission", { status: 403 }, { kind: "unauthorised", retryAfterMs: undefined }],
    ["a secondary limit", { status: 403, retryAfterSeconds: 7 }, { kind: "rate-limited", retryAfterMs: 7_000 }],
    ["a 429", { status: 429, retryAfterSeconds: 3 }, { kind: "rate-limited", retryAfterMs: 3_000 }],
    ["a limit without a time", { status: 429 }, { kind: "rate-limited", retryAfterMs: 60_000 }],
    ["a conflict", { status: 409 }, { kind: "conflict" }],
    ["a gone thing", { status: 410 }, { kind: "not-found" }],
    ["a redirect to nowhere", { status: 304 }, { kind: "malformed" }],
  ] as const)("%s", async (_what, planned, expected) => {
    fault("get-pull", planned);
    expect(await failure(pulls.get(REPOSITORY, 6888))).toMatchObject(expected);
  });

  test("the hour's limit is used up: waits until the reset, by GitHub's own clock", async () => {
    pass(45 * 60_000);
    github.state.rateLimit.used = github.state.rateLimit.limit;
    const error = await failure(pulls.get(REPOSITORY, 6888));
    expect(error).toMatchObject({ kind: "rate-limited", applied: "no", retryAfterMs: 15 * 60_000 });
  });

  test("silence ends at our own bound, once", async () => {
    const hasty = createWorkflows({ baseUrl: github.url, token: "t", timeoutMs: 200 });
    fault("user", { kind: "timeout" });
    fault("dispatch", { kind: "timeout" });
    expect(await failure(hasty.viewer())).toMatchObject({ kind: "timeout", applied: "no" });
    const request = { repository: REPOSITORY, file: "pusher.yml", ref: "main", inputs: { environment: "prod" } };
    expect(await failure(hasty.dispatch(request))).toMatchObject({ kind: "timeout", applied: "unknown" });
    expect(github.state.requests.get("dispatch")?.total).toBe(1);
  });

  test("an interruption, before and during the request", async () => {
    expect((await failure(workflows.viewer(AbortSignal.abort()))).kind).toBe("aborted");
    expect(github.state.requests.size).toBe(0);
    fault("user", { kind: "timeout" });
    const controller = new AbortController();
    const pending = failure(workflows.viewer(controller.signal));
    controller.abort(new Error("the operator's own reason"));
    expect((await pending).kind).toBe("aborted");
  });

  test("nobody listens: unavailable, and certainly nothing was done", async () => {
    await github.server.close();
    const error = await failure(pulls.createComment(REPOSITORY, 6888, MARKER));
    expect(error).toMatchObject({ kind: "unavailable", applied: "no" });
  });

  test("an answer of another shape is malformed", async () => {
    github.state.repository(REPOSITORY).pulls.set(5, { number: 5, title: 7, merged: false, headSha: HEAD } as never);
    expect(await failure(pulls.get(REPOSITORY, 5))).toMatchObject({ kind: "malformed" });
  });

  test("a repository that is none", async () => {
    expect(await failure(pulls.get("omi", 1))).toMatchObject({ kind: "invalid" });
  });
});

/** Nested aliases: nine levels of nine. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) =>
    level === 0
      ? "l0: &l0 [x,x,x,x,x,x,x,x,x]"
      : `l${level}: &l${level} [${Array.from({ length: 9 }, () => `*l${level - 1}`).join(",")}]`,
  );
  return levels.join("\n");
}
