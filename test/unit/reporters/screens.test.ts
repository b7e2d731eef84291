/* oxlint-disable no-control-regex -- terminals are told by their escape sequences */
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { runEventSchema } from "../../../src/model/event.ts";
import { progressOf } from "../../../src/model/progress.ts";
import { SECOND, instant, plusMs } from "../../../src/model/time.ts";
import { rowsOf } from "../../../src/reporters/phases.ts";
import { boxed } from "../../../src/reporters/paint.ts";
import { createScreen } from "../../../src/reporters/screen.ts";
import type { ScreenOptions } from "../../../src/reporters/screen-model.ts";
import { reportOf } from "../../../src/reporters/report.ts";
import { checksText } from "../../../src/reporters/checks-text.ts";
import { statusTable, statusText } from "../../../src/reporters/status.ts";
import { Stream, badRun, deployed, goodResults, seedRun } from "../../support/events.ts";
import { expectGolden } from "../../support/golden.ts";

/** Plays a run on a screen, as a foreground deploy would; returns everything that was written. */
async function play(stream: Stream, options: Partial<ScreenOptions>, exitCode = 0): Promise<string> {
  const out = Object.assign(new PassThrough(), { columns: 80, rows: 60, isTTY: true });
  let text = "";
  out.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const base = {
    kind: "lines",
    stdout: out,
    stderr: out,
    columns: 80,
    color: false,
    unicode: true,
    showComments: false,
  } as const;
  const screen = await createScreen({ ...base, ...options });
  screen.begin(progressOf(stream.events.slice(0, 1)));
  for (const [index, event] of stream.events.entries()) {
    if (index === 0) continue;
    const after = progressOf(stream.events.slice(0, index + 1));
    screen.event(event, after);
    if (event.type === "item-waiting") {
      const wait = { item: event.item, for: event.for, since: event.at, deadline: plusMs(event.at, 900 * SECOND) };
      screen.waiting([{ ...wait, lookAt: plusMs(event.at, 15 * SECOND) }], event.at);
      screen.waiting([{ ...wait, lookAt: plusMs(event.at, 30 * SECOND) }], plusMs(event.at, 15 * SECOND));
    }
    if (event.type === "question-answered") screen.waiting([], event.at);
    // The list is drawn by promises; let them run, as a crank's own awaits do.
    await new Promise(setImmediate);
  }
  await screen.close(progressOf(stream.events), exitCode);
  await new Promise(setImmediate);
  return text;
}

/** Without the sequences that move the cursor. */
function visible(text: string): string {
  return text.replace(/\u001B\[[?\d;]*[A-Za-z]/g, "");
}

describe("plain lines", () => {
  test("a good run", async () => expectGolden(import.meta.url, "golden/lines-seed.txt", await play(seedRun(), {})));
  test("a bad run, in ASCII", async () =>
    expectGolden(import.meta.url, "golden/lines-bad-ascii.txt", await play(badRun(), { unicode: false }, 1)));

  test.each([80, 200])(
    "%i columns, where the log is a pipe: the same lines, none of them wrapped by us",
    async (columns) => {
      expect(await play(seedRun(), { columns })).toBe(await play(seedRun(), {}));
    },
  );

  test("a bad run at 200 columns", async () =>
    expectGolden(import.meta.url, "golden/lines-bad-200.txt", await play(badRun(), { columns: 200 }, 1)));

  test("a wait is told once, however often it is looked at", async () => {
    const text = await play(seedRun("5m"), {});
    expect(
      text.match(/waits for workflow run 24297440042: 1 of 3 jobs done; since 04:00:05, until 04:15:05/g),
    ).toHaveLength(1);
  });

  test("nothing but ASCII where Unicode is not wanted, no escape sequence without colour", async () => {
    const text = await play(badRun(), { unicode: false, showComments: true }, 1);
    expect(text).toMatch(/^[\n\x20-\x7E]*$/);
  });

  test("colour only where it is wanted", async () => {
    expect(await play(seedRun("5m"), { color: true })).toContain("\u001B[32m✓");
    expect(await play(seedRun("5m"), { color: false })).not.toContain("\u001B");
  });

  test("comments are shown as they are delivered", async () => {
    const stream = seedRun("5m");
    const item = "post:comment:checkpoint:5m";
    stream.add("04:32:44", { type: "effect-intended", effect: `${item}/create`, item, what: "comment" });
    stream.add("04:32:45", { type: "effect-done", effect: `${item}/create`, item, result: { id: 1 }, found: false });
    const text = await play(stream, { showComments: true });
    expect(text).toMatch(
      /┌─ comment on pull request #6411: comment:checkpoint:5m ─+\n│ <!-- runbook:v1 [^\n]*\n│ \*\*PASS\*\* · T\+5m/,
    );
    expect(await play(stream, {})).not.toContain("┌");
  });

  test("hostile names reach the terminal harmless", async () => {
    const stream = deployed().add("04:30:00", {
      type: "run-finished",
      outcome: "stopped",
      because: "\u001B]0;evil\u0007 step \u202Ebad\u009B2J failed with ghp_0123456789abcdefghijABCDEFGHIJ012345",
      halfDone: ["\u001B[2Jx"],
    });
    const text = await play(stream, {}, 5);
    expect(text).not.toMatch(/[\u001B\u009B\u202E\u0007]|evil|ghp_/);
    expect(text).toMatch(/step bad failed with \[token\]/);
  });
});

describe("the live list", () => {
  test("a good run ends with every step and checkpoint ticked, and the closing words", async () => {
    const text = await play(seedRun(), { kind: "terminal" });
    const end = text.slice(text.lastIndexOf("\u001B[?25h"));
    for (const word of [
      "✔ deploy-backend workflow run 24297440042 succeeded in 9m",
      "✔ pusher-rollout",
      "✔ T+20m PASS at 04:47:43",
      "✔ T+24h",
    ]) {
      expect(text.replace(/ {2,}/g, " ")).toContain(word);
    }
    expect(end).toMatch(/PASS {2}backend-prod is completed[\s\S]*exit 0: PASS or WARN/);
  });

  test("what is waited for, since when, until when, how long still", async () => {
    const text = await play(seedRun("5m"), { kind: "terminal" });
    expect(text).toContain("since 04:00:05, until 04:15:05 UTC; 15m left at 04:00:05");
    expect(text).toContain("14m45s left at 04:00:20");
  });

  test("a bad run: the question stands outside of any list, then each service is restored", async () => {
    const text = await play(badRun(), { kind: "terminal" }, 1);
    expect(text).toMatch(/\u001B\[\?25h04:26:01 {1,2}\? question/);
    expect(text).toMatch(/✔ restore backend {1,2}serves backend-00906-wtz again, verified 04:32:25/);
    expect(text).toMatch(/exit 1: FAIL: restored, or never switched/);
  });

  test("a question comes with the errors that it is about, and after its answer nothing is drawn twice", async () => {
    const text = visible(await play(badRun(), { kind: "terminal" }, 1));
    const words = text.slice(text.indexOf("04:26:01  ? question"), text.indexOf("restore pusher"));
    expect(words).toMatch(/ {10}runbook answer \S+ rollback\n {10}runbook answer \S+ keep\n/);
    expect(words).toMatch(/\n {10}backend errors\/min [▁▂▃▄▅▆▇█]+│[▁▂▃▄▅▆▇█]+/);
    expect(words).toMatch(/04:29:13 {2}· answer rollback, by beastoin\n04:29:14 {2}! rollback/);
    expect(Math.max(...words.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(words).toMatch(/Put all five services\n {10}back to what they were/);
  });

  test("what was noted before the start is told in full at 80 columns", async () => {
    const remark = `migrate cannot be put back by this tool: ${"what an execution has done stays done, ".repeat(3)}in the end`;
    const stream = new Stream();
    const [planned] = seedRun("5m").events;
    if (planned?.type !== "run-planned") throw new Error("a run begins with its plan");
    stream.events.push({ ...planned, remarks: [remark] });
    const text = visible(await play(stream, { kind: "terminal" }, 130));
    const [said = ""] = /^ {2}! (?:.+\n {4})+.*in the end$/m.exec(text) ?? [];
    expect(said.replace(/\s+/g, " ").trim()).toBe(`! ${remark}`);
    expect(Math.max(...said.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test("while later steps go on, how that does which has switched already", async () => {
    const stream = new Stream();
    stream.events.push(...deployed().events.filter(({ at }) => at <= "2026-04-12T04:13:21.000Z"));
    const results = goodResults(5, instant("2026-04-12T04:13:00.000Z"));
    stream.add("04:13:21", { type: "production-judged", verdict: "pass", results });
    const item = "step:deploy-pusher";
    stream.add("04:13:24", { type: "item-waiting", item, for: "workflow run 7: 0 of 2 jobs done" });
    const text = visible(await play(stream, { kind: "terminal" }, 130));
    expect(text).toMatch(/✔ deploy-backend {3}workflow[^\n]+\n[\s\S]*✔ listen-rollout {3}27 of 27/);
    expect(text).toMatch(
      / {2}› production now: PASS since 04:13:21, any rise above ×3\.1[^\n]*\n {4}backend errors\/min [▁▂▃▄▅▆▇█]{10}│[▁▂▃▄▅▆▇█]+ most[^\n]*\n(?: {4}[^\n]*\n)? {4}since 04:13:24/,
    );
  });

  test("checkpoints are said to come when their data is complete", () => {
    const promised = { name: "5m", at: instant("2026-04-12T04:32:40.000Z") };
    const titles = rowsOf("monitoring", deployed().progress, promised).map(({ title }) => title);
    expect(titles.slice(0, 2)).toEqual(["T+5m   at 04:32 UTC", "T+20m  at 04:47 UTC"]);
    const later = rowsOf("monitoring", seedRun("5m").progress).map(({ title }) => title);
    expect(later.slice(1)).toEqual([
      "T+20m  at 04:47 UTC; production now: PASS",
      "T+1h   at 05:27 UTC",
      "T+4h   at 08:27 UTC",
      "T+24h  at 2026-04-13 04:27 UTC",
    ]);
  });

  test("without colour and Unicode, but for the cursor", async () => {
    const text = await play(badRun(), { kind: "terminal", unicode: false }, 1);
    const opening = text.slice(0, text.indexOf("\u001B")).split("\n");
    expect(Math.max(...opening.map(({ length }) => length))).toBe(80);
    expect(text).not.toMatch(/\u001B\[\d*(;\d+)*m/);
    expect(text).toMatch(/^[\n\r\x20-\x7E\u001B]*$/);
  });

  test("no frame is wider than 80 columns", async () => {
    const text = await play(badRun(), { kind: "terminal" }, 1);
    const frames = text.slice(0, text.lastIndexOf("\u001B[?25h")).split(/\u001B\[\?2026[hl]/);
    const lines = frames.slice(1).flatMap((frame) => frame.replace(/\u001B\[[?\d;]*[A-Za-z]/g, "").split("\n"));
    expect(Math.max(...lines.filter((line) => /^[◼⠋✔✖↓ ]/.test(line)).map(({ length }) => length))).toBeLessThanOrEqual(
      80,
    );
  });

  test.each([
    ["a good run", seedRun, true],
    ["a bad run, in ASCII", badRun, false],
  ])(
    "%s: the final summary fits one screen of 80 by 24, with the errors per minute around the switch",
    async (name, run, unicode) => {
      const text = await play(run(), { kind: "terminal", unicode }, unicode ? 0 : 1);
      const summary = text.slice(text.lastIndexOf("\u001B[?25h") + "\u001B[?25h".length);
      const lines = summary.trimEnd().split("\n");
      expect(lines.length).toBeLessThanOrEqual(24);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
      expectGolden(import.meta.url, `golden/summary-${unicode ? "good" : "bad-ascii"}.txt`, summary);
    },
  );

  test.each([
    ["good", seedRun, 0],
    ["bad", badRun, 1],
  ] as const)("a %s run's final summary at 200 columns", async (name, run, code) => {
    const text = await play(run(), { kind: "terminal", columns: 200 }, code);
    const summary = text.slice(text.lastIndexOf("\u001B[?25h") + "\u001B[?25h".length);
    expect(Math.max(...summary.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(200);
    expectGolden(import.meta.url, `golden/summary-${name}-200.txt`, summary);
  });

  test("the row of the next checkpoint draws the errors per minute, baseline and since, and counts down", async () => {
    const stream = seedRun("5m");
    const wait = { item: "checkpoint:20m", for: "checkpoint T+20m", deadline: instant("2026-04-12T04:47:40.000Z") };
    stream.add("04:35:00", { type: "item-waiting", ...wait });
    const shown = (await play(stream, { kind: "terminal" }))
      .replace(/\u001B\[[?\d;]*[A-Za-z]/g, "")
      .replace(/ +/g, " ");
    expect(shown).toMatch(/› backend errors\/min [▁▂▃▄▅▆▇█]{10}│[▁▂▃▄▅▆▇█]+ most \d+\/min; before: 20\.6\/h/);
    expect(shown).toMatch(/since 04:35:00, until 04:50:00 UTC; 15m left at 04:35:00/);
  });

  test("an interrupted run ends its list and says what serves unwatched", async () => {
    const stream = seedRun("5m").add("04:40:00", { type: "run-paused", because: "interrupted by SIGINT" });
    const text = await play(stream, { kind: "terminal" }, 130);
    expect(text).toMatch(/unwatched {2}backend, backend-sync[\s\S]*runbook resume[\s\S]*exit 130/);
  });
});

describe("in a GitHub Actions job", () => {
  const annotations = async (stream: Stream, more: Partial<ScreenOptions> = {}): Promise<readonly string[]> =>
    (await play(stream, { kind: "actions", ...more }, 1)).match(/^::(?:error|warning).*$/gm) ?? [];

  test("a technical failure is one error, with what is true of production and what to do", async () => {
    const failure = { what: "run 7 failed: 100 %, job a:b, c", state: "Production is as it was.", next: "Mend it." };
    const stream = deployed().add("04:24:20", { type: "item-failed", item: "step:deploy-pusher", failure });
    expect(await annotations(stream)).toEqual([
      "::error title=deploy-pusher failed::run 7 failed: 100 %25, job a:b, c%0AProduction is as it was.%0AMend it.",
    ]);
  });

  test("what is refused, superseded, paused, or could not be told", async () => {
    const stream = deployed()
      .add("04:24:20", { type: "item-refused", item: "step:pusher-rollout", because: "no, by: a, b\n::error::words" })
      .add("04:24:21", { type: "service-superseded", service: "listen", expected: "a", serving: "b" })
      .add("04:24:22", { type: "post-abandoned", post: "comment:progress", failure: { what: "locked" } })
      .add("04:24:23", { type: "run-paused", because: "interrupted" });
    expect(await annotations(stream)).toEqual([
      "::error title=pusher-rollout refused::no, by: a, b%0A: :error::words",
      "::warning title=listen superseded::serves b; this run deployed a",
      "::warning title=comment%3Aprogress not told::locked",
      `::warning title=paused::interrupted%0Arunbook resume ${stream.progress.run}`,
    ]);
  });

  test("the same words once, and never more than GitHub shows", async () => {
    const stream = deployed();
    for (let index = 0; index < 30; index += 1) {
      const failure = { what: `failure ${Math.floor(index / 2)}` };
      stream.add("04:24:30", { type: "item-failed", item: "step:deploy-pusher", failure });
    }
    const shown = await annotations(stream);
    expect(shown).toHaveLength(10);
    expect(new Set(shown).size).toBe(10);
  });

  test("a run that goes well has no annotation, and its summary is the newest comment", async () => {
    const summaries: string[] = [];
    const summarize = async (markdown: string): Promise<void> => void summaries.push(markdown);
    expect(await annotations(seedRun("20m"), { summarize })).toEqual([]);
    expect(summaries).toEqual([expect.stringContaining("**PASS** · T+20m · backend-prod")]);
  });
});

test("the JSON screen: every event, one line each, valid, and nothing else", async () => {
  const stream = badRun();
  const lines = (await play(stream, { kind: "json" }, 1)).trimEnd().split("\n");
  expect(lines.map((line) => runEventSchema.parse(JSON.parse(line)))).toEqual(stream.events.slice(1));
});

describe("status", () => {
  test("one run", () => {
    const now = instant("2026-04-12T04:06:00.000Z");
    const deploying = statusText(reportOf(progressOf(deployed().events.slice(0, 7)), now), now);
    expectGolden(import.meta.url, "golden/status-deploying.txt", deploying);
    const later = instant("2026-04-12T04:50:00.000Z");
    expectGolden(
      import.meta.url,
      "golden/status-monitoring.txt",
      statusText(reportOf(seedRun("20m").progress, later), later),
    );
    expectGolden(
      import.meta.url,
      "golden/status-asking.txt",
      statusText(reportOf(badRun("asked").progress), instant("2026-04-12T04:30:00.000Z")),
    );
  });

  test("all runs", () => {
    const table = statusTable([reportOf(badRun().progress), reportOf(seedRun("20m").progress)]);
    expectGolden(import.meta.url, "golden/status-table.txt", table);
    expect(statusTable([])).toBe("no runs\n");
  });

  test("a look outside any checkpoint", () => {
    const now = instant("2026-04-12T05:00:00.000Z");
    const text = checksText(seedRun("20m").progress, "pass", goodResults(20, now), now);
    expectGolden(import.meta.url, "golden/check.txt", text);
  });
});

test("a box wraps at words and is never wider than asked", () => {
  const box = boxed("title", `${"word ".repeat(40)}\n\nend ${"x".repeat(120)}`, 40);
  expect(Math.max(...box.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(40);
  expect(box).toMatch(/^┌─ title ─+\n│ word word[\s\S]*\n└─+$/);
});

test("in a box, a sign that takes two columns counts as two", () => {
  const box = boxed("title", "✅ ❔ 語 ".repeat(30), 40);
  const columns = box.split("\n").map((line) => line.length + (line.match(/[✅❔語]/gu)?.length ?? 0));
  expect(Math.max(...columns)).toBeLessThanOrEqual(40);
  expect(box.match(/✅/g)).toHaveLength(30);
});
