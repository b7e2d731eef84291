/** Laws of the simulated traffic: pure in its arguments, bounded by the present, the same as logs and as metrics. */
import { describe, expect, test } from "vitest";
import { HOUR, type Instant, instant, MINUTE, msOf, plusMs, SECOND } from "../../../src/model/time.ts";
import { CloudRunState } from "../../../src/simulator/cloud-run-state.ts";
import type { EntryHint, SimulatedEntry } from "../../../src/simulator/log-source.ts";
import { Traffic } from "../../../src/simulator/traffic.ts";
import type { TrafficProfile } from "../../../src/simulator/traffic-profile.ts";
import { World } from "../../../src/simulator/world.ts";

const START = instant("2026-04-12T04:00:00.000Z");
const REQUESTS = "projects/p/logs/run.googleapis.com%2Frequests";
const ALL: EntryHint = { resourceLabels: {} };
const PROFILE: TrafficProfile = {
  requestsPerMinute: 12,
  routes: [{ method: "GET", path: "/v1/a/{id}", share: 1 }],
  infoPerMinute: 3,
  errors: [
    { method: "GET", route: "/v1/b", status: 500, everyMinutes: 3 },
    { method: "GET", route: "/v1/c", status: 504, latencyMs: 60_000, perMinute: 0.5, message: "timed out" },
  ],
  failures: [{ onRevision: "new", share: 0.3, status: 500, message: "ImportError" }],
  spike: { errors: 30, method: "GET", route: "/v1/d", status: 503 },
};

function make(seed = 3, profile = PROFILE): { world: World; cloudRun: CloudRunState; traffic: Traffic; key: string } {
  const world = new World({ now: START, seed });
  const cloudRun = new CloudRunState(world);
  const traffic = new Traffic(world, cloudRun);
  const revision = { name: "s-00001-old", image: "i", createdAt: plusMs(START, -72 * HOUR) };
  const key = cloudRun.addService({ project: "p", region: "r", name: "s", revision });
  traffic.setProfile(key, profile);
  return { world, cloudRun, traffic, key };
}

function read(traffic: Traffic, since: Instant, until: Instant, hint: EntryHint = ALL): readonly SimulatedEntry[] {
  return [...traffic.entries(since, until, hint)];
}

test("the same seed gives the same entries, another seed others", () => {
  const window = [plusMs(START, -HOUR), START] as const;
  expect(read(make(3).traffic, ...window)).toEqual(read(make(3).traffic, ...window));
  expect(read(make(3).traffic, ...window)).not.toEqual(read(make(4).traffic, ...window));
});

test("what was seen once is seen again later, whatever happened since", () => {
  const { world, cloudRun, traffic, key } = make();
  cloudRun.deploy(key, { image: "i:2" });
  for (let second = 5; second <= 120; second += 5) {
    // Entries become visible five seconds after their timestamp.
    const visible = (): readonly SimulatedEntry[] =>
      read(traffic, plusMs(START, -MINUTE), plusMs(START, (second - 5) * SECOND));
    world.advanceTo(plusMs(START, second * SECOND));
    const before = visible();
    if (second === 60) traffic.setProfile(key, { ...PROFILE, requestsPerMinute: 100 });
    world.advanceTo(plusMs(START, second * SECOND + 4_000));
    expect(visible()).toEqual(before);
  }
});

test("a window split at any place gives the same entries", () => {
  const { traffic } = make();
  const [since, middle] = [plusMs(START, -20 * MINUTE), instant("2026-04-12T03:47:13.500Z")];
  const split = [...read(traffic, since, middle), ...read(traffic, middle, START)];
  expect(split).toEqual(read(traffic, since, START));
  expect(new Set(split.map(({ insertId, logName }) => insertId + logName)).size).toBe(split.length);
});

test.each<[string, EntryHint, (entry: SimulatedEntry) => boolean]>([
  ["only failing requests", { ...ALL, minStatus: 500 }, ({ httpRequest }) => (httpRequest?.status ?? 0) >= 500],
  ["only one log", { ...ALL, logName: REQUESTS }, ({ logName }) => logName === REQUESTS],
  ["only errors", { ...ALL, minSeverity: "ERROR" }, ({ severity }) => severity === "ERROR"],
])("a hint leaves out only what cannot match: %s", (_name, hint, matches) => {
  const { world, cloudRun, traffic, key } = make();
  cloudRun.deploy(key, { image: "i:2" });
  world.advanceTo(plusMs(START, 10 * MINUTE));
  const window = [plusMs(START, -10 * MINUTE), world.now] as const;
  expect(read(traffic, ...window, hint).filter(matches)).toEqual(read(traffic, ...window).filter(matches));
});

describe("a switch", () => {
  const { world, cloudRun, traffic, key } = make();
  const fresh = cloudRun.deploy(key, { image: "i:2" });
  world.advanceTo(plusMs(START, HOUR));
  const entries = read(traffic, plusMs(START, -HOUR), world.now, { ...ALL, logName: REQUESTS });
  const switchedMs = msOf(START) + 30 * SECOND;

  test("divides the requests by when they started", () => {
    for (const { timestamp, resource, httpRequest } of entries) {
      const latencyMs = Number(httpRequest?.latency.replace("s", "")) * 1_000;
      // Ordinary requests are short: they are divided by their own moment.
      const startedMs = latencyMs >= 60_000 ? Date.parse(timestamp) - latencyMs : Date.parse(timestamp);
      if (Math.abs(startedMs - switchedMs) < 1_000) continue;
      expect(resource.labels["revision_name"]).toBe(startedMs < switchedMs ? "s-00001-old" : fresh);
    }
  });

  test("has its spike within a minute, and only once", () => {
    const spike = entries.filter(({ httpRequest }) => httpRequest?.status === 503);
    expect(spike).toHaveLength(30);
    for (const { timestamp } of spike) expect(Math.abs(Date.parse(timestamp) - switchedMs)).toBeLessThan(MINUTE);
  });

  test("brings the failures of the new revision only", () => {
    const failing = entries.filter(
      ({ httpRequest }) => httpRequest?.requestUrl.includes("/v1/a/") && httpRequest.status === 500,
    );
    expect(failing.every(({ resource }) => resource.labels["revision_name"] === fresh)).toBe(true);
    const ordinary = entries.filter(
      ({ httpRequest, resource }) =>
        httpRequest?.requestUrl.includes("/v1/a/") === true && resource.labels["revision_name"] === fresh,
    );
    expect(failing.length / ordinary.length).toBeGreaterThan(0.22);
    expect(failing.length / ordinary.length).toBeLessThan(0.38);
  });
});

test("a regular error comes at its interval, one at its moment, a daily cycle has its peak", () => {
  const at = plusMs(START, -7 * HOUR);
  const { traffic, key } = make(5, {
    requestsPerMinute: 100,
    dailyAmplitude: 0.5,
    peakHour: 18,
    routes: [],
    errors: [
      { method: "GET", route: "/regular", status: 500, everyMinutes: 3 },
      { method: "GET", route: "/once", status: 504, at, latencyMs: 600_000 },
    ],
  });
  const failing = read(traffic, plusMs(START, -24 * HOUR), START, { ...ALL, minStatus: 500 });
  expect(failing.filter(({ httpRequest }) => httpRequest?.status === 500)).toHaveLength(480);
  expect(failing.filter(({ httpRequest }) => httpRequest?.status === 504)).toMatchObject([
    { timestamp: expect.stringContaining(at.slice(0, 23)), httpRequest: { latency: "600.000000s" } },
  ]);
  const hour = (from: Instant): number =>
    Array.from({ length: 60 }, (_, minute) => traffic.counts(key, msOf(from) + minute * MINUTE))
      .flat()
      .reduce((sum, { count }) => sum + count, 0);
  const [peak, trough] = [hour(instant("2026-04-11T17:30:00Z")), hour(instant("2026-04-11T05:30:00Z"))];
  expect(peak / trough).toBeGreaterThan(2.6);
  expect(peak / trough).toBeLessThan(3.4);
});
