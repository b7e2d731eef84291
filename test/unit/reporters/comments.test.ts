import { describe, expect, test } from "vitest";
import type { CheckResult } from "../../../src/model/verdict.ts";
import { type Progress, progressOf } from "../../../src/model/progress.ts";
import { instant } from "../../../src/model/time.ts";
import {
  checkpointComment,
  finishComment,
  progressComment,
  questionComment,
  rollbackComment,
} from "../../../src/reporters/pull-request.ts";
import { commits } from "../../../src/reporters/about-run.ts";
import { reportOf } from "../../../src/reporters/report.ts";
import { statusText } from "../../../src/reporters/status.ts";
import { START, badRun, deployed, goodResults, seedRun } from "../../support/events.ts";
import { expectGolden } from "../../support/golden.ts";
import { HOSTILE } from "../../support/hostile-corpus.ts";

const golden = (name: string, body: string): void => expectGolden(import.meta.url, `golden/${name}.md`, body);

/** A deploy whose second workflow failed. */
function stoppedRun(): Progress {
  const events = deployed().events;
  const at = events.findIndex((event) => event.type === "item-done" && event.item === "step:deploy-pusher");
  const stream = deployed();
  stream.events.length = at;
  return stream
    .add("04:19:40", {
      type: "item-failed",
      item: "step:deploy-pusher",
      failure: {
        what: "workflow run 24297450077 failed: job deploy, step Helm upgrade",
        state: "Production is as it was: pusher did not switch.",
        next: "Open the workflow run, repair it, deploy again.",
      },
    })
    .add("04:19:41", {
      type: "run-finished",
      outcome: "stopped",
      because: "deploy-pusher failed: workflow run 24297450077 failed: job deploy, step Helm upgrade",
      halfDone: ["4 of 5 services serve the new version; pusher does not"],
    }).progress;
}

describe("golden comments", () => {
  test("a good checkpoint", () => golden("checkpoint-20m-pass", checkpointComment(seedRun("20m").progress, "20m")));
  test("a late checkpoint", () => golden("checkpoint-4h-late", checkpointComment(seedRun().progress, "4h")));
  test("a failed checkpoint", () => golden("checkpoint-5m-fail", checkpointComment(badRun("failed").progress, "5m")));
  test("a question", () => golden("question", questionComment(badRun("asked").progress, "rollback")));
  test("a rollback under way", () => golden("rollback-under-way", rollbackComment(badRun("restoring").progress)));
  test("a rollback done", () => golden("rollback-done", rollbackComment(badRun().progress)));
  test("progress in the middle", () =>
    golden("progress-deploying", progressComment(progressOf(deployed().events.slice(0, 7)))));
  test("progress while monitoring", () => golden("progress-monitoring", progressComment(seedRun("20m").progress)));
  test("progress at the end", () => golden("progress-rolled-back", progressComment(badRun().progress)));
  test("a stopped run", () => golden("finished-stopped", finishComment(stoppedRun())));
});

describe("the checkpoint states every fact of the one that a person wrote by hand", () => {
  const comment = checkpointComment(seedRun("20m").progress, "20m");
  test.each([
    [
      "the verdict, first",
      /^<!-- runbook:v1 run=\S+ key=comment:checkpoint:20m -->\n\*\*PASS\*\* · T\+20m · backend-prod — any rise above ×3\.1 is excluded/,
    ],
    ["both workflow runs", /runs\/24297440042[\s\S]*runs\/24297450077/],
    ["the revision", /`backend-00907-kpc`/],
    ["the image tag", /`pusher:3fabf10`/],
    ["the pods", /27\/27 pods running, 0 restarts, 0 crash loops/],
    [
      "no import errors, in every service",
      /`backend`[^\n]*`backend-sync`[^\n]*`listen`[^\n]*`pusher`[^\n]* \| 0 critical \(ImportError/,
    ],
    [
      "the one route and its rate, then and now",
      /`GET \/v1\/conversations 500` \(backend\): now 1 every 2\.9m[^\n]*before 1 every 3m/,
    ],
    [
      "the spike of the switch, gone",
      /`a spike of 1m: 38 errors, gone since 04:09 UTC` \(backend\): 38\/min \(38 in 1m/,
    ],
    ["the old 504", /Pre-existing[\s\S]*`POST \/v1\/process 504`[^\n]*now 1 in 20m[^\n]*before[^\n]*14 in 24h/],
    ["nothing new", /No pattern of errors is new/],
    ["the next checkpoint", /\*\*Next:\*\* T\+1h at 05:27 UTC/],
    ["true T+N of each service", /`backend` \| 04:07:12 \| T\+40m[\s\S]*`pusher` \| 04:23:40 \| T\+24m/],
    ["the merge", /It contains this pull request's merge commit \[`9b6168c`\]/],
    ["the way back", /runbook rollback backend-prod --run 20260412-0400-7k2q/],
    ["the chart, and its numbers", /xychart-beta[\s\S]*\| 04:07 \(switch\) \| 38 \|/],
  ])("%s", (_fact, pattern) => {
    expect(comment).toMatch(pattern);
  });
});

test("a rollback says that everything is restored and not to un-pin yet", () => {
  const comment = rollbackComment(badRun().progress);
  expect(comment).toMatch(/\*\*ROLLED BACK\*\*/);
  expect(comment.match(/✅ verified/g)).toHaveLength(5);
  expect(comment).toMatch(/\*\*Do not un-pin yet\.\*\* `backend`, `backend-sync` and `backend-integration`/);
  expect(comment).not.toMatch(/update-traffic|to-latest/);
});

test("a rollback that failed for one service asks for a human and keeps the command", () => {
  const stream = badRun("restoring");
  stream.add("04:31:00", { type: "item-failed", item: "restore:backend", failure: { what: "etag conflict, twice" } });
  const comment = rollbackComment(stream.progress);
  expect(comment).toMatch(/ROLLBACK INCOMPLETE[\s\S]*A human is needed:\*\* `backend`/);
  expect(comment).toMatch(/runbook rollback backend-prod --run/);
});

test("the progress comment changes only when something that it shows changes", () => {
  const stream = seedRun("20m");
  const before = progressComment(stream.progress);
  stream.add("04:50:00", {
    type: "effect-intended",
    effect: "post:comment:progress/edit:9",
    item: "post:comment:progress",
    what: "edit",
  });
  expect(progressComment(stream.progress)).toBe(before);
});

function hostileResults(): CheckResult[] {
  return HOSTILE.map(({ text }, index) => ({
    check: text.slice(0, 200) || "check",
    uses: "check-logs",
    service: index % 2 === 0 ? "backend" : text,
    verdict: index % 3 === 0 ? "fail" : "pass",
    value: text,
    baseline: text,
    sample: text,
    because: text,
    link: text,
    groups: [
      {
        group: text,
        kind: "new",
        baseline: { errors: 0, requests: "unknown", minutes: 60 },
        candidate: { errors: 3, requests: "unknown", minutes: 5 },
        example: text,
      },
    ],
    series: { from: instant("2026-04-12T04:00:00.000Z"), errors: [1, Number.NaN, -4, 2] },
  }));
}

function hostileRun(): Progress {
  const stream = deployed({ plan: { startedBy: "@everyone <img>", inputs: { branch: "`|@evil" } } });
  stream.add("04:32:43", {
    type: "checkpoint-judged",
    checkpoint: "5m",
    verdict: "fail",
    results: hostileResults(),
    dueAt: instant("2026-04-12T04:32:40.000Z"),
    lateMs: 0,
  });
  return stream.progress;
}

test("hostile text cannot leave its place in a comment", () => {
  const outside = checkpointComment(hostileRun(), "5m")
    .replace(/^(`{3,})[a-z]*\n[\s\S]*?\n\1$/gm, "")
    .replace(/(?<!`)(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, "");
  expect(outside).not.toMatch(/@(?!\u200B)\w/);
  expect(outside).not.toMatch(/!\[/);
  expect(outside.replace(/<\/?(details|summary|sub)>|<!-- runbook:v1 [^>]*-->/g, "")).not.toMatch(/[<>]/);
  expect(outside.match(/<details>/g)?.length ?? 0).toBe(outside.match(/<\/details>/g)?.length ?? 0);
});

test("every row of a table has as many cells as its header, whatever is in it", () => {
  const rows = checkpointComment(hostileRun(), "5m")
    .split("\n")
    .filter((line) => line.startsWith("| "));
  let header = 0;
  for (const [index, row] of rows.entries()) {
    const cells = row.replace(/\\[\s\S]/g, "").split("|").length;
    if (rows[index + 1]?.startsWith("| --- ") === true) header = cells;
    expect(cells).toBe(header);
  }
});

test("a comment never exceeds its budget, and says what it left out", () => {
  const results = Array.from({ length: 5 }, () => hostileResults()).flat();
  const stream = deployed();
  const titles = Array.from({ length: 20 }, (_, index) => ({
    sha: `${index}`.padStart(40, "a"),
    title: "x".repeat(4_000),
  }));
  for (let index = 0; index < 300; index += 1) {
    const event = { service: `s${index}`, before: `${index}`.padStart(40, "b"), after: `${index}`.padStart(40, "c") };
    stream.add("04:30:00", {
      type: "commits-compared",
      ...event,
      status: "ahead",
      aheadBy: 20,
      commits: titles,
      containsMerge: "unknown",
    });
  }
  stream.add("04:32:43", {
    type: "checkpoint-judged",
    checkpoint: "5m",
    verdict: "fail",
    results,
    dueAt: instant("2026-04-12T04:32:40.000Z"),
    lateMs: 0,
  });
  const comment = checkpointComment(stream.progress, "5m");
  expect(Array.from(comment).length).toBeLessThanOrEqual(60_000);
  expect(new TextEncoder().encode(comment).length).toBeLessThanOrEqual(262_144);
  expect(comment).toMatch(/_Left out to fit a comment: .*the deployed commits.*`runbook show 20260412-0400-7k2q`\._/);
});

test("a table with more links than a comment can hold goes without them, and says so", () => {
  const link = `https://console.cloud.google.com/logs/query;query=${"x".repeat(1_500)}?project=p`;
  const results = goodResults(20, instant("2026-04-12T04:43:40.000Z")).flatMap((result) =>
    ["a", "b", "c", "d"].map((name) => ({ ...result, service: `${result.service ?? ""}${name}`, link })),
  );
  const stream = deployed().add("04:43:41", {
    type: "checkpoint-judged",
    checkpoint: "20m",
    verdict: "pass",
    results,
    dueAt: instant("2026-04-12T04:43:40.000Z"),
    lateMs: 0,
  });
  const comment = checkpointComment(stream.progress, "20m");
  expect(comment.length).toBeLessThan(60_000);
  expect(comment).toContain("_The links to the queries are left out to fit a comment._");
  expect(comment).not.toContain("logs/query");
});

test("a canary that was stopped has a share of the traffic, and no T0 and no T+N", () => {
  const stages = [{ percent: 10, at: instant("2026-04-12T04:07:12.000Z") }];
  const events = deployed().events.map((event) =>
    event.type === "service-switched" && event.change.service === "backend"
      ? { ...event, change: { ...event.change, stages } }
      : event,
  );
  const comment = progressComment(progressOf(events));
  expect(comment).toContain("| `backend` | with 10 % since 04:07:12 |");
  const last = events.at(-1)?.at ?? START;
  expect(statusText(reportOf(progressOf(events)), last)).toMatch(
    /backend +00906-wtz → 00907-kpc +with 10 % since 04:07:12\n/,
  );
});

test("what is told for a commit and is none leads nowhere", () => {
  const stream = seedRun("20m");
  const compared = stream.events.find((event) => event.type === "commits-compared");
  if (compared === undefined) throw new Error("nothing was compared");
  const lead = { ...compared, before: "../../../../etc/passwd", after: "x/../../../~root" };
  const body = commits(progressOf(stream.events.map((event) => (event.type === "commits-compared" ? lead : event))));
  expect(body).toContain("commits since");
  expect(body).not.toMatch(/\]\([^)]*(?:compare|passwd|root)/);
});
