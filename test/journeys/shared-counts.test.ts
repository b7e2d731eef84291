/** A gate and a check of the monitor that count the same read it once. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SLOW_MS } from "../support/journey.ts";
import { seeCalls } from "../support/seen-calls.ts";
import { SMALL, startSmallWorld } from "../support/small-world.ts";

let home: string;
beforeAll(async () => void (home = await mkdtemp(join(tmpdir(), "runbooks-"))));
afterAll(() => rm(home, { recursive: true, force: true }));

/** How often the small deploy, with a gate of these statuses before its last step, reads the request log. */
async function readsOfLog(statuses: string): Promise<number> {
  const gate = `  - id: web-errors\n    uses: check-errors\n    services: [web]\n    with: { for: 5m, statuses: ${statuses} }\n`;
  const runbook = join(home, "small.yaml");
  await writeFile(runbook, (await readFile(SMALL, "utf8")).replace("  - id: worker-rollout\n", `${gate}$&`));
  const world = await startSmallWorld("small-good", "file", runbook);
  try {
    let reads = 0;
    seeCalls(world.cloud.faults, (_api, call) => {
      if (call === "list-entries") reads++;
    });
    expect((await world.run("deploy", runbook, "--yes", "--pr", "12")).code).toBe(0);
    return reads;
  } finally {
    await world.close();
  }
}

test(
  "the same statuses are read once, others for themselves",
  async () => {
    const [together, apart] = [await readsOfLog('["5xx"]'), await readsOfLog('["5xx", "499"]')];
    expect(together).toBeGreaterThan(5);
    // Five minutes and their settling by the gate, and its baseline.
    expect(apart - together).toBeGreaterThanOrEqual(5);
  },
  SLOW_MS,
);
