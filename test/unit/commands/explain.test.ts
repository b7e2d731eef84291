/** What `runbook explain` says of stored evidence: the worked verdicts, number by number, and evidence that was altered. */
import { DatabaseSync } from "node:sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqliteState } from "../../../src/journal/sqlite-state.ts";
import type { EventBody } from "../../../src/model/event.ts";
import type { Json } from "../../../src/model/json.ts";
import { instant, MINUTE } from "../../../src/model/time.ts";
import type { CheckResult } from "../../../src/model/verdict.ts";
import { digestOfVerdict } from "../../../src/steps/judgement-digest.ts";
import { type ErrorsEvidence, judgeErrors } from "../../../src/verdict/required.ts";
import { run, testIo } from "../../support/journey.ts";
import { planOf } from "../../support/events.ts";
import { evidenceOf, repeated, zeros } from "../verdict/build-evidence.ts";

const RUN = "20260412-0400-7k2q";
const AT = instant("2026-04-12T04:31:00Z");
let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "explain-"));
  file = join(directory, "state.db");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A run whose checkpoint T+5m was judged on this evidence. */
async function judged(stored: ErrorsEvidence, change: (result: CheckResult) => CheckResult = (r) => r): Promise<void> {
  const state = await openSqliteState(file);
  const verdict = judgeErrors(stored);
  const result = change({
    check: "check-errors",
    uses: "check-errors",
    service: "backend",
    verdict: verdict.verdict,
    value: "22 × 5xx in 10m",
    baseline: "2.0/h over 1h",
    sample: "1,000 requests",
    because: verdict.because,
    evidence: await state.evidence.put(stored as unknown as Json),
    judgement: digestOfVerdict(verdict),
  });
  const planned: EventBody = { type: "run-planned", plan: planOf(), snapshot: {}, remarks: [] };
  await state.journal.create(RUN, "backend-prod", planned, AT);
  const lease = await state.journal.acquire(RUN, "test", AT, MINUTE);
  if (!("fence" in lease)) throw new Error("no lease");
  const checkpoint: EventBody = {
    type: "checkpoint-judged",
    checkpoint: "5m",
    verdict: result.verdict,
    results: [result],
    dueAt: AT,
    lateMs: 0,
  };
  await state.journal.append(lease, 1, checkpoint, AT);
  await state.close();
}

function explain(...more: string[]): ReturnType<typeof run> {
  return run(["explain", RUN, "T+5m", "--state", file, ...more], testIo());
}

const hour = repeated([0, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1], 5);
const errors = (after: readonly number[]): ErrorsEvidence =>
  evidenceOf({
    streams: [{ kind: "overall", group: "all 5xx", before: hour, after }],
    requests: { before: 100, after: 100 },
  });

describe("the worked verdicts, with every number beside its threshold", () => {
  test.each([
    [
      "FAIL",
      [2, 3, 1, 4, 2, 3, 2, 2, 5, 1],
      ["xw 22; rho 1.25) = 8.725614 >= 5.521461; rhat 5.073724 (>= 1.75), x1 >= 5", "phi 1.016393; w 0.4"],
    ],
    [
      "WARN",
      [15, 12, 0, 1, 0, 0, 0, 1, 0, 0],
      ["xw 4; rho 1.25) = -3.8326 < 5.521461", "x1 29; rho 1) = 19.997504 >= 3.912023"],
    ],
    [
      "PASS",
      [0, 1, 0, 0, 1, 0, 0, 0, 1, 0],
      ["= -4.376846 < 5.521461", "= -3.60205 < 3.912023", "U 2.95781 <= 10", "a minute: excluded"],
    ],
  ])("%s", async (word, after, numbers) => {
    await judged(errors(after));
    const ran = await explain();
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`${word}  check-errors backend:`);
    for (const number of numbers) expect(ran.stdout).toContain(number);
    expect(ran.stdout).toContain("x0 25 in n0 6000 (60 min)");
    expect(ran.stdout).toMatch(
      new RegExp(`Recomputed from the stored evidence alone: ${word}\\. It agrees bit for bit\\.\n$`),
    );
    expect(Math.max(...ran.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("no errors before and after: what is excluded is a rate", async () => {
    await judged(
      evidenceOf({
        streams: [{ kind: "overall", group: "all 5xx", before: zeros(60), after: zeros(20) }],
        requests: { before: 100, after: 100 },
        horizonMs: 20 * MINUTE,
      }),
    );
    const { stdout } = await explain();
    expect(stdout).toContain("U unbounded > 5 or Lam 0.269446 <= 0.4 a minute: excluded");
    expect(stdout).toContain("alive      yes: requests >= max(50, 0.2 × 2000 expected) = 400");
  });

  test("hostile names stay harmless", async () => {
    const group = "GET /\u001b[31mx\u202e 500";
    const stored = evidenceOf({
      streams: [
        { kind: "overall", group: "all 5xx", before: hour, after: [2, 3, 1, 4, 2, 3, 2, 2, 5, 1] },
        { kind: "route", group, before: zeros(60), after: [2, 3, 1, 4, 2, 3, 2, 2, 5, 1] },
      ],
      requests: { before: 100, after: 100 },
    });
    await judged(stored);
    const { stdout } = await explain();
    expect(stdout).toContain("route      GET /x 500");
    expect(["\u001b", "\u202e"].filter((character) => stdout.includes(character))).toEqual([]);
  });
});

describe("what does not agree is said loudly, exit 1:", () => {
  const good = errors([0, 1, 0, 0, 1, 0, 0, 0, 1, 0]);

  test("evidence that was altered in the database", async () => {
    await judged(good);
    const database = new DatabaseSync(file);
    database.exec(`UPDATE evidence SET content = replace(content, '[[1,1]', '[[1,9]')`);
    database.close();
    const ran = await explain();
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("DISAGREES: the stored evidence was ALTERED");
    expect(ran.stdout).toContain("IT DOES NOT AGREE");
  });

  test("evidence that is gone", async () => {
    await judged(good);
    const database = new DatabaseSync(file);
    database.exec("DELETE FROM evidence");
    database.close();
    const ran = await explain();
    expect(ran).toMatchObject({ code: 1, stdout: expect.stringContaining("not in this state any more") });
  });

  test.each<[string, (result: CheckResult) => CheckResult, string]>([
    ["another verdict", (result) => ({ ...result, verdict: "fail" }), "the evidence gives PASS"],
    ["other words", (result) => ({ ...result, because: "any rise is excluded" }), "the evidence gives other numbers"],
    [
      "another number behind the same words",
      (result) => ({ ...result, judgement: "0".repeat(64) }),
      "some number behind it is not",
    ],
    ["a pass without evidence", ({ evidence: _none, ...result }) => result, "no evidence was stored"],
  ])("%s", async (_name, change, said) => {
    await judged(good, change);
    const ran = await explain();
    expect(ran).toMatchObject({ code: 1, stdout: expect.stringContaining(said) });
  });
});

test("--json is one object with the judgement in it", async () => {
  await judged(errors([2, 3, 1, 4, 2, 3, 2, 2, 5, 1]));
  const { stdout, code } = await explain("--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    run: RUN,
    title: "T+5m",
    verdict: "fail",
    recomputed: "fail",
    agrees: true,
    checks: [{ finding: "agrees", rejudged: { errors: { judgement: { streams: [{ says: "fail" }] } } } }],
  });
});

test("a moment that was not judged: what there is instead", async () => {
  await judged(errors([0, 1, 0, 0, 1, 0, 0, 0, 1, 0]));
  const ran = await run(["explain", RUN, "T+9m", "--state", file], testIo());
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining("It has: T+5m") });
});
