/** Every kind of fault over the real clients: how each looks to the caller, and that none costs real time. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cloud, composeCloud } from "../../src/commands/compose.ts";
import { endpointsOf } from "../../src/commands/endpoints.ts";
import { PortFailure } from "../../src/model/error.ts";
import { instant, msBetween, plusMs } from "../../src/model/time.ts";
import { faultKindOf } from "../../src/rehearsal/fault-words.ts";
import type { FaultApi } from "../../src/simulator/faults.ts";
import { type SmallWorld, startSmallWorld } from "../support/small-world.ts";

let world: SmallWorld;
let cloud: Cloud;
beforeAll(async () => {
  world = await startSmallWorld("small-good");
  cloud = await composeCloud(endpointsOf(world.env), world.io());
});
afterAll(async () => {
  await cloud.clock.close();
  await world.close();
});

const WEB = { platform: "cloud-run", project: "shop", region: "europe-west1", service: "web" } as const;
const WORKER = {
  platform: "kubernetes",
  kind: "Deployment",
  project: "shop",
  cluster: "main",
  location: "europe-west1",
  namespace: "shop",
  name: "worker",
} as const;

interface Reading {
  readonly api: FaultApi;
  readonly call: string;
  readonly read: () => Promise<unknown>;
}

function readings(): readonly Reading[] {
  const { pullRequests, cloudRun, logs, metrics, kubernetes } = cloud.ports;
  const until = instant("2026-04-12T03:50:00.000Z");
  const window = { since: plusMs(until, -600_000), until };
  return [
    { api: "github", call: "get-pull", read: () => pullRequests.get("acme/shop", 12) },
    { api: "cloud-run", call: "get-service", read: () => cloudRun.service(WEB) },
    { api: "logging", call: "list-entries", read: () => logs.page({ target: WEB, log: "requests", ...window }) },
    { api: "monitoring", call: "list-time-series", read: () => metrics.requestCounts(WEB, window.since, window.until) },
    { api: "kubernetes", call: "list-pods", read: () => kubernetes.pods(WORKER) },
  ];
}

const COMMON = {
  "401": "unauthorised",
  "403": "unauthorised",
  "404": "not-found",
  "409": "conflict",
  "429": "rate-limited",
  "429+retry-after:30": "rate-limited",
  "500": "unavailable",
  "applied-502": "unavailable",
  "503": "unavailable",
  timeout: "timeout",
  drip: "timeout",
  reset: "unavailable",
  // Octokit keeps to itself why a body ended.
  truncated: /unavailable|malformed/,
  malformed: "malformed",
} as const;

test.each(Object.entries(COMMON))("%s is %s, everywhere, without waiting", async (word, kind) => {
  const began = performance.now();
  for (const { api, call, read } of readings()) {
    const before = world.cloud.world.now;
    const fault = faultKindOf(word);
    if (fault === undefined) throw new Error(word);
    world.cloud.faults.add({ api, call, times: 1, ...fault });
    const failure = await read().then(
      () => expect.unreachable(`${api} answered`),
      (error: unknown) => error,
    );
    expect(failure, api).toBeInstanceOf(PortFailure);
    expect(failure, api).toMatchObject({ kind: typeof kind === "string" ? kind : expect.stringMatching(kind) });
    if (word.includes("retry-after")) expect(failure, api).toMatchObject({ retryAfterMs: 30_000 });
    const passed = msBetween(before, world.cloud.world.now);
    expect(passed, api).toBe(kind === "timeout" ? 20_000 : 0);
    // The next call is answered.
    await read();
  }
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("an empty page with a token is gone past", async () => {
  for (const { api, call, read } of readings().filter(({ call }) => call.startsWith("list-"))) {
    const plain = await read();
    world.cloud.faults.add({ api, call, times: 1, kind: "empty-page", status: 503 });
    const answer = await read();
    if (api === "logging") expect(answer).toMatchObject({ records: [], nextPageToken: expect.any(String) });
    else expect(answer, api).toEqual(plain);
  }
});
