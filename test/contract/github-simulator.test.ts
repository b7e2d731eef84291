/** The simulated GitHub as any client sees it: headers, pages, limits, shapes; and what its runs make happen. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { instant, MINUTE, plusMs, SECOND } from "../../src/model/time.ts";
import type { Happening, SimulatedRun, WorkflowBehaviour } from "../../src/simulator/github-runs.ts";
import { HEAD, holdToGitHubsDescription, REPOSITORY, type TestGitHub, testGitHub } from "../support/github.ts";

holdToGitHubsDescription();
let github: TestGitHub;

beforeEach(async () => {
  github = await testGitHub();
});
afterEach(() => github.server.close());

function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${github.url}${path}`, { headers: { authorization: "Bearer t", ...headers } });
}

function start(behaviour: WorkflowBehaviour): SimulatedRun {
  const repository = github.state.repository(REPOSITORY);
  github.state.addWorkflow(REPOSITORY, { file: "x.yml", text: "on: workflow_dispatch", behaviour });
  const workflow = repository.workflows.get("x.yml");
  if (workflow === undefined) throw new Error("no workflow");
  const run = github.state.dispatch(repository, workflow, "main", {});
  if ("refused" in run) throw new Error(run.refused);
  return run;
}

function pass(ms: number): void {
  github.world.advanceTo(plusMs(github.world.now, ms));
}

describe("the protocol", () => {
  test("tells world time and the limits", async () => {
    pass(30 * MINUTE);
    const { headers, status } = await get("/user");
    expect(status).toBe(200);
    expect(headers.get("date")).toBe("Sun, 12 Apr 2026 04:30:00 GMT");
    expect(headers.get("x-ratelimit-remaining")).toBe("4999");
    expect(headers.get("x-ratelimit-reset")).toBe(String(Date.parse("2026-04-12T05:00:00Z") / 1_000));
    pass(30 * MINUTE);
    expect((await get("/user")).headers.get("x-ratelimit-used")).toBe("1");
  });

  test("wants a token, even for what does not exist", async () => {
    const answer = await fetch(`${github.url}/nowhere`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({
      message: "Requires authentication",
      documentation_url: expect.any(String),
      status: "401",
    });
    expect((await get("/nowhere")).status).toBe(404);
  });

  test("answers 304 to a fresh etag, for nothing", async () => {
    const etag = (await get(`/repos/${REPOSITORY}/pulls/6888`)).headers.get("etag") ?? "";
    const again = await get(`/repos/${REPOSITORY}/pulls/6888`, { "if-none-match": etag });
    expect([again.status, await again.text(), github.state.rateLimit.used]).toEqual([304, "", 1]);
  });

  test("gives thirty a page, and links to the others", async () => {
    for (let index = 0; index < 65; index++) github.state.addComment(REPOSITORY, 7000, `comment ${index}`);
    const path = `/repos/${REPOSITORY}/issues/7000/comments`;
    const first = await get(path);
    expect(await first.json()).toHaveLength(30);
    expect(first.headers.get("link")).toBe(
      `<${github.url}${path}?page=2>; rel="next", <${github.url}${path}?page=3>; rel="last"`,
    );
    const last = await get(`${path}?page=3`);
    expect(await last.json()).toHaveLength(5);
    expect(last.headers.get("link")).not.toContain('rel="next"');
  });

  test("refuses a filter that it does not understand", async () => {
    expect((await get(`/repos/${REPOSITORY}/actions/runs?created=%3E%3Dyesterday`)).status).toBe(422);
  });

  test("serves a job's log through a redirect that needs no token", async () => {
    const run = start({ jobs: [{ name: "deploy", startMs: 0, endMs: 1_000, log: "line 1\nline 2\n" }] });
    const path = `/repos/${REPOSITORY}/actions/jobs/${run.jobs[0]?.id}/logs`;
    expect((await get(path)).status).toBe(404);
    pass(10 * SECOND);
    const redirect = await fetch(`${github.url}${path}`, { headers: { authorization: "token t" }, redirect: "manual" });
    expect(redirect.status).toBe(302);
    expect(await (await fetch(redirect.headers.get("location") ?? "")).text()).toBe("line 1\nline 2\n");
  });

  test("a comment of 65,537 characters is too long", async () => {
    const post = (body: string): Promise<Response> =>
      fetch(`${github.url}/repos/${REPOSITORY}/issues/7000/comments`, {
        method: "POST",
        headers: { authorization: "token t" },
        body: JSON.stringify({ body }),
      });
    expect((await post("x".repeat(65_536))).status).toBe(201);
    const refused = await post("x".repeat(65_537));
    expect([refused.status, JSON.stringify(await refused.json())]).toEqual([422, expect.stringContaining("too long")]);
  });

  test("a deleted comment is gone, by a 204 without a body", async () => {
    const { id } = github.state.addComment(REPOSITORY, 7000, "x");
    const path = `/repos/${REPOSITORY}/issues/comments/${id}`;
    const gone = await fetch(`${github.url}${path}`, { method: "DELETE", headers: { authorization: "token t" } });
    expect([gone.status, (await get(path)).status]).toEqual([204, 404]);
    expect(github.state.effects.commentsDeleted).toEqual([id]);
  });

  test("resolves refs and files", async () => {
    const ref = await (await get(`/repos/${REPOSITORY}/git/ref/heads/main`)).json();
    expect(ref).toMatchObject({ ref: "refs/heads/main", object: { sha: HEAD } });
    const raw = await get(`/repos/${REPOSITORY}/contents/.github/workflows/ci.yml?ref=main`, {
      accept: "application/vnd.github.raw",
    });
    expect(await raw.text()).toBe("on: [push]\njobs: {}\n");
  });
});

describe("what a run makes happen", () => {
  const MOMENTS = [10, 90].map((seconds) => seconds * SECOND);

  function happenings(seen: string[]): readonly Happening[] {
    return MOMENTS.map((afterMs) => ({ afterMs, act: () => seen.push(github.world.now) }));
  }

  test.each<[string, WorkflowBehaviour, readonly string[]]>([
    ["during it and after its success", { queuedMs: 0 }, ["2026-04-12T04:00:10.000Z", "2026-04-12T04:01:30.000Z"]],
    ["not after it failed", { queuedMs: 0, conclusion: "failure" }, ["2026-04-12T04:00:10.000Z"]],
    ["not after it was cancelled", { queuedMs: 0, cancelledAfterMs: 5 * SECOND }, []],
    [
      "after its approval",
      { queuedMs: 0, approval: { environment: "e", reviewers: [], approvedAfterMs: 20 * MINUTE } },
      ["2026-04-12T04:20:10.000Z", "2026-04-12T04:21:30.000Z"],
    ],
    ["not after a rejection", { approval: { environment: "e", reviewers: [], rejectedAfterMs: MINUTE } }, []],
  ])("%s", (_what, behaviour, moments) => {
    const seen: string[] = [];
    start({ ...behaviour, happenings: happenings(seen) });
    pass(60 * MINUTE);
    expect(seen).toEqual(moments);
  });

  test("a re-run begins anew; what was planned for the first attempt is void", () => {
    const seen: string[] = [];
    const run = start({ queuedMs: 0, durationMs: 5 * MINUTE, happenings: happenings(seen) });
    pass(MINUTE);
    run.rerun({ queuedMs: 0, happenings: happenings(seen) });
    pass(MINUTE);
    expect([run.attempt, run.conclusion, seen]).toEqual([
      2,
      "success",
      ["2026-04-12T04:00:10.000Z", "2026-04-12T04:01:10.000Z"],
    ]);
    expect(run.createdAt).toBe(instant("2026-04-12T04:00:00Z"));
  });
});
