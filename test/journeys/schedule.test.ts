/** Checks that a schedule asks for: judged once each, with what was missed listed, by cron and by the daemon. */
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openSqliteState } from "../../src/journal/sqlite-state.ts";
import { type Progress, progressOf } from "../../src/model/progress.ts";
import { HOUR, MINUTE } from "../../src/model/time.ts";
import { type SmallWorld, startSmallWorld } from "../support/small-world.ts";

const DIRECTORY = join(import.meta.dirname, "../support/runbooks/scheduled");

let world: SmallWorld;
afterEach(() => world.close());

async function start(): Promise<void> {
  world = await startSmallWorld("small-good", "file", join(DIRECTORY, "watched.yaml"), { RUNBOOK_DIR: DIRECTORY });
}

async function checks(): Promise<readonly Progress[]> {
  const state = await openSqliteState(world.state);
  try {
    const runs = await state.journal.runs({ runbook: "watched@schedule" });
    return await Promise.all(runs.toReversed().map(async ({ run }) => progressOf(await state.journal.read(run))));
  } finally {
    await state.close();
  }
}

test("check --due judges each moment once, late at its true time, and lists what nobody judged", async () => {
  await start();
  expect((await world.run("check", "--due")).code).toBe(0);
  expect(await checks()).toMatchObject([{ run: "20260412-0400-watched", checkpoints: {} }]);
  await world.pass(12 * MINUTE);
  const judged = await world.run("check", "--due");
  expect([judged.code, judged.stderr]).toEqual([0, ""]);
  expect(judged.stdout).toMatch(/✓ watched now +PASS/);
  expect((await world.run("check", "--due")).stdout).toBe("Nothing is due.\n");

  await world.pass(2 * HOUR);
  await world.run("check", "--due");
  const [first, second, ...others] = await checks();
  expect(others).toEqual([]);
  expect(first?.finished).toMatchObject({ outcome: "completed", verdict: "pass" });
  expect(second?.plan.scheduled).toMatchObject({ at: "2026-04-12T06:00:00.000Z", missedInAll: 3 });
  expect(second?.plan.scheduled?.missed.map((at) => at.slice(11, 16))).toEqual(["05:30", "05:00", "04:30"]);
  expect(second?.checkpoints["15m"]).toMatchObject({ verdict: "pass" });
  expect(second?.checkpoints["15m"]?.lateMs).toBeGreaterThan(MINUTE);
  expect(world.cloud.github.effects.dispatches).toHaveLength(0);
});

test("the daemon judges them as they come, and says when it drains what is left", async () => {
  await start();
  const io = world.io();
  io.when(/check of watched at 04:30[\s\S]*✓ watched now/, () => io.interrupt());
  const { main } = await import("../../src/commands/cli.ts");
  const code = await main(["serve", "--state", world.state, "--simulated"], io);
  expect(code).toBe(0);
  expect((await checks()).map(({ run }) => run)).toEqual(["20260412-0400-watched", "20260412-0430-watched"]);
  expect(io.text("stdout")).toContain("check of watched at 04:30 UTC (*/30 * * * *, Europe/Berlin): the last 15m");
  expect(io.text("stderr")).toMatch(
    /drained; left to the next `runbook serve` or `runbook check --due`: (0 open runs|1 open run, 1 due now)/,
  );
});
