/** Every answer of the simulated GitHub is what GitHub's published description says of it. */
import { afterAll, describe, expect, test } from "vitest";
import { MINUTE, plusMs } from "../../src/model/time.ts";
import type { GitHubOptions } from "../../src/simulator/github-state.ts";
import { HEAD, MERGE, REPOSITORY, testGitHub } from "../support/github.ts";
import { GitHubDescription } from "../support/github-openapi.ts";
import { SLOW_MS, startJourney } from "../support/journey.ts";

const github = new GitHubDescription();
const told: string[] = [];
afterAll(() => {
  process.stderr.write(["", ...told, ""].join("\n"));
});

function summarise(name: string, description: GitHubDescription): void {
  told.push(`conformance, ${name}: ${description.summary()}`);
}

describe("the description itself", () => {
  test.each([
    ["a missing field", '{"login":"x"}', /GET \/user 200: .*must have required property/],
    ["a wrong type", "[1]", /GET \/user 200: .*must be object/],
  ])("refuses %s", (_what, text, words) => {
    const description = new GitHubDescription();
    description.hold({ method: "GET", path: "/user", status: 200, contentType: "application/json", text });
    expect(description.violations.join("\n")).toMatch(words);
  });

  test.each([
    ["a status that is not described", { method: "GET", path: "/user", status: 201 }],
    ["a path that is not described", { method: "GET", path: "/nowhere", status: 200 }],
    ["a body where none is described", { method: "DELETE", path: "/repos/o/r/issues/comments/1", status: 204 }],
  ])("refuses %s", (_what, answer) => {
    const description = new GitHubDescription();
    description.hold({ ...answer, contentType: "application/json", text: "{}" });
    expect(description.violations).toHaveLength(1);
  });
});

/** Every route once, what it refuses too. */
async function askEverything(description: GitHubDescription, options: Partial<GitHubOptions>): Promise<void> {
  const served = await testGitHub({
    ...options,
    behaviour: {
      queuedMs: 0,
      approval: { environment: "prod", reviewers: ["alice"], approvedAfterMs: MINUTE },
      jobs: [{ name: "deploy", startMs: 0, endMs: MINUTE, conclusion: "failure", log: "line" }],
    },
  });
  served.state.observe = (answer) => description.hold(answer);
  const at = `/repos/${REPOSITORY}`;
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${served.url}${path}`, {
      method,
      headers: { authorization: "Bearer t" },
      redirect: "manual",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : undefined;
  };
  const inputs = { environment: "prod" };
  const more = options.dispatch === undefined ? { return_run_details: true } : {};
  await ask("POST", `${at}/actions/workflows/gcp_backend.yml/dispatches`, { ref: "main", inputs, ...more });
  await ask("POST", `${at}/actions/workflows/gcp_backend.yml/dispatches`, { ref: "main", inputs });
  await ask("POST", `${at}/actions/workflows/gcp_backend.yml/dispatches`, { ref: "main", inputs: { nope: "x" } });
  const [run] = served.state.effects.dispatches;
  const id = run?.origin.id ?? 0;
  for (const passed of [1_000, 10 * MINUTE]) {
    served.world.advanceTo(plusMs(served.world.now, passed));
    for (const path of [`/${id}`, `/${id}/jobs`, `/${id}/pending_deployments`, ""]) {
      await ask("GET", `${at}/actions/runs${path}`);
    }
    const job = run?.jobs[0]?.id ?? 0;
    for (const path of [`/${job}`, `/${job}/logs`]) await ask("GET", `${at}/actions/jobs${path}`);
  }
  await ask("POST", `${at}/actions/runs/${id}/cancel`);
  run?.rerun({});
  await ask("POST", `${at}/actions/runs/${id}/cancel`);
  await ask("GET", `${at}/actions/runs/${id}`);

  const comment = await ask("POST", `${at}/issues/6888/comments`, { body: "hello" });
  const commentId = typeof comment === "object" && comment !== null && "id" in comment ? comment.id : 0;
  await ask("POST", `${at}/issues/6888/comments`, { body: "" });
  await ask("GET", `${at}/issues/6888/comments`);
  await ask("PATCH", `${at}/issues/comments/${String(commentId)}`, { body: "changed" });
  await ask("GET", `${at}/issues/comments/${String(commentId)}`);
  await ask("DELETE", `${at}/issues/comments/${String(commentId)}`);

  await ask("POST", `${at}/statuses/${HEAD}`, { state: "success", context: "runbook", description: "PASS" });
  const deployment = { ref: MERGE, environment: "prod", payload: { runbook: "run" } };
  await ask("POST", `${at}/deployments`, deployment);
  await ask("POST", `${at}/deployments`, { ...deployment, required_contexts: ["ci"], auto_merge: false });
  await ask("POST", `${at}/deployments`, { ...deployment, required_contexts: [], auto_merge: false });
  const made = served.state.effects.deployments[0]?.id ?? 0;
  await ask("POST", `${at}/deployments/${made}/statuses`, { state: "success", log_url: "https://example.com/" });
  for (const path of ["", `/${made}`, `/${made}/statuses`]) await ask("GET", `${at}/deployments${path}`);

  for (const path of [
    "",
    "/actions/workflows",
    "/actions/workflows/gcp_backend.yml",
    "/actions/workflows/gcp_backend.yml/runs",
    "/contents/.github/workflows/gcp_backend.yml",
    "/contents/nowhere",
    "/git/ref/heads/main",
    "/commits/main",
    "/commits/nope",
    `/commits/${MERGE}/pulls`,
    `/commits/${HEAD}/statuses`,
    `/compare/${MERGE}...${HEAD}`,
    "/pulls/6888",
    "/pulls/7000",
    "/pulls/1",
  ]) {
    await ask("GET", `${at}${path}`);
  }
  for (const path of ["/user", "/rate_limit", "/repos/No/where"]) await ask("GET", path);
  await served.server.close();
}

test.each([
  ["github.com", undefined, {}],
  ["GitHub Enterprise Server 3.17", "ghes-3.17", { dispatch: "refuses-details" }],
  ["GitHub Enterprise Server 3.19", "ghes-3.19", { dispatch: "refuses-details" }],
] as const)(
  "every route, as %s describes it",
  async (name, version, options) => {
    const description = new GitHubDescription(version);
    await askEverything(description, options);
    summarise(name, description);
    expect(description.violations).toEqual([]);
  },
  SLOW_MS,
);

test.each(["seed", "bad-revision"])("a whole rehearsal of %s", { timeout: 2 * SLOW_MS }, async (scenario) => {
  const journey = await startJourney({ scenario });
  journey.cloud.github.observe = (answer) => github.hold(answer);
  try {
    await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
  } finally {
    await journey.close();
  }
  summarise(`rehearsal up to ${scenario}`, github);
  expect(github.held.size).toBeGreaterThan(8);
  expect(github.violations).toEqual([]);
});
