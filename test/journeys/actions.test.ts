/** A run in a GitHub Actions job, as the job's log, its annotations and its summary show it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { summarizeStep } from "../../src/commands/step-summary.ts";
import { SLOW_MS, type Ran, run, testIo } from "../support/journey.ts";

let directory = "";
let file = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "actions-"));
  file = join(directory, "summary.md");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("a bad revision in a job", () => {
  let ran: Ran;
  let summary: string;
  beforeAll(async () => {
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: file, CI: "true", GITHUB_TOKEN: "the-job's-own" };
    ran = await run(["rehearse", "backend-prod", "--scenario", "bad-revision"], testIo(env));
    summary = await readFile(file, "utf8");
  }, SLOW_MS);

  test("each phase is a group; the question and the end stand outside, and no group is empty or left open", () => {
    expect(ran.code).toBe(1);
    const marks = ran.stdout.split("\n").filter((line) => /^::(?:end)?group::|^\d\S+ {2}\? question|^FAIL /.test(line));
    expect(marks.map((line) => line.replace(/^\S+ {2}(?=\?)/, "").slice(0, 32))).toEqual([
      "::group::Deploy backend-prod",
      "::endgroup::",
      "? question                     F",
      "::group::Roll back backend-prod",
      "::endgroup::",
      "FAIL  backend-prod is rolled bac",
    ]);
  });

  test("the FAIL is one annotation, with its reason", () => {
    expect(ran.stdout.match(/^::(?:error|warning) .*$/gm)).toEqual([
      expect.stringMatching(
        /^::error title=FAIL · production::backend: critical errors: \d+ in 2m, none in 24h before/,
      ),
    ]);
  });

  test("the summary is the last comment: what was put back", () => {
    expect(summary).toMatch(/^<!-- runbook:v1 [^\n]*key=comment:rollback -->\n\*\*ROLLED BACK\*\* · backend-prod — /);
    expect(summary.match(/<!-- runbook:v1 /g)).toHaveLength(1);
  });

  test("without the variables nothing of it is written", async () => {
    const io = testIo({ CI: "true" });
    await run(["rehearse", "test/support/runbooks/small.yaml", "--scenario", "bad-revision"], io);
    expect(io.text("stdout")).not.toMatch(/^::/m);
  });
});

test("what is refused before anything begins is one annotation too", async () => {
  const refused = await run(["deploy", "nothing-such", "--yes"], testIo({ GITHUB_ACTIONS: "true" }));
  expect(refused.code).toBe(2);
  expect(refused.stderr.match(/^::.*$/gm)).toEqual([
    expect.stringMatching(/^::error title=runbook::.*nothing-such.*%0A/),
  ]);
  const outside = await run(["deploy", "nothing-such", "--yes"], testIo());
  expect(outside.stderr).not.toMatch(/^::/m);
});

test.each([
  [["deploi"], /There is no command deploi/],
  [["check"], /Say what to check/],
  [["validate", "nothing-such.yaml"], /nothing-such/],
  [["abort", "20260412-0400-aaaa"], /20260412-0400-aaaa/],
  [["resume", "20260412-0400-aaaa"], /20260412-0400-aaaa/],
  [["answer", "20260412-0400-aaaa", "keep"], /20260412-0400-aaaa/],
  [["rollback", "backend-prod"], /backend-prod/],
  [["explain", "20260412-0400-aaaa", "T+5m"], /20260412-0400-aaaa/],
  [["judge", "--baseline", "nothing-such", "--candidate", "nothing-such"], /nothing-such/],
  [["journal", "prune", "--older-than", "x"], /no duration/],
])("%j is refused with one annotation, as every verb is", async (argv, told) => {
  const state = join(directory, "none.db");
  const keeping = /abort|resume|answer|rollback|explain|journal/.test(argv[0] ?? "");
  const refused = await run(keeping ? [...argv, "--state", state] : argv, testIo({ GITHUB_ACTIONS: "true" }));
  expect(refused.code).toBe(2);
  expect(refused.stderr.match(/^::error .*$/gm)).toEqual([expect.stringMatching(told)]);
  expect(refused.stderr.split("\n").filter((line) => line.startsWith("::"))).toHaveLength(1);
});

test("a run that has ended refuses to be aborted, with one annotation", { timeout: SLOW_MS }, async () => {
  const state = join(directory, "ended.db");
  const rehearsed = await run(
    ["rehearse", "test/support/runbooks/small.yaml", "--scenario", "bad-revision", "--state", state, "--json"],
    testIo(),
  );
  const [first = "{}"] = rehearsed.stdout.split("\n");
  const { run: id = "" } = JSON.parse(first) as { run?: string };
  for (const verb of ["abort", "resume"]) {
    const refused = await run([verb, id, "--state", state], testIo({ GITHUB_ACTIONS: "true" }));
    expect([verb, refused.code]).toEqual([verb, 2]);
    expect(refused.stderr.match(/^::error .*$/gm)).toEqual([expect.stringContaining(`Run ${id} has ended`)]);
  }
});

test("judge reads either side from standard input, by -", async () => {
  const entries = join(directory, "entries.json");
  await writeFile(entries, "[]");
  const io = testIo();
  io.stdin.push("[]");
  io.stdin.push(null);
  const judged = await run(["judge", "--baseline", "-", "--candidate", entries], io);
  expect(judged).toMatchObject({ code: 3, stderr: "" });
  expect(judged.stdout).toMatch(/^INCONCLUSIVE: the baseline has only 0 clean minutes/);
});

describe("the summary of a step", () => {
  test("is never more than GitHub takes, and the log says so", async () => {
    const full = join(directory, "full.md");
    await writeFile(full, "x".repeat(1_048_000));
    const io = testIo({ GITHUB_STEP_SUMMARY: full });
    await summarizeStep("y".repeat(700), io);
    expect((await readFile(full)).length).toBe(1_048_000);
    expect(io.text("stderr")).toContain("The step's summary is full");
    await summarizeStep("y".repeat(500), io);
    expect((await readFile(full)).length).toBe(1_048_501);
  });

  test("fails nothing where it cannot be written", async () => {
    const io = testIo({ GITHUB_STEP_SUMMARY: join(directory, "missing", "summary.md") });
    await summarizeStep("words", io);
    expect(io.text("stderr")).toMatch(/The step's summary could not be written: ENOENT/);
  });
});
