/** The upkeep of a state, over its file and over a simulated bucket: what verify finds, what prune keeps, what a backup is. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { pruneState } from "../../src/journal/prune.ts";
import { openSqliteState } from "../../src/journal/sqlite-state.ts";
import type { State } from "../../src/journal/state.ts";
import { verifyState } from "../../src/journal/verify.ts";
import { instant, plusMs } from "../../src/model/time.ts";
import { run, testIo } from "../support/journey.ts";
import { testBucket } from "../support/storage.ts";
import { planned } from "./state-contract.ts";

const T = instant("2026-04-12T04:00:00.000Z");
const LATER = plusMs(T, 1_000);

/** A run of `runbook`; one that has ended is told and finished. */
async function record(state: State, id: string, runbook: string, hasEnded: boolean, evidence?: string): Promise<void> {
  // Each a moment younger than the one before.
  const age = (await state.journal.runs()).length;
  await state.journal.create(id, runbook, planned, plusMs(T, age));
  const lease = await state.journal.acquire(id, "me", T, 1_000);
  if ("heldBy" in lease) throw new Error("held");
  const result = {
    check: "c",
    uses: "check-errors",
    verdict: "pass",
    value: "",
    baseline: "",
    sample: "",
    because: "",
  } as const;
  const results = [{ ...result, ...(evidence === undefined ? {} : { evidence }) }];
  await state.journal.append(lease, 1, { type: "production-judged", verdict: "pass", results }, T);
  if (hasEnded) {
    const end = { type: "run-finished" as const, outcome: "completed" as const, because: "done", halfDone: [] };
    await state.journal.append(lease, 2, end, T);
    await state.journal.schedule(lease, undefined);
  }
  await state.journal.release(lease);
}

describe.each([
  ["a file", async () => openSqliteState(join(scratch(), "state.db"))],
  ["a bucket", async () => (await testBucket()).open()],
])("%s", (_name, open) => {
  test("is verified: a verdict whose evidence is gone is named, everything else counted", async () => {
    const state = await open();
    onTestFinished(() => state.close());
    const digest = await state.evidence.put({ counted: 1 });
    await record(state, "r1", "a", true, digest);
    await record(state, "r2", "a", false);
    expect(await verifyState(state)).toEqual({ runs: 2, events: 5, evidence: 1, problems: [] });
    await state.evidence.remove(digest);
    expect((await verifyState(state)).problems).toEqual([`Run r1: the evidence ${digest} of a verdict is missing.`]);
  });

  test("is pruned of what nobody can need any more, and of nothing else", async () => {
    const state = await open();
    onTestFinished(() => state.close());
    const [own, shared] = [await state.evidence.put({ n: 1 }), await state.evidence.put({ n: 2 })];
    await record(state, "old", "a", true, own);
    await record(state, "shares", "a", true, shared);
    await record(state, "open", "a", false, shared);
    await record(state, "holds", "a", true);
    await record(state, "newest", "a", true);
    await state.locks.hold(["cloud-run/p/r/web"], "holds", "me", T, "rolled back");

    expect((await pruneState(state, T, false)).removed).toEqual([]);
    const planned = await pruneState(state, LATER, true);
    expect(await state.journal.runs()).toHaveLength(5);
    const pruned = await pruneState(state, LATER, false);

    expect(pruned).toEqual(planned);
    expect(pruned.removed.map(({ run: id }) => id).toSorted()).toEqual(["old", "shares"]);
    expect(pruned.kept.map(({ run: id }) => id).toSorted()).toEqual(["holds", "newest", "open"]);
    expect((await state.journal.runs()).map(({ run: id }) => id).toSorted()).toEqual(["holds", "newest", "open"]);
    expect(await state.journal.read("old")).toEqual([]);
    expect([await state.evidence.get(own), await state.evidence.get(shared)]).toEqual([undefined, { n: 2 }]);
    expect((await verifyState(state)).problems).toEqual([]);
  });
});

test("a damaged event is found, and exit code 1 says so", async () => {
  const path = join(scratch(), "state.db");
  const state = await openSqliteState(path);
  await record(state, "r1", "a", true);
  await state.close();
  expect((await run(["journal", "verify", "--state", path])).code).toBe(0);
  const database = new DatabaseSync(path);
  database.exec("UPDATE events SET event = replace(event, 'done', 'gone') WHERE seq = 3");
  database.close();
  const verified = await run(["journal", "verify", "--state", path]);
  expect([verified.code, verified.stdout]).toEqual([1, ""]);
  expect(verified.stderr).toContain("Event 3 of the run r1");
  expect(verified.stderr).toContain("Restore the state from a backup");
});

test("a backup is consistent, private, and never replaces a file", async () => {
  const directory = scratch();
  const [path, to] = [join(directory, "state.db"), join(directory, "backup.db")];
  const state = await openSqliteState(path);
  onTestFinished(() => state.close());
  await record(state, "r1", "a", true);
  const backed = await run(["journal", "backup", "--state", path, "--to", to]);
  expect([backed.code, backed.stderr]).toEqual([0, ""]);
  expect(statSync(to).mode & 0o777).toBe(0o600);
  expect((await run(["journal", "verify", "--state", to])).stdout).toContain("1 run, 3 events");

  writeFileSync(to, "precious");
  const again = await run(["journal", "backup", "--state", path, "--to", to]);
  expect([again.code, statSync(to).size]).toEqual([2, "precious".length]);
  expect(again.stderr).toContain("a backup never replaces a file");
  const nowhere = join(directory, "nowhere.db");
  expect((await run(["journal", "backup", "--state", nowhere, "--to", join(directory, "x.db")])).code).toBe(2);
  expect(existsSync(nowhere)).toBe(false);
});

test("the age is a duration, and the command says what it kept and why", async () => {
  const path = join(scratch(), "state.db");
  const state = await openSqliteState(path);
  await record(state, "r1", "a", true);
  await record(state, "r2", "a", true);
  await state.close();
  expect((await run(["journal", "prune", "--older-than", "soon", "--state", path])).code).toBe(2);
  const dry = await run(["journal", "prune", "--older-than", "1d", "--dry-run", "--state", path], testIo());
  expect(dry.stdout).toMatch(
    /^Would remove 1 run and 0 of evidence\.\n {2}- r1 {2}a {2}of 2026-04-12\n {2}kept r2: it is its runbook's newest/,
  );
  expect((await run(["journal", "prune", "--older-than", "1d", "--state", path])).stdout).toMatch(/^Removed 1 run /);
});

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "upkeep-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
