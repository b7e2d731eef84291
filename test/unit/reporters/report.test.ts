import { describe, expect, test } from "vitest";
import { progressOf } from "../../../src/model/progress.ts";
import { instant } from "../../../src/model/time.ts";
import { currentJudgement, reportOf } from "../../../src/reporters/report.ts";
import { goodResults, RUN, badRun, deployed, seedRun } from "../../support/events.ts";

describe("the state in one word and one sentence", () => {
  const waiting = progressOf(deployed().events.slice(0, 7));
  test.each([
    ["before the first step", progressOf(deployed().events.slice(0, 1)), "deploying", "Next: deploy-backend."],
    [
      "while a workflow runs",
      waiting,
      "deploying",
      /^deploy-backend: workflow run 24297440042: 2 of 3 jobs done, since 04:05 UTC, until 04:25 UTC\.$/,
    ],
    ["when all have switched", deployed().progress, "switched, unjudged", "All 6 steps done. Next: T+5m at 04:28 UTC."],
    ["between checkpoints", seedRun("20m").progress, "monitoring", "T+20m was PASS. Next: T+1h at 05:27 UTC."],
    ["with a question", badRun("asked").progress, "asking", /Waits for an answer until 04:41 UTC, then: keep\.$/],
    [
      "while restoring",
      badRun("restoring").progress,
      "rolling back",
      "Still to restore: backend-integration, backend-sync and backend.",
    ],
    ["at the end", seedRun().progress, "completed", "all 6 steps and all 5 checkpoints are done"],
    ["rolled back", badRun().progress, "rolled back", "FAIL at T+5m; all 5 services are restored and verified"],
  ])("%s", (_name, progress, word, sentence) => {
    const { state } = reportOf(progress);
    expect(state.word).toBe(word);
    expect(state.sentence).toMatch(sentence);
  });
});

test("a checkpoint whose window ended before a FAIL does not speak instead of it", () => {
  const dueAt = instant("2026-04-12T04:32:40.000Z");
  const results = goodResults(5, dueAt);
  const stream = badRun("failed").add("04:26:01", {
    type: "checkpoint-judged",
    checkpoint: "20m",
    verdict: "inconclusive",
    results,
    dueAt,
    lateMs: 0,
  });
  expect(currentJudgement(stream.progress)?.verdict).toBe("fail");
  expect(currentJudgement(seedRun("20m").progress)?.verdict).toBe("pass");
});

test("T0 and the true distance are each service's own", () => {
  const { services } = reportOf(seedRun("20m").progress, instant("2026-04-12T04:47:40.000Z"));
  const told = services.map(({ name, switchedAt, elapsedMs }) => [
    name,
    switchedAt?.slice(11, 19),
    (elapsedMs ?? 0) / 1_000,
  ]);
  expect(told).toEqual([
    ["backend", "04:07:12", 2428],
    ["backend-sync", "04:07:41", 2399],
    ["backend-integration", "04:08:03", 2377],
    ["listen", "04:13:02", 2078],
    ["pusher", "04:23:40", 1440],
  ]);
});

test("nothing is known before it is known", () => {
  const report = reportOf(progressOf(deployed().events.slice(0, 7)));
  expect(report.verdict).toBeUndefined();
  expect(
    report.services.every(({ after, switchedAt, elapsedMs }) => after ?? switchedAt ?? elapsedMs === undefined),
  ).toBe(true);
  expect(report.checkpoints.map(({ state, dueAt }) => [state, dueAt])).toEqual([
    ["next", undefined],
    ["later", undefined],
    ["later", undefined],
    ["later", undefined],
    ["later", undefined],
  ]);
});

test("an effect in doubt is half-done; a delivery in doubt is not", () => {
  const stream = deployed();
  stream.add("04:30:00", { type: "effect-intended", effect: "step:x/go", item: "step:x", what: "dispatch x.yml" });
  stream.add("04:30:00", { type: "effect-intended", effect: "post:y/create", item: "post:y", what: "comment" });
  expect(reportOf(stream.progress).halfDone).toEqual(["in doubt: dispatch x.yml"]);
});

test("a paused run says what serves unwatched and how to carry on", () => {
  const report = reportOf(
    seedRun("5m").add("04:40:00", { type: "run-paused", because: "interrupted by SIGINT" }).progress,
  );
  expect(report.state.word).toBe("paused");
  expect(report.unwatched).toEqual(["backend", "backend-sync", "backend-integration", "listen", "pusher"]);
  expect(report.state.sentence).toMatch(/serve unwatched/);
  expect(report.commands.map(({ command }) => command)).toContain(`runbook resume ${RUN}`);
});

test.each([
  [
    "asked",
    badRun("asked").progress,
    [`answer ${RUN} rollback`, `answer ${RUN} keep`, `rollback backend-prod --run ${RUN}`],
  ],
  ["monitoring", seedRun("5m").progress, [`check --run ${RUN}`, `rollback backend-prod --run ${RUN}`]],
  ["rolled back", badRun().progress, []],
  ["nothing touched", progressOf(deployed().events.slice(0, 1)), []],
] as const)("the commands to paste: %s", (_name, progress, expected) => {
  expect(reportOf(progress).commands.map(({ command }) => command)).toEqual(expected.map((rest) => `runbook ${rest}`));
});

test("a skipped checkpoint is told, and the next one is the one after it", () => {
  const stream = deployed().add("04:40:00", {
    type: "item-skipped",
    item: "checkpoint:5m",
    because: "nobody was there",
  });
  expect(reportOf(stream.progress).checkpoints.map(({ name, state }) => `${name} ${state}`)).toEqual([
    "5m skipped",
    "20m next",
    "1h later",
    "4h later",
    "24h later",
  ]);
});

test("the newest judgement counts, and an ended run's own verdict most", () => {
  const stream = seedRun("20m").add("04:50:00", { type: "production-judged", verdict: "warn", results: [] });
  expect(reportOf(stream.progress).verdict).toBe("warn");
  stream.add("04:51:00", { type: "run-finished", outcome: "failing", verdict: "fail", because: "x", halfDone: [] });
  expect(reportOf(stream.progress)).toMatchObject({ verdict: "fail", unwatched: { length: 5 } });
});
