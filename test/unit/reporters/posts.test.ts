import { expect, test } from "vitest";
import type { Progress } from "../../../src/model/progress.ts";
import { postsOf } from "../../../src/reporters/posts.ts";
import { AFTER, badRun, deployed, seedRun } from "../../support/events.ts";

function keys(progress: Progress): readonly string[] {
  return postsOf(progress).map(({ key }) => key);
}

test("a good run: progress, a comment and a status per checkpoint, no webhook", () => {
  expect(keys(seedRun("20m").progress)).toEqual([
    "comment:progress",
    "comment:checkpoint:5m",
    "comment:checkpoint:20m",
    "status:checkpoint:5m:3fabf10",
    "status:checkpoint:20m:3fabf10",
  ]);
});

test("a bad run, as it goes", () => {
  const failed = ["comment:progress", "comment:checkpoint:5m", "status:checkpoint:5m:3fabf10", "webhook:fail"];
  expect(keys(badRun("failed").progress)).toEqual(failed);
  expect(keys(badRun("asked").progress)).toEqual([
    "comment:progress",
    "comment:checkpoint:5m",
    "comment:question:rollback",
    "status:checkpoint:5m:3fabf10",
    "webhook:fail",
    "webhook:question:rollback",
  ]);
  expect(keys(badRun().progress)).toEqual([
    "comment:progress",
    "comment:checkpoint:5m",
    "comment:question:rollback",
    "comment:rollback",
    "status:checkpoint:5m:3fabf10",
    "status:finished:3fabf10",
    "webhook:fail",
    "webhook:question:rollback",
    "webhook:rollback",
  ]);
});

test("keys are unique, every comment begins with its marker, and only what changes is edited", () => {
  const posts = postsOf(badRun().progress);
  expect(new Set(posts.map(({ key }) => key)).size).toBe(posts.length);
  for (const post of posts) {
    if (post.kind !== "comment") continue;
    expect(post.body.split("\n")[0]).toBe(post.marker);
    expect(post.mode).toBe(post.key === "comment:progress" || post.key === "comment:rollback" ? "edit" : "once");
  }
});

test("statuses: the deployed commit, our context, the verdict and the next moment", () => {
  const statuses = postsOf(seedRun("5m").progress).filter((post) => post.kind === "commit-status");
  expect(statuses).toEqual([
    {
      kind: "commit-status",
      key: "status:checkpoint:5m:3fabf10",
      repository: "BasedHardware/omi",
      sha: AFTER,
      context: "runbook/backend-prod",
      state: "success",
      description: "PASS at T+5m; next at 04:47 UTC",
    },
  ]);
  expect(postsOf(badRun().progress).findLast((post) => post.kind === "commit-status")?.state).toBe("failure");
});

test("an inconclusive checkpoint is never a success", () => {
  const stream = deployed();
  const dueAt = stream.progress.updatedAt;
  stream.add("04:33:00", {
    type: "checkpoint-judged",
    checkpoint: "5m",
    verdict: "inconclusive",
    results: [],
    lateMs: 0,
    dueAt,
  });
  expect(postsOf(stream.progress).find((post) => post.kind === "commit-status")?.state).toBe("error");
});

test("a signed webhook and Slack are told the same, each once", () => {
  const notify = { webhook: "${{ env.HOOK }}", secret: "${{ env.KEY }}", slack: "${{ env.SLACK }}" };
  const posts = postsOf(badRun("asked", { runbook: { notify } }).progress).filter(({ kind }) => kind === "webhook");
  expect(posts[0]).toMatchObject({ key: "webhook:fail", format: "json", secretReference: notify.secret });
  expect(posts.map(({ key }) => key).filter((key) => key.startsWith("slack:"))).toEqual([
    "slack:fail",
    "slack:question:rollback",
  ]);
  expect(posts.filter(({ key }) => key.startsWith("slack:")).every((post) => !("secretReference" in post))).toBe(true);
});

test("a webhook's address stays a reference", () => {
  const hook = postsOf(badRun("asked").progress).find(({ key }) => key === "webhook:question:rollback");
  expect(hook).toMatchObject({ kind: "webhook", urlReference: "${{ env.RUNBOOK_WEBHOOK }}" });
});

test.each([
  ["no pull request", seedRun("5m", { plan: { pullRequest: undefined } }).progress, ["status:checkpoint:5m:3fabf10"]],
  [
    "reports switched off",
    seedRun("5m", { runbook: { report: { pullRequest: false, commitStatus: false, deployment: false } } }).progress,
    [],
  ],
  ["no repository", seedRun("5m", { runbook: { repository: undefined } }).progress, []],
])("%s", (_name, progress, expected) => {
  expect(keys(progress)).toEqual(expected);
});

test.each([
  ["completed with checkpoints", "completed", false],
  ["rolled back", "rolled-back", false],
  ["stopped", "stopped", true],
  ["superseded", "superseded", true],
  ["aborted", "aborted", true],
  ["failing", "failing", true],
] as const)("a comment at the end when it is news: %s", (_name, outcome, isNews) => {
  const stream = seedRun("5m").add("05:00:00", { type: "run-finished", outcome, because: "so", halfDone: [] });
  expect(keys(stream.progress).includes("comment:finished")).toBe(isNews);
});
