/** The log of several services in one request: the same entries as asked for one by one, over the real client. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR, MINUTE, plusMs } from "../../src/model/time.ts";
import type { LogPage, LogQuery } from "../../src/ports/logs.ts";
import { type SeedCloud, startSeedCloud } from "../support/seed-cloud.ts";

let seed: SeedCloud;
beforeAll(async () => {
  seed = await startSeedCloud();
});
afterAll(() => seed.close());

function queries(query: Omit<LogQuery, "target" | "since" | "until">, ms = HOUR): readonly LogQuery[] {
  const until = plusMs(seed.cloud.clock.now(), -MINUTE);
  const asked =
    query.log === "requests" ? seed.targets.filter(({ platform }) => platform === "cloud-run") : seed.targets;
  return asked.map((target) => ({ ...query, target, since: plusMs(until, -ms), until }));
}

async function oneByOne(asked: readonly LogQuery[]): Promise<LogPage[]> {
  const pages: LogPage[] = [];
  for (const query of asked) pages.push(await seed.cloud.ports.logs.page(query));
  return pages;
}

test.each([
  ["the requests of three services", { log: "requests", minStatus: 200 }, 3],
  ["errors of services and workloads", { log: "application", minSeverity: "ERROR", orContainsAny: ["handled"] }, 5],
] as const)("%s", async (_name, query, count) => {
  const asked = queries(query, MINUTE);
  const together = await seed.cloud.ports.logs.together?.(asked);
  expect(together).toHaveLength(count);
  expect(together).toEqual(await oneByOne(asked));
  expect(together?.filter(({ records }) => records.length > 0).length).toBeGreaterThanOrEqual(2);
});

test("each of its own version", async () => {
  const [backend, sync] = queries({ log: "requests", minStatus: 400 });
  if (backend === undefined || sync === undefined) throw new Error("three services");
  const [page] = await oneByOne([backend]);
  const version = page?.records[0]?.version ?? "";
  const asked = [
    { ...backend, version },
    { ...sync, version: "backend-sync-00001-none" },
  ];
  const together = await seed.cloud.ports.logs.together?.(asked);
  expect(together).toEqual([page, { records: [] }]);
});

test("what does not fit a page is told: nobody gets a part of it", async () => {
  expect(await seed.cloud.ports.logs.together?.(queries({ log: "requests" }))).toBeUndefined();
});
