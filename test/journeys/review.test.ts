/** Looking back at a rehearsal that was kept: explain, show, history, and evidence that somebody altered. */
import { mkdtemp, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../support/journey.ts";

let directory: string;
let state: readonly string[];
let id: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "review-"));
  state = ["--state", join(directory, "state.db")];
  const ran = await run(["rehearse", "backend-prod", ...state]);
  id = /run (\d{8}-\d{4}-\w{4})/.exec(ran.stdout)?.[1] ?? "";
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test.each(["T+20m", "24h", "now", "backend-errors"])("explain %s agrees, within 100 columns", async (what) => {
  const ran = await run(["explain", id, what, ...state]);
  expect(ran.stderr).toBe("");
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/Recomputed from the stored evidence alone: PASS\. It agrees bit for bit\.\n$/);
  expect(ran.stdout).toContain("recomputed from the stored evidence alone: it agrees bit for bit");
  expect(Math.max(...ran.stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
});

test("show tells the plan, the snapshot, what happened and what was posted", async () => {
  const { code, stdout } = await run(["show", id, ...state]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Steps, in this order/);
  expect(stdout).toMatch(/restorable: 100 % of the traffic to backend-\d{5}-\w{3} by name/);
  expect(stdout).toMatch(/⇄ backend +serves backend-/);
  expect(stdout).toMatch(/delivered +comment:checkpoint:20m/);
  expect(stdout).toMatch(/completed: all steps and all checkpoints are done/);
});

test("show --json holds every event", async () => {
  const { stdout } = await run(["show", id, "--json", ...state]);
  const shown = JSON.parse(stdout) as { run: string; events: { seq: number; type: string }[] };
  expect(shown).toMatchObject({ run: id, report: { state: { word: "completed" } }, plan: { rehearsal: true } });
  expect(shown.events.at(0)?.type).toBe("run-planned");
  expect(shown.events.map(({ seq }) => seq)).toEqual(shown.events.map((_, index) => index + 1));
});

test("history has the run in one line, and knows other runbooks have none", async () => {
  const all = await run(["history", "backend-prod", ...state]);
  const [, line, ...rest] = all.stdout.trimEnd().split("\n");
  expect(rest).toEqual([]);
  expect(line).toMatch(
    /^2026-04-12 04:00 +\S+ +backend-prod \(rehearsal\) +completed +PASS +24h\d+m +4be0d17\.\.3fabf10 \(2 commits\) +5m PASS, 20m PASS, 1h PASS, 4h PASS, 24h PASS$/,
  );
  expect((await run(["history", "other", ...state])).stdout).toBe("no runs\n");
  const [only] = JSON.parse((await run(["history", "--json", ...state])).stdout) as unknown[];
  expect(only).toMatchObject({ run: id, outcome: "completed", verdict: "pass" });
});

test("what is stored as evidence is what published verdicts rest on: a look that nobody was told of leaves none", async () => {
  const { events } = JSON.parse((await run(["show", id, "--json", ...state])).stdout) as { events: object[] };
  const told = new Set(JSON.stringify(events).match(/(?<="evidence":")[0-9a-f]{64}/g));
  const database = new DatabaseSync(join(directory, "state.db"), { readOnly: true });
  const stored = database.prepare("SELECT digest FROM evidence").all();
  database.close();
  expect(new Set(stored.map(({ digest }) => digest))).toEqual(told);
});

// The last one: it spoils the state.
test("one error more in the stored evidence is noticed: exit 1, loudly", async () => {
  const { stdout } = await run(["explain", id, "T+20m", "--json", ...state]);
  const { checks } = JSON.parse(stdout) as { checks: { result: { evidence: string } }[] };
  const database = new DatabaseSync(state[1] ?? "");
  const digest = checks[0]?.result.evidence ?? "";
  database
    .prepare(
      "UPDATE evidence SET content = replace(content, '\"judgedServices\":5', '\"judgedServices\":1') WHERE digest = ?",
    )
    .run(digest);
  database.close();
  const ran = await run(["explain", id, "T+20m", ...state]);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toContain("DISAGREES: the stored evidence was ALTERED");
  expect(ran.stdout).toContain("IT DOES NOT AGREE");
});
