/** What of the metrics is read together, and what everybody gets when that cannot be. */
import { expect, test } from "vitest";
import { sharingMetrics } from "../../../src/engine/shared-metrics.ts";
import { PortFailure } from "../../../src/model/error.ts";
import type { CloudRunTarget } from "../../../src/model/service.ts";
import { instant, MINUTE, plusMs } from "../../../src/model/time.ts";
import type { Metrics, RequestCount } from "../../../src/ports/metrics.ts";

const START = instant("2026-04-12T04:00:00.000Z");
const UNTIL = plusMs(START, MINUTE);

function target(service: string, project = "shop"): CloudRunTarget {
  return { platform: "cloud-run", project, region: "r", service };
}

/** Metrics in which every service answered one request, by a revision of its name, in as many milliseconds as that is long. */
function start(failure?: PortFailure): { readonly metrics: Metrics; readonly calls: string[] } {
  const calls: string[] = [];
  const countsOf = ({ service }: CloudRunTarget): RequestCount[] => [
    { minute: START, revision: service, statusClass: "2xx", count: 1 },
  ];
  const metrics: Metrics = {
    query: async () => [],
    requestCounts: async (one) => {
      calls.push(one.service);
      return countsOf(one);
    },
    latencyP95: async (one, _since, _until, revision) => {
      calls.push(`p95 ${revision ?? one.service}`);
      return one.service.length;
    },
    requestCountsTogether: async (targets) => {
      calls.push(targets.map(({ service }) => service).join("+"));
      if (failure !== undefined) throw failure;
      return targets.map(countsOf);
    },
    latencyP95Together: async (asked) => {
      calls.push(`p95 ${asked.map(({ target: { service }, revision }) => revision ?? service).join("+")}`);
      if (failure !== undefined) throw failure;
      return asked.map((one) => one.target.service.length);
    },
  };
  return { metrics: sharingMetrics(metrics), calls };
}

async function counted(metrics: Metrics, names: readonly string[]): Promise<readonly (string | undefined)[]> {
  const counts = await Promise.all(names.map((name) => metrics.requestCounts(target(name), START, UNTIL)));
  return counts.map(([first]) => first?.revision);
}

test("what is asked for in one moment is one read, and each gets its own", async () => {
  const { metrics, calls } = start();
  expect(await counted(metrics, ["a", "bb", "ccc"])).toEqual(["a", "bb", "ccc"]);
  const latencies = [
    metrics.latencyP95(target("a"), START, UNTIL, "a-1"),
    metrics.latencyP95(target("bb"), START, UNTIL, "bb-7"),
  ];
  expect(await Promise.all(latencies)).toEqual([1, 2]);
  expect(calls).toEqual(["a+bb+ccc", "p95 a-1+bb-7"]);
});

test("other minutes, other projects, and one revision beside all of them are apart", async () => {
  const { metrics, calls } = start();
  await Promise.all([
    metrics.requestCounts(target("a"), START, UNTIL),
    metrics.requestCounts(target("b"), plusMs(START, -MINUTE), UNTIL),
    metrics.requestCounts(target("c", "other"), START, UNTIL),
    metrics.latencyP95(target("a"), START, UNTIL, "a-1"),
    metrics.latencyP95(target("b"), START, UNTIL),
  ]);
  expect(calls.toSorted()).toEqual(["a", "b", "c", "p95 a-1", "p95 b"]);
});

test("two revisions of one service are one read, too", async () => {
  const { metrics, calls } = start();
  await Promise.all([
    metrics.latencyP95(target("a"), START, UNTIL, "a-1"),
    metrics.latencyP95(target("a"), START, UNTIL, "a-2"),
  ]);
  expect(calls).toEqual(["p95 a-1+a-2"]);
});

test("a question that is not understood for all is asked for each; an outage is everybody's", async () => {
  const refused = start(new PortFailure("invalid", "one of them"));
  expect(await counted(refused.metrics, ["a", "bb"])).toEqual(["a", "bb"]);
  expect(refused.calls).toEqual(["a+bb", "a", "bb"]);
  const down = start(new PortFailure("unavailable", "down"));
  await expect(counted(down.metrics, ["a", "bb"])).rejects.toThrow("down");
  expect(down.calls).toEqual(["a+bb"]);
});
