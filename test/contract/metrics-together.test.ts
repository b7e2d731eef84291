/** The metrics of several services in one request: the same numbers as asked for one by one, over the real client. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CloudRunTarget } from "../../src/model/service.ts";
import { type Instant, MINUTE, plusMs } from "../../src/model/time.ts";
import { type SeedCloud, startSeedCloud } from "../support/seed-cloud.ts";

let seed: SeedCloud;
let targets: readonly CloudRunTarget[];
let window: readonly [Instant, Instant];
beforeAll(async () => {
  seed = await startSeedCloud();
  targets = seed.targets.flatMap((target) => (target.platform === "cloud-run" ? [target] : []));
  const until = plusMs(seed.cloud.clock.now(), -5 * MINUTE);
  window = [plusMs(until, -20 * MINUTE), until];
});
afterAll(() => seed.close());

test("counts by service, also of one that is not there", async () => {
  const { metrics } = seed.cloud.ports;
  const [first] = targets;
  if (first === undefined) throw new Error("three services");
  const asked = [...targets, { ...first, service: "nobody" }, { ...first, region: "elsewhere" }];
  const together = await metrics.requestCountsTogether?.(asked, ...window);
  const alone = await Promise.all(asked.map((target) => metrics.requestCounts(target, ...window)));
  expect(together).toEqual(alone);
  expect(alone.map((counts) => counts.length > 0)).toEqual([true, true, true, false, false]);
});

test("percentiles by service and by revision; who answered nothing is unknown", async () => {
  const { metrics } = seed.cloud.ports;
  const ofServices = await metrics.latencyP95Together?.(
    targets.map((target) => ({ target })),
    ...window,
  );
  expect(ofServices).toEqual(await Promise.all(targets.map((target) => metrics.latencyP95(target, ...window))));
  expect(new Set(ofServices).size).toBeGreaterThan(1);
  const revisions = await Promise.all(
    targets.map(async (target) => (await metrics.requestCounts(target, ...window))[0]?.revision ?? ""),
  );
  const served = [...targets, ...targets.slice(0, 1)].map((target, index) => ({
    target,
    revision: revisions[index] ?? "backend-00000-none",
  }));
  expect(await metrics.latencyP95Together?.(served, ...window)).toEqual([...(ofServices ?? []), "unknown"]);
});

test("several values of a field are one series where nothing tells them apart", async () => {
  const { metrics } = seed.cloud.ports;
  const [since, until] = window;
  const names = targets.map(({ service }) => `"${service}"`).join(", ");
  const filter = `metric.type="run.googleapis.com/request_count" AND resource.labels.service_name=one_of(${names})`;
  const project = targets[0]?.project ?? "";
  const points = await metrics.query({ project, filter, since, until, aligner: "delta", reducer: "sum" });
  const counts = (await Promise.all(targets.map((target) => metrics.requestCounts(target, since, until)))).flat();
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  expect(points.reduce((sum, { value }) => sum + value, 0)).toBe(total);
  expect(total).toBeGreaterThan(0);
});
