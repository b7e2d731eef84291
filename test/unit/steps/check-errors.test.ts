/** check-errors over a service's requests as plain data: what is read, what is charged to whom, what is said. */
import { describe, expect, test } from "vitest";
import { PortFailure } from "../../../src/model/error.ts";
import { MINUTE, plusMs } from "../../../src/model/time.ts";
import { checkErrors } from "../../../src/steps/check-errors.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { evidenceSchema } from "../../../src/verdict/evidence.ts";
import type { Looked } from "../../../src/steps/step.ts";
import {
  asStored,
  type FakeEntry,
  type Fakes,
  NEW,
  OLD,
  T0,
  day,
  every,
  fakes,
  lookContext,
  request,
  service,
} from "./fake-ports.ts";

const args = checkErrors.args.parse({});

async function look(world: Fakes, minutes: number, horizon = minutes, options = {}): Promise<Looked> {
  const [result] = await checkErrors.look(lookContext(world, args, minutes, horizon, options));
  if (result === undefined) throw new Error("no result");
  return result;
}

/** One error every three minutes for a day before, and after. */
const background = (until: number): FakeEntry[] => every(-day, until, 3).map((minute) => request(minute + 0.5, 500));
const slow504 = (minute: number): FakeEntry => request(minute, 504, { url: "/v1/sync/long", latencyMs: 900 });

describe("the checkpoint that a person wrote by hand", () => {
  const spike = every(0, 1, 1 / 40).map((minute) => request(minute, 503, { url: "/v1/users/1" }));
  const world = fakes([...background(26), ...spike, slow504(-600), slow504(-300), slow504(-100), slow504(12)]);

  test("passes at T+20m and says what it excludes", async () => {
    const result = await look(world, 24, 20);
    expect(result).toMatchObject({
      verdict: "pass",
      value: "7 × 5xx in 18m (23.3/h)",
      baseline: "20.1/h over 24h",
      sample: "1,800 requests",
      completeUntil: plusMs(T0, 20 * MINUTE),
      because: expect.stringMatching(/^any rise above x[\d.]+ is excluded \(95 %\)$/),
      evidence: { v: 1, totalsKnown: true },
    });
    expect(result.link).toBe(`https://logs/requests/2026-04-12T04:09:00.000Z/2026-04-12T04:27:00.000Z/${NEW}`);
  });

  test("names the pattern and the 504 that were there before, and shows the spike apart", async () => {
    const { groups, series } = await look(world, 24, 20);
    const shown = groups?.map(({ kind, group, candidate }) => [kind, group, candidate.errors]);
    expect(shown).toEqual([
      ["pre-existing", "GET /v1/sync/long 504", 1],
      ["pre-existing", "GET /v1/conversations 500", 6],
      ["switch-window", "a spike of 1m: 41 errors, gone since 04:08 UTC", 41],
    ]);
    expect(groups?.[0]).toMatchObject({ baseline: { errors: 3, requests: 144_000, minutes: 1440 } });
    expect(groups?.[1]?.example).toBe("GET /v1/conversations/8731 500 after 120 ms, 04:07:30 UTC");
    expect(series).toMatchObject({ from: plusMs(T0, -30 * MINUTE), switchedAt: T0 });
    expect(series?.errors[30]).toBe(41);
    expect(series?.errors.length).toBeLessThanOrEqual(120);
  });

  test("the stored evidence alone gives the same verdict again", async () => {
    const result = await look(world, 24, 20);
    const stored = evidenceSchema.parse(asStored(result));
    expect(judge(stored)).toMatchObject({ verdict: result.verdict, because: result.because });
  });
});

describe("what is read", () => {
  test("the baseline once, then only the minutes that are new", async () => {
    const world = fakes(background(60));
    await look(world, 10);
    expect(world.logs.queries.map(({ since, until }) => [since, until])).toEqual([
      ["2026-04-11T04:06:00.000Z", "2026-04-12T04:06:00.000Z"],
      ["2026-04-12T04:06:00.000Z", "2026-04-12T04:15:00.000Z"],
    ]);
    await look(world, 11);
    expect(world.logs.queries.slice(2).map(({ since, until }) => [since, until])).toEqual([
      ["2026-04-12T04:15:00.000Z", "2026-04-12T04:16:00.000Z"],
    ]);
  });

  test("looking every minute ends at the same bytes as looking once", async () => {
    const entries = background(60);
    const often = fakes(entries);
    for (let minutes = 1; minutes < 64; minutes++) await look(often, minutes);
    const { evidence } = await look(often, 64, 60);
    expect(evidence).toEqual((await look(fakes(entries), 64, 60)).evidence);
  });

  test("the baseline is frozen: entries that appear later change nothing", async () => {
    const world = fakes(background(60));
    const before = await look(world, 24, 20);
    const later = {
      ...world,
      logs: fakes([...background(60), ...every(-day, -1, 1).map((m) => request(m, 500))]).logs,
    };
    expect((await look(later, 25, 20)).baseline).toBe(before.baseline);
  });

  test("entries returned twice count once", async () => {
    const entries = background(26);
    const result = await look(fakes([...entries, ...entries]), 24, 20);
    expect(result.value).toBe("6 × 5xx in 18m (20.0/h)");
  });

  test("beyond fifty pages the look ends, inconclusive, and the next one goes on", async () => {
    const world = fakes(background(30 * 60), 10);
    const first = await look(world, 30 * 60);
    expect(first).toMatchObject({
      verdict: "inconclusive",
      because: "more than 50 pages of entries in one look: read until 2026-04-13T05:04:00.000Z",
    });
    expect(world.logs.calls).toBe(98);
    expect((await look(world, 30 * 60)).verdict).toBe("pass");
  });

  test("a baseline that is too large is cut where the reading ended", async () => {
    const world = fakes(background(26), 5);
    const result = await look(world, 24, 20);
    // 50 pages of 5 entries, one every 3 minutes.
    expect(result.baseline).toMatch(/\/h over 12h2[0-9]m$/);
  });

  test("a failure midway keeps what was read", async () => {
    const world = fakes(background(26), 100);
    world.logs.failure = new PortFailure("rate-limited", "quota");
    world.logs.failAt = 3;
    await expect(look(world, 24, 20)).rejects.toThrow("quota");
    world.logs.failure = undefined;
    expect((await look(world, 24, 20)).value).toBe("6 × 5xx in 18m (20.0/h)");
    expect(world.logs.queries[1]?.since).toBe("2026-04-11T14:04:00.000Z");
  });
});

describe("attribution", () => {
  test("late victims of the old code are shown and not charged", async () => {
    const victims = every(3, 10, 0.25).map((minute) =>
      request(minute, 504, { url: "/v1/chat", latencyMs: 600_000, version: NEW }),
    );
    const byOld = every(3, 5, 0.5).map((minute) => request(minute, 500, { url: "/v1/old", version: OLD }));
    const result = await look(fakes([...background(26), ...victims, ...byOld]), 24, 20);
    expect(result.verdict).toBe("pass");
    expect(result.groups?.filter(({ kind }) => kind === "late-victim")).toMatchObject([
      { group: "GET /v1/chat 504", candidate: { errors: 28 } },
      { group: "GET /v1/old 500", candidate: { errors: 4 } },
    ]);
  });

  test("a rise fails, names the route, and stays failed when it ends", async () => {
    const rise = every(3, 9, 1 / 4).map((minute) => request(minute, 500, { url: "/v1/memories/1" }));
    const world = fakes([...background(70), ...rise]);
    const early = await look(world, 12, 12);
    expect(early).toMatchObject({
      verdict: "fail",
      because: "GET /v1/memories 500: 20 in 6m, none in 24h before, certain since 04:13 UTC (and 1 more)",
    });
    expect(early.groups?.[0]).toMatchObject({ kind: "new", group: "GET /v1/memories 500" });
    expect((await look(world, 64, 60)).verdict).toBe("fail");
  });

  test("before the switch has settled only a catastrophe fails", async () => {
    const half = every(-1, 3, 1 / 50).map((minute) => request(minute, 500, { version: NEW }));
    const world = fakes([...background(0), ...half]);
    expect(await look(world, 5, 1)).toMatchObject({ verdict: "inconclusive" });
    expect(await look(world, 8, 4)).toMatchObject({
      verdict: "fail",
      because: expect.stringContaining("at least half"),
    });
    expect((await look(fakes(background(10)), 5, 1)).because).toBe("nothing was measured yet since the switch settled");
  });
});

describe("no data is never a pass", () => {
  test("no requests at all", async () => {
    const world = fakes(background(0));
    world.metrics.perMinute = { before: 100, after: 0 };
    expect(await look(world, 64, 60)).toMatchObject({
      verdict: "inconclusive",
      because: "no requests at all since the switch settled, where 5800 were to be expected",
    });
  });

  test("traffic below 30 % of the same hour warns, and so does latency", async () => {
    const world = fakes(background(0));
    world.metrics.perMinute = { before: 100, after: 29 };
    expect(await look(world, 64, 60)).toMatchObject({ verdict: "warn", because: expect.stringContaining("29 %") });
    const slow = fakes(background(64));
    slow.metrics.p95 = { before: 100, after: 250 };
    expect(await look(slow, 64, 60)).toMatchObject({ verdict: "warn", because: expect.stringContaining("250 ms") });
  });

  test("latency is asked for every five minutes while the window fills, and of the whole window when it is full", async () => {
    const world = fakes(background(64));
    for (const minute of every(5, 19, 1)) await look(world, minute, minute);
    expect(world.metrics.latenciesUntil).toEqual([3, 8, 13]);
    world.metrics.p95 = { before: 100, after: 250 };
    expect((await look(world, 19, 19)).verdict).not.toBe("warn");
    expect(await look(world, 20, 15)).toMatchObject({ because: expect.stringContaining("250 ms") });
    await look(world, 21, 15);
    expect(world.metrics.latenciesUntil).toEqual([3, 8, 13, 15]);
  });

  test("metrics that do not answer make the totals unknown: judged over time, alive only by log entries", async () => {
    const quiet = fakes([...background(64), request(40, 200)]);
    quiet.metrics.failure = new PortFailure("unauthorised", "no monitoring.viewer");
    expect(await look(quiet, 64, 60)).toMatchObject({ verdict: "pass", sample: "requests unknown, 20 log entries" });
    const dead = fakes(background(0));
    dead.metrics.failure = new PortFailure("unavailable", "down");
    expect(await look(dead, 64, 60)).toMatchObject({
      verdict: "inconclusive",
      because: "only 0 log entries of any kind from the new version; 20 are needed to judge",
    });
  });

  test("metrics that come back are used again", async () => {
    const world = fakes(background(64));
    world.metrics.failure = new PortFailure("unavailable", "down");
    await look(world, 20);
    world.metrics.failure = undefined;
    expect((await look(world, 64, 60)).sample).toBe("5,800 requests");
  });

  test("too short a baseline is refused with the reason", async () => {
    const excluded = [{ from: plusMs(T0, -day * MINUTE), until: plusMs(T0, -50 * MINUTE) }];
    expect(await look(fakes(background(26)), 24, 20, { excluded })).toMatchObject({
      verdict: "inconclusive",
      because: "the baseline has only 50 clean minutes of the 60 needed",
    });
  });

  test("other deploys are cut out of the baseline", async () => {
    const incident = every(-300, -280, 0.1).map((minute) => request(minute, 500));
    const excluded = [{ from: plusMs(T0, -301 * MINUTE), until: plusMs(T0, -279 * MINUTE) }];
    const result = await look(fakes([...background(26), ...incident]), 24, 20, { excluded });
    expect(result.baseline).toBe("20.0/h over 23h38m");
  });

  test("a service that has not switched", async () => {
    expect(await look(fakes([]), 24, 20, { services: [service({ switched: false })] })).toMatchObject({
      verdict: "inconclusive",
      because: "it has not switched to what this run deployed",
    });
  });

  test("an outage of the log is thrown, so that the look can be taken again", async () => {
    const world = fakes(background(26));
    world.logs.failure = new PortFailure("unavailable", "down");
    await expect(look(world, 24, 20)).rejects.toThrow("down");
    world.logs.failure = new PortFailure("unauthorised", "no logging.viewer");
    expect(await look(world, 24, 20)).toMatchObject({
      verdict: "inconclusive",
      because: "could not be measured: no logging.viewer",
    });
  });
});

test("arguments: single statuses and classes, nothing else", async () => {
  expect(checkErrors.args.safeParse({ statuses: ["4xx", "503"] }).success).toBe(true);
  expect(checkErrors.args.safeParse({ statuses: ["200"] }).success).toBe(false);
  expect(checkErrors.args.safeParse({ for: "2h" }).success).toBe(false);
  const world = fakes(every(-day, 26, 5).flatMap((m) => [request(m, 404), request(m, 499), request(m, 500)]));
  const [result] = await checkErrors.look(lookContext(world, checkErrors.args.parse({ statuses: ["499"] }), 24, 20));
  expect(world.logs.queries[0]?.minStatus).toBe(499);
  const routes = result?.groups?.filter(({ kind }) => kind !== "switch-window").map(({ group }) => group);
  expect(routes).toEqual(["GET /v1/conversations 499"]);
});
