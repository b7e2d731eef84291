/** A rehearsal at a chosen speed is the same rehearsal, watched. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, SLOW_MS, testIo, withoutRunIds } from "../support/journey.ts";

const io = (): ReturnType<typeof testIo> => testIo({ RUNBOOK_DIR: join(import.meta.dirname, "../support/runbooks") });
const REHEARSE = ["rehearse", "small", "--scenario", "workflow-fails", "--json"];

/** What the journal has, without what is drawn for each run. */
async function eventsOf(...more: readonly string[]): Promise<readonly string[]> {
  return withoutRunIds((await run([...REHEARSE, ...more], io())).stdout).split("\n");
}

test(
  "at 9999x there happens what happens as fast as possible",
  async () => {
    const fast = await eventsOf("--speed", "max");
    expect(fast.length).toBeGreaterThan(5);
    expect(await eventsOf("--speed", "9999x")).toEqual(fast);
  },
  SLOW_MS,
);

test("a speed that is none is refused before anything is simulated", async () => {
  const { code, stdout, stderr } = await run([...REHEARSE, "--speed", "fast"], io());
  expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining("Give --speed as 1x")]);
});
