/** Threads that break in the middle of a matrix. */
import { afterEach, expect, test } from "vitest";
import { RehearsalWorkers } from "../../../src/commands/rehearsal-workers.ts";
import type { MatrixRow } from "../../../src/rehearsal/matrix.ts";
import { silentIo } from "../../support/silent-io.ts";

const io = silentIo();

let workers: RehearsalWorkers | undefined;
afterEach(() => workers?.close());

async function rowsOf(scenarios: readonly string[], file?: URL): Promise<readonly MatrixRow[]> {
  workers = new RehearsalWorkers(io, file ?? new URL("../../support/breaking-worker.ts", import.meta.url));
  const orders = scenarios.map((scenario) => ({ name: "any", scenario, seed: 1 }));
  const told: string[] = [];
  const rows = await workers.rows(orders, ({ scenario }) => told.push(scenario));
  expect(told.toSorted()).toEqual(scenarios.toSorted());
  return orders.flatMap((order) => rows.get(order) ?? []);
}

test("a worker that breaks, ends or answers nonsense is a surprise of its scenario, and the others go on", async () => {
  const rows = await rowsOf(["throws", "a", "exits", "b", "nonsense", "c", "throws", "exits", "d"]);
  expect(rows.map(({ scenario, surprises }) => [scenario, surprises.length === 0])).toEqual([
    ["throws", false],
    ["a", true],
    ["exits", false],
    ["b", true],
    ["nonsense", false],
    ["c", true],
    ["throws", false],
    ["exits", false],
    ["d", true],
  ]);
  expect(rows[0]?.surprises).toEqual(["the rehearsal itself broke: out of something"]);
  expect(rows[2]?.because).toBe("its thread ended with 7");
});

test("workers that cannot even begin make every scenario a surprise", async () => {
  const rows = await rowsOf(["a", "b", "c"], new URL("no-such-worker.ts", import.meta.url));
  expect(rows.every(({ because }) => because.includes("no-such-worker"))).toBe(true);
});
