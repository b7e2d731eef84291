/** The Google adapters against the simulated Google Cloud, over sockets, with the official clients in between. */
import { afterEach, describe, expect, test } from "vitest";
import { createCloudRun } from "../../src/adapters/cloud-run.ts";
import type { FailureKind } from "../../src/model/error.ts";
import { PortFailure } from "../../src/model/error.ts";
import type { KubernetesTarget } from "../../src/model/service.ts";
import { HOUR, instant, MINUTE, plusMs, SECOND } from "../../src/model/time.ts";
import type { LogPage, LogQuery, LogRecord, Logs } from "../../src/ports/logs.ts";
import type { SimulatedEntry } from "../../src/simulator/log-source.ts";
import { type GoogleWorld, googleWorld, KEY, OLD, QUIET, START, TARGET } from "../support/google-world.ts";

let cloud: GoogleWorld | undefined;
afterEach(async () => {
  await cloud?.close();
  cloud = undefined;
});

async function start(options: Parameters<typeof googleWorld>[0] = {}): Promise<GoogleWorld> {
  cloud = await googleWorld(options);
  return cloud;
}

async function failureOf(act: Promise<unknown>): Promise<PortFailure> {
  const error = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PortFailure);
  return error as PortFailure;
}

describe("Cloud Run", () => {
  test("a service is read with short names, int64 as text, and LATEST resolved in wanted and observed traffic", async () => {
    const { cloudRun } = await start();
    expect(await cloudRun.service(TARGET)).toMatchObject({
      generation: "1",
      observedGeneration: "1",
      reconciling: false,
      latestCreatedRevision: OLD,
      latestReadyRevision: OLD,
      traffic: [{ revision: OLD, percent: 100, latest: true }],
      served: [{ revision: OLD, percent: 100, latest: true }],
      ready: { state: "succeeded" },
    });
  });

  test("a revision tells its image, commit and readiness", async () => {
    const { cloudRun } = await start();
    expect(await cloudRun.revision(TARGET, OLD)).toMatchObject({
      name: OLD,
      images: ["gcr.io/based-hardware/backend:latest"],
      commit: "77aa0042f1e2d3c4b5a697887766554433221100",
      ready: { state: "succeeded" },
    });
  });

  test("a deploy is seen starting, then switched at the moment of the routes", async () => {
    const { cloudRun, cloudRunState, pass } = await start();
    const name = cloudRunState.deploy(KEY, { image: "i:2", readyAfterMs: 20_000, switchAfterMs: 10_000 });
    pass(25 * SECOND);
    const moving = await cloudRun.service(TARGET);
    expect(moving).toMatchObject({ reconciling: true, generation: "2", observedGeneration: "1" });
    expect(moving.served).toEqual([{ revision: OLD, percent: 100, latest: true }]);
    pass(5 * SECOND);
    expect(await cloudRun.service(TARGET)).toMatchObject({
      reconciling: false,
      observedGeneration: "2",
      served: [{ revision: name, percent: 100 }],
      routesChangedAt: plusMs(START, 30 * SECOND),
    });
  });

  test("traffic is replaced by revision name with its tags, and LATEST only where asked", async () => {
    const { cloudRun, cloudRunState, pass } = await start();
    const { etag } = await cloudRun.service(TARGET);
    const { operation } = await cloudRun.setTraffic(TARGET, etag, [
      { revision: OLD, percent: 100, latest: false },
      { revision: OLD, percent: 0, tag: "stable", latest: false },
    ]);
    expect(operation).toContain("/operations/");
    pass(5 * SECOND);
    expect(await cloudRun.service(TARGET)).toMatchObject({
      reconciling: false,
      traffic: [
        { revision: OLD, percent: 100, latest: false },
        { revision: OLD, percent: 0, tag: "stable", latest: false },
      ],
      served: [
        { revision: OLD, percent: 100, latest: false },
        { revision: OLD, percent: 0, tag: "stable" },
      ],
    });
    expect(cloudRunState.effects.filter(({ kind }) => kind === "update-traffic")).toHaveLength(1);
  });

  test("a stale etag is a conflict that changed nothing", async () => {
    const { cloudRun, cloudRunState } = await start();
    const { etag } = await cloudRun.service(TARGET);
    cloudRunState.deploy(KEY, { image: "i:2" });
    const vector = [{ revision: OLD, percent: 100, latest: false }];
    const failure = await failureOf(cloudRun.setTraffic(TARGET, etag, vector));
    expect(failure).toMatchObject({ kind: "conflict", applied: "no" });
    expect(cloudRunState.effects.filter(({ kind }) => kind === "update-traffic")).toHaveLength(0);
  });

  test("an empty vector, which would mean everything to the latest, is refused here", async () => {
    const { cloudRun } = await start();
    expect(await failureOf(cloudRun.setTraffic(TARGET, "", []))).toMatchObject({ kind: "invalid" });
  });

  test.each<[number, FailureKind, boolean]>([
    [400, "invalid", false],
    [401, "unauthorised", false],
    [403, "unauthorised", false],
    [404, "not-found", false],
    [409, "conflict", true],
    [429, "rate-limited", true],
    [500, "unavailable", true],
    [503, "unavailable", true],
  ])("status %i is %s", async (status, kind, isTransient) => {
    const { cloudRun, faults } = await start();
    faults.add({ api: "cloud-run", call: "get-service", kind: "status", status, times: 1 });
    const failure = await failureOf(cloudRun.service(TARGET));
    expect([failure.kind, failure.isTransient]).toEqual([kind, isTransient]);
  });

  test("a call is made once: the client's own retries are off", async () => {
    const { cloudRun, faults } = await start();
    faults.add({ api: "cloud-run", call: "get-service", kind: "status", status: 503, times: 1 });
    await failureOf(cloudRun.service(TARGET));
    expect(await cloudRun.service(TARGET)).toMatchObject({ generation: "1" });
  });

  test("a lost answer leaves the effect unknown, and it did happen", async () => {
    const { cloudRun, cloudRunState, faults } = await start();
    const { etag } = await cloudRun.service(TARGET);
    faults.add({ api: "cloud-run", call: "update-traffic", kind: "applied", status: 503, times: 1 });
    const failure = await failureOf(
      cloudRun.setTraffic(TARGET, etag, [{ revision: OLD, percent: 100, latest: false }]),
    );
    expect(failure).toMatchObject({ kind: "unavailable", applied: "unknown" });
    expect(cloudRunState.effects).toHaveLength(1);
  });

  test("silence ends at the bound, an interrupt ends at once, a refused connection is unavailable", async () => {
    const { cloudRun, faults, endpoint, close } = await start({ timeoutMs: 300 });
    faults.add({ api: "cloud-run", call: "get-service", kind: "timeout", status: 0, times: 2 });
    expect(await failureOf(cloudRun.service(TARGET))).toMatchObject({ kind: "timeout", applied: "unknown" });
    const abort = new AbortController();
    const call = cloudRun.service(TARGET, abort.signal);
    abort.abort();
    expect(await failureOf(call)).toMatchObject({ kind: "aborted" });
    await close();
    const alone = createCloudRun({ endpoint, timeoutMs: 500 });
    expect(await failureOf(alone.service(TARGET))).toMatchObject({ kind: "unavailable" });
  });
});

test("without credentials a call says so, and the process lives on", async () => {
  const before = process.env["GOOGLE_APPLICATION_CREDENTIALS"];
  process.env["GOOGLE_APPLICATION_CREDENTIALS"] = "/nowhere/credentials.json";
  try {
    const failure = await failureOf(createCloudRun({}).service(TARGET));
    expect(failure).toMatchObject({ kind: "unauthorised", applied: "no" });
    expect(failure.message).toContain("gcloud auth application-default login");
  } finally {
    if (before === undefined) delete process.env["GOOGLE_APPLICATION_CREDENTIALS"];
    else process.env["GOOGLE_APPLICATION_CREDENTIALS"] = before;
  }
});

const QUERY: LogQuery = { target: TARGET, log: "requests", since: plusMs(START, -HOUR), until: START };

async function everything(logs: Logs, query: LogQuery): Promise<{ records: LogRecord[]; pages: LogPage[] }> {
  const pages: LogPage[] = [];
  for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
    const page = await logs.page(query, token);
    pages.push(page);
    token = page.nextPageToken;
  }
  return { records: pages.flatMap(({ records }) => records), pages };
}

describe("Cloud Logging", () => {
  test("requests come oldest first with nanoseconds, identity, revision, status and latency", async () => {
    const { logs } = await start();
    const { records } = await everything(logs, QUERY);
    expect(records.length).toBeGreaterThan(450);
    expect(records.length).toBeLessThan(750);
    expect(records.map(({ timestamp }) => timestamp)).toEqual(records.map(({ timestamp }) => timestamp).toSorted());
    expect(new Set(records.map(({ insertId }) => insertId)).size).toBe(records.length);
    expect(records[0]).toMatchObject({
      logName: "projects/based-hardware/logs/run.googleapis.com%2Frequests",
      timestamp: expect.stringMatching(/^2026-04-12T03:0\d:\d\d\.\d{9}Z$/),
      severity: "INFO",
      version: OLD,
      request: { status: 200, latencyMs: expect.any(Number) },
    });
  });

  test("paging gives every entry once, also through an empty page with a token", async () => {
    const busy = { ...QUIET, requestsPerMinute: 60 };
    const plain = await everything((await start({ profile: busy })).logs, QUERY);
    await cloud?.close();
    const paged = await everything((await start({ profile: busy, emptyFirstPage: true })).logs, QUERY);
    expect(plain.pages.map(({ records }) => records.length).slice(0, 3)).toEqual([1_000, 1_000, 1_000]);
    expect(paged.pages[0]).toMatchObject({ records: [], nextPageToken: expect.any(String) });
    expect(paged.records).toEqual(plain.records);
  });

  test("the same minute seen with and without the successes has the same failing entries", async () => {
    const { logs } = await start({
      profile: { ...QUIET, errors: [{ method: "GET", route: "/v1/x/{id}", status: 500, everyMinutes: 3 }] },
    });
    const failing = await everything(logs, { ...QUERY, minStatus: 500 });
    const all = await everything(logs, QUERY);
    expect(failing.records).toHaveLength(20);
    expect(all.records.filter(({ request }) => (request?.status ?? 0) >= 500)).toEqual(failing.records);
  });

  test("nothing of the future, and nothing that was not yet received, is seen", async () => {
    const { logs, pass } = await start();
    const query = { ...QUERY, since: plusMs(START, -30 * SECOND), until: plusMs(START, HOUR) };
    const before = await everything(logs, query);
    expect(before.records.every(({ timestamp }) => timestamp < "2026-04-12T03:59:55.001")).toBe(true);
    pass(MINUTE);
    const after = await everything(logs, query);
    expect(after.records.slice(0, before.records.length)).toEqual(before.records);
    expect(after.records.length).toBeGreaterThan(before.records.length);
  });

  test("application lines are found by severity and by text, hostile text is only text", async () => {
    const { logs } = await start({
      profile: {
        ...QUIET,
        infoPerMinute: 2,
        lines: [
          {
            at: plusMs(START, -10 * MINUTE),
            text: 'ImportError: cannot import name "x" from y\\z',
            severity: "ERROR",
            stream: "stderr",
          },
        ],
      },
    });
    const query: LogQuery = { ...QUERY, log: "application" };
    expect((await everything(logs, query)).records).toHaveLength(121);
    expect((await everything(logs, { ...query, minSeverity: "ERROR" })).records).toHaveLength(1);
    const named = { ...query, containsAny: ["ModuleNotFoundError", 'cannot import name "x" from y\\z'] };
    expect((await everything(logs, named)).records).toMatchObject([{ severity: "ERROR", version: OLD }]);
    const either = { ...query, minSeverity: "ERROR", containsAny: ["panic"] } as const;
    expect((await everything(logs, either)).records).toEqual([]);
    expect((await everything(logs, { ...either, orContainsAny: ["ImportError", "exec"] })).records).toHaveLength(1);
    expect((await everything(logs, { ...either, orContainsAny: ["request handled"] })).records).toHaveLength(120);
    const injected = { ...query, containsAny: ['") OR ("INFO'] };
    expect((await everything(logs, injected)).records).toEqual([]);
    expect((await everything(logs, { ...query, version: "backend-00001-none" })).records).toEqual([]);
  });

  test("pods of a workload are told by name, container log and template hash", async () => {
    const target: KubernetesTarget = {
      platform: "kubernetes",
      project: "based-hardware",
      cluster: "prod",
      namespace: "ns",
      kind: "Deployment",
      name: "prod-omi-pusher",
    };
    const pod = (name: string, hash: string): SimulatedEntry => ({
      logName: "projects/based-hardware/logs/stderr",
      insertId: name,
      timestamp: "2026-04-12T03:30:00.123456789Z",
      receiveTimestamp: "2026-04-12T03:30:04.000000000Z",
      severity: "ERROR",
      resource: {
        type: "k8s_container",
        labels: { project_id: "based-hardware", cluster_name: "prod", namespace_name: "ns", pod_name: name },
      },
      labels: { "k8s-pod/pod-template-hash": hash },
      jsonPayload: { message: `hello from ${name}`, nested: { list: [1, true, null] } },
    });
    const made = [
      pod("prod-omi-pusher-aaa-1", "aaa"),
      pod("prod-omi-pusher-bbb-2", "bbb"),
      pod("prod-omi-pusherx-1", "aaa"),
    ];
    const { logs } = await start({ logSources: [{ entries: () => made }] });
    const query: LogQuery = { ...QUERY, target, log: "application" };
    expect((await everything(logs, query)).records.map(({ insertId }) => insertId)).toEqual([
      "prod-omi-pusher-aaa-1",
      "prod-omi-pusher-bbb-2",
    ]);
    expect((await everything(logs, { ...query, version: "bbb" })).records).toEqual([
      {
        logName: "projects/based-hardware/logs/stderr",
        insertId: "prod-omi-pusher-bbb-2",
        timestamp: "2026-04-12T03:30:00.123456789Z",
        severity: "ERROR",
        version: "bbb",
        pod: "prod-omi-pusher-bbb-2",
        text: "hello from prod-omi-pusher-bbb-2",
      },
    ]);
    expect(await failureOf(logs.page({ ...query, log: "requests" }))).toMatchObject({ kind: "invalid" });
  });

  test("the read quota of a project is per minute of world time", async () => {
    const { logs, pass } = await start({ readsPerMinute: 2 });
    await logs.page(QUERY);
    await logs.page(QUERY);
    expect(await failureOf(logs.page(QUERY))).toMatchObject({ kind: "rate-limited", retryAfterMs: expect.any(Number) });
    pass(MINUTE);
    await expect(logs.page(QUERY)).resolves.toBeDefined();
  });

  test("the link opens the very query", async () => {
    const { logs } = await start();
    const link = new URL(logs.link({ ...QUERY, minStatus: 500 }));
    expect(link.searchParams.get("project")).toBe("based-hardware");
    expect(decodeURIComponent(link.pathname)).toContain('resource.labels.service_name="backend"');
    expect(decodeURIComponent(link.pathname)).toContain("httpRequest.status>=500");
    expect(decodeURIComponent(link.pathname)).toContain(`timeRange=${QUERY.since}/${QUERY.until}`);
  });
});

describe("Cloud Monitoring", () => {
  test("request counts agree with the request log, by minute, revision and class", async () => {
    const { logs, metrics, cloudRunState, pass } = await start({
      profile: {
        ...QUIET,
        errors: [{ method: "GET", route: "/v1/x", status: 503, everyMinutes: 3 }],
        failures: [{ onRevision: "new", share: 0.3, status: 500 }],
        spike: { errors: 12, method: "GET", route: "/v1/x", status: 503 },
      },
    });
    const name = cloudRunState.deploy(KEY, { image: "i:2" });
    pass(15 * MINUTE);
    const [since, until] = [plusMs(START, -5 * MINUTE), plusMs(START, 12 * MINUTE)];
    const { records } = await everything(logs, { ...QUERY, since, until });
    const fromLogs = new Map<string, number>();
    for (const { timestamp, version, request } of records) {
      const key = `${timestamp.slice(0, 16)} ${version} ${Math.floor((request?.status ?? 0) / 100)}xx`;
      fromLogs.set(key, (fromLogs.get(key) ?? 0) + 1);
    }
    const counts = await metrics.requestCounts(TARGET, since, until);
    const fromMetrics = new Map(
      counts.map(({ minute, revision, statusClass, count }) => [
        `${minute.slice(0, 16)} ${revision} ${statusClass}`,
        count,
      ]),
    );
    expect(fromMetrics).toEqual(fromLogs);
    const fresh = counts.filter(({ revision }) => revision === name);
    const total = fresh.reduce((sum, { count }) => sum + count, 0);
    const bad = fresh.filter(({ statusClass }) => statusClass === "5xx").reduce((sum, { count }) => sum + count, 0);
    expect(bad / total).toBeGreaterThan(0.2);
  });

  test("a minute is not visible before two minutes after its end, and a service without traffic has no series", async () => {
    const { metrics, traffic, pass } = await start();
    pass(10 * MINUTE);
    const counts = await metrics.requestCounts(TARGET, START, plusMs(START, 10 * MINUTE));
    expect(
      counts
        .map(({ minute }) => minute)
        .toSorted()
        .at(-1),
    ).toBe(plusMs(START, 7 * MINUTE));
    traffic.setProfile(KEY, { ...QUIET, requestsPerMinute: 0 });
    pass(10 * MINUTE);
    const silent = [plusMs(START, 11 * MINUTE), plusMs(START, 18 * MINUTE)] as const;
    expect(await metrics.requestCounts(TARGET, ...silent)).toEqual([]);
    expect(await metrics.latencyP95(TARGET, ...silent)).toBe("unknown");
  });

  test("any metric as one number a minute: counts as they were, rates a second, and nothing where nothing was", async () => {
    const { metrics, cloudRunState, traffic, pass } = await start();
    cloudRunState.deploy(KEY, { image: "i:2" });
    pass(20 * MINUTE);
    const window = { since: START, until: plusMs(START, 15 * MINUTE) };
    const service = `resource.labels.service_name="${TARGET.service}" AND resource.labels.location="${TARGET.region}"`;
    const filter = `metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision" AND ${service}`;
    const ask = { project: TARGET.project, filter, ...window, aligner: "delta", reducer: "sum" } as const;
    const counted = new Map<string, number>();
    for (const { minute, count } of await metrics.requestCounts(TARGET, window.since, window.until)) {
      counted.set(minute, (counted.get(minute) ?? 0) + count);
    }
    const points = await metrics.query(ask);
    expect(new Map(points.map(({ minute, value }) => [minute, value]))).toEqual(counted);
    expect(points.map(({ minute }) => minute)).toEqual(points.map(({ minute }) => minute).toSorted());
    const [rate] = await metrics.query({ ...ask, aligner: "rate" });
    expect(rate?.value).toBeCloseTo((points[0]?.value ?? 0) / 60, 9);
    expect(await metrics.query({ ...ask, filter: `${filter} AND metric.labels.response_code_class="5xx"` })).toEqual(
      [],
    );
    expect((await failureOf(metrics.query({ ...ask, filter: "metric.type=" }))).kind).toBe("invalid");
    traffic.setProfile(KEY, { ...QUIET, requestsPerMinute: 0 });
    pass(10 * MINUTE);
    const silent = { since: plusMs(START, 21 * MINUTE), until: plusMs(START, 25 * MINUTE) };
    expect(await metrics.query({ ...ask, ...silent })).toEqual([]);
  });

  test("a route's successes are asked for by method, path and status", async () => {
    const { logs, pass } = await start();
    pass(5 * MINUTE);
    const query = { target: TARGET, log: "requests", since: START, until: plusMs(START, 3 * MINUTE) } as const;
    const all = (await logs.page(query)).records;
    const found = await logs.page({ ...query, belowStatus: 400, onRoute: { method: "POST", path: "/v1/memories" } });
    const expected = all.filter(({ request }) => request?.method === "POST" && request.status < 400);
    expect(expected.length).toBeGreaterThan(0);
    expect(found.records.map(({ insertId }) => insertId)).toEqual(expected.map(({ insertId }) => insertId));
  });

  test("the 95th percentile is of all requests of the window, or of one revision", async () => {
    const { metrics, cloudRunState, pass } = await start({
      profile: { ...QUIET, latency: { p50Ms: 50, p95Ms: 200 }, slow: [{ onRevision: "new", factor: 4 }] },
    });
    const window = [plusMs(START, -HOUR), plusMs(START, -5 * MINUTE)] as const;
    expect(await metrics.latencyP95(TARGET, ...window)).toBeCloseTo(200, 0);
    const name = cloudRunState.deploy(KEY, { image: "i:2" });
    pass(20 * MINUTE);
    const later = [plusMs(START, 5 * MINUTE), plusMs(START, 15 * MINUTE)] as const;
    expect(await metrics.latencyP95(TARGET, ...later, name)).toBeCloseTo(800, 0);
    expect(await metrics.latencyP95(TARGET, ...later, OLD)).toBe("unknown");
  });
});

test("the request that began before the switch is answered by the old revision", async () => {
  const { logs, cloudRunState, pass } = await start({
    profile: {
      ...QUIET,
      errors: [{ method: "POST", route: "/v1/slow", status: 504, latencyMs: 600_000, at: plusMs(START, 5 * MINUTE) }],
    },
  });
  cloudRunState.deploy(KEY, { image: "i:2" });
  pass(10 * MINUTE);
  const { records } = await everything(logs, {
    ...QUERY,
    since: START,
    until: instant("2026-04-12T04:10:00.000Z"),
    minStatus: 500,
  });
  expect(records).toMatchObject([{ version: OLD, request: { status: 504, latencyMs: 600_000 } }]);
});
