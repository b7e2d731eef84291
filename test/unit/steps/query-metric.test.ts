/** query-metric over a metric as plain data, from both sources: what it asks, what crosses a threshold, what no data is. */
import { describe, expect, test } from "vitest";
import { PortFailure } from "../../../src/model/error.ts";
import { instant, MINUTE, plusMs } from "../../../src/model/time.ts";
import type { Http, ProbeRequest } from "../../../src/ports/http.ts";
import { queryMetric } from "../../../src/steps/query-metric.ts";
import { rejudge } from "../../../src/steps/rejudge.ts";
import type { Looked } from "../../../src/steps/step.ts";
import { asStored, type Fakes, fakes, lookContext, service, T0 } from "./fake-ports.ts";

const monitoring = { project: "p", filter: 'metric.type="custom.googleapis.com/queue"' };
type Values = (minute: number) => number | undefined;

async function look(
  values: Values,
  args: object,
  options: { minutes?: number; horizon?: number; world?: Fakes } & Record<string, unknown> = {},
): Promise<Looked> {
  const { minutes = 24, horizon = 20, world = fakes([]), ...context } = options;
  world.metrics.values = values;
  const parsed = queryMetric.args.parse({ monitoring, ...args });
  const [result] = await queryMetric.look({ ...lookContext(world, parsed, minutes, horizon), ...context });
  if (result === undefined) throw new Error("no result");
  return result;
}

describe("absolute thresholds", () => {
  const above = { above: { fail: 100, warn: 50 } };

  test.each<[string, Values, object]>([
    ["well below", () => 10, { verdict: "pass", because: "18 values, median 10, never above 100 or above 50" }],
    ["on the threshold is not beyond it", () => 50, { verdict: "pass" }],
    [
      "beyond warn for long enough",
      () => 51,
      { verdict: "warn", because: "above 50 for 5m until 04:14 UTC (then 51); not enough for a FAIL" },
    ],
    [
      "beyond fail for long enough",
      (minute) => (minute >= 10 && minute < 15 ? 101 : 10),
      { verdict: "fail", because: "above 100 for 5m until 04:22 UTC (then 101)" },
    ],
    ["beyond fail, a minute too short", (minute) => (minute >= 10 && minute < 14 ? 101 : 10), { verdict: "warn" }],
    [
      "a gap ends a run",
      (minute) => (minute === 12 ? undefined : minute >= 10 && minute < 16 ? 101 : 10),
      { verdict: "warn" },
    ],
    ["bad only while it settles", (minute) => (minute < 2 ? 1_000 : 10), { verdict: "pass" }],
    ["bad only after T+20m", (minute) => (minute >= 20 ? 1_000 : 10), { verdict: "pass" }],
    [
      "no data",
      () => undefined,
      { verdict: "inconclusive", because: "the query gave no data since the switch settled", value: "no data" },
    ],
    [
      "data for less than half of the window",
      (minute) => (minute < 10 ? 10 : undefined),
      { verdict: "inconclusive", because: "only 8 of 18 values could be measured yet" },
    ],
  ])("%s", async (_name, values, expected) => {
    expect(await look(values, above)).toMatchObject(expected);
  });

  test("too little", async () => {
    expect(await look((minute) => (minute > 12 ? 0 : 7), { below: { fail: 1 } })).toMatchObject({ verdict: "fail" });
  });

  test("before the first minute is complete nothing is asked", async () => {
    const world = fakes([]);
    expect(await look(() => 1, above, { minutes: 6, horizon: 6, world })).toMatchObject({
      verdict: "inconclusive",
      value: "unknown",
    });
    expect(world.metrics.asked).toEqual([]);
  });

  test("it asks for the window since the switch settled, aligned as told", async () => {
    const world = fakes([]);
    await look(() => 1, { ...above, monitoring: { ...monitoring, aligner: "rate", reducer: "max" } }, { world });
    expect(world.metrics.asked).toEqual([
      { ...monitoring, aligner: "rate", reducer: "max", since: plusMs(T0, 2 * MINUTE), until: plusMs(T0, 20 * MINUTE) },
    ]);
  });

  test("a failure that may pass is an outage; another is inconclusive", async () => {
    const world = fakes([]);
    world.metrics.failure = new PortFailure("unavailable", "no answer");
    await expect(look(() => 1, above, { world })).rejects.toThrow("no answer");
    world.metrics.failure = new PortFailure("invalid", "the filter is wrong");
    expect(await look(() => 1, above, { world })).toMatchObject({
      verdict: "inconclusive",
      because: "could not be measured: the filter is wrong",
    });
  });

  test("the stored evidence alone gives the same", async () => {
    const world = fakes([]);
    const result = await look(() => 51, above, { world });
    expect(rejudge("query-metric", asStored(result))).toMatchObject({
      verdict: "warn",
      because: result.because,
    });
  });
});

describe("against the baseline", () => {
  const args = { compare: "baseline", above: { fail: 3, warn: 2 } };

  test.each<[string, Values, object]>([
    ["the same", () => 40, { verdict: "pass", baseline: "median 40" }],
    ["twice and a bit", (minute) => (minute < 0 ? 40 : 90), { verdict: "warn" }],
    [
      "four times",
      (minute) => (minute < 0 ? 40 : 160),
      { verdict: "fail", because: "above x3 of the baseline's median (120) for 5m until 04:14 UTC (then 160)" },
    ],
    [
      "a baseline of zeros",
      (minute) => (minute < 0 ? 0 : 40),
      { verdict: "inconclusive", because: expect.stringContaining("not above zero") },
    ],
    [
      "no baseline",
      (minute) => (minute < 0 ? undefined : 40),
      { verdict: "inconclusive", because: "the baseline has only 0 values; 60 minutes are needed" },
    ],
    ["59 minutes of baseline", (minute) => (minute < 0 && minute < -60 ? undefined : 40), { verdict: "inconclusive" }],
  ])("%s", async (_name, values, expected) => {
    expect(await look(values, args)).toMatchObject(expected);
  });

  test("it is read once, and other deploys are cut out of it", async () => {
    const world = fakes([]);
    const excluded = [{ from: plusMs(T0, -23 * 60 * MINUTE), until: plusMs(T0, -60 * MINUTE) }];
    const values: Values = (minute) => (minute < -60 && minute > -23 * 60 ? 1 : 40);
    expect(await look(values, args, { world, excluded })).toMatchObject({ verdict: "pass", baseline: "median 40" });
    await look(values, args, { world, excluded, minutes: 25 });
    expect(world.metrics.asked.filter(({ since }) => since < T0)).toHaveLength(1);
  });
});

describe("Prometheus", () => {
  const asked: ProbeRequest[] = [];
  const prometheus = { url: "https://prometheus.example/prom", query: "sum(rate(x[5m]))", authorization: "Bearer t" };

  async function lookThrough(answer: (request: ProbeRequest) => { status: number; body: string }): Promise<Looked> {
    asked.length = 0;
    const http: Http = {
      probe: async (request) => {
        asked.push(request);
        return { latencyMs: 1, ...answer(request) };
      },
    };
    const args = queryMetric.args.parse({ prometheus, above: { fail: 100 } });
    const context = lookContext(fakes([]), args, 24, 20);
    const [result] = await queryMetric.look({ ...context, services: [service()], ports: { http } as never });
    if (result === undefined) throw new Error("no result");
    return result;
  }

  const range = (request: ProbeRequest, value: (ms: number) => string): { status: number; body: string } => {
    const url = new URL(request.url).searchParams;
    const values: [number, string][] = [];
    for (let at = Number(url.get("start")); at <= Number(url.get("end")); at += Number(url.get("step"))) {
      values.push([at, value(at * 1_000)]);
    }
    return {
      status: 200,
      body: JSON.stringify({ status: "success", data: { resultType: "matrix", result: [{ metric: {}, values }] } }),
    };
  };

  test("one range query with the header, one value a minute", async () => {
    expect(await lookThrough((request) => range(request, () => "12.5"))).toMatchObject({
      verdict: "pass",
      sample: "18 of 18 values in 18m",
    });
    const [request] = asked;
    const url = new URL(request?.url ?? "");
    expect(url.origin + url.pathname).toBe("https://prometheus.example/prom/api/v1/query_range");
    expect(request?.headers).toEqual({ authorization: "Bearer t" });
    const seconds = (minutes: number): string => String(Date.parse(plusMs(T0, minutes * MINUTE)) / 1_000);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      query: "sum(rate(x[5m]))",
      start: seconds(3),
      end: seconds(20),
      step: "60",
    });
  });

  test("a value stands at the end of its minute", async () => {
    const bad = Date.parse(instant("2026-04-12T04:20:00Z"));
    expect(
      await lookThrough((request) => range(request, (ms) => (ms > bad - 5 * MINUTE && ms <= bad ? "500" : "1"))),
    ).toMatchObject({
      verdict: "fail",
      because: "above 100 for 5m until 04:20 UTC (then 500)",
    });
  });

  test.each<[string, { status: number; body: string }, string]>([
    [
      "no series",
      { status: 200, body: '{"status":"success","data":{"resultType":"matrix","result":[]}}' },
      "the query gave no data",
    ],
    [
      "two series",
      {
        status: 200,
        body: '{"status":"success","data":{"resultType":"matrix","result":[{"values":[]},{"values":[]}]}}',
      },
      "wrap it in sum()",
    ],
    ["another kind of answer", { status: 200, body: '{"status":"ok"}' }, "not a range of values"],
    ["a page of a proxy", { status: 200, body: "<html>" }, "not a range of values"],
    ["a query that is wrong", { status: 400, body: '{"status":"error","error":"parse error"}' }, "answered 400"],
    ["no permission", { status: 403, body: "" }, "answered 403"],
  ])("%s is inconclusive", async (_name, answer, said) => {
    expect(await lookThrough(() => answer)).toMatchObject({
      verdict: "inconclusive",
      because: expect.stringContaining(said),
    });
  });

  test("NaN is no value", async () => {
    expect(await lookThrough((request) => range(request, () => "NaN"))).toMatchObject({ verdict: "inconclusive" });
  });

  test("a server in trouble is an outage, looked at again", async () => {
    await expect(lookThrough(() => ({ status: 503, body: "" }))).rejects.toThrow("answered 503");
  });
});

test.each([
  [{ above: { fail: 1 } }, false],
  [{ monitoring, prometheus: { url: "https://p", query: "x" }, above: { fail: 1 } }, false],
  [{ monitoring }, false],
  [{ monitoring, above: {} }, false],
  [{ monitoring, below: { warn: 0 } }, true],
])("arguments %j: %s", (args, isValid) => {
  expect(queryMetric.args.safeParse(args).success).toBe(isValid);
});
