/** The simulated cloud as a server: where to point at it, what it shows of itself, and how its time passes. */
import { get } from "node:http";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { run, SLOW_MS, type TestIo, testIo } from "../support/journey.ts";

const worldSchema = z.object({
  now: z.string(),
  cloudRun: z.array(z.object({ service: z.string(), served: z.array(z.object({ revision: z.string() })) })),
  kubernetes: z.array(z.object({ deployment: z.string(), pods: z.array(z.object({ ready: z.boolean() })) })),
  github: z.object({ dispatches: z.array(z.unknown()) }),
});

let io: TestIo;
let simulating: Promise<unknown>;
afterEach(async () => {
  io.interrupt();
  await simulating;
});

/** The text that it prints once it is there. */
async function simulate(...words: string[]): Promise<string> {
  io = testIo();
  const ready = new Promise<string>((resolve) => io.when("# Ctrl-C ends it.", () => resolve(io.text("stdout"))));
  simulating = run(["simulate", "backend-prod", ...words], io);
  return Promise.race([ready, simulating.then(() => Promise.reject(new Error(io.text("stderr"))))]);
}

const stateUrl = (text: string): string => /its state: curl (\S+)/.exec(text)?.[1] ?? "";
const world = async (url: string): Promise<z.infer<typeof worldSchema>> =>
  worldSchema.parse(await (await fetch(url)).json());
const exported = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name = "", value = ""]) => [name, value]));

test(
  "what it prints is enough to deploy to it, and its page shows what that changed",
  async () => {
    const text = await simulate("--scenario", "good-day");
    expect(text).toMatch(/^# A SIMULATED cloud for backend-prod, scenario good-day\. Nothing here is real/);
    const before = await world(stateUrl(text));
    expect(before.cloudRun.map(({ service }) => service)).toContain("based-hardware/us-central1/backend");
    expect(before.github.dispatches).toEqual([]);

    const deployer = testIo({ ...exported(text), USER: "tester" });
    const deployed = await run(["deploy", "backend-prod", "--simulated", "--yes", "--state", ":memory:"], deployer);

    expect(deployed.code, deployed.stderr).toBe(0);
    const after = await world(stateUrl(text));
    expect(after.github.dispatches).toHaveLength(2);
    expect(after.cloudRun[0]?.served).not.toEqual(before.cloudRun[0]?.served);
    expect((await fetch(stateUrl(text), { method: "POST" })).status).toBe(404);
  },
  SLOW_MS,
);

test(
  "what it prints for gcloud is enough for gcloud",
  async () => {
    const text = await simulate("--scenario", "good-day");
    const line = /^# its services: (env .+)$/m.exec(text)?.[1] ?? "";
    expect(line).toMatch(/ gcloud run services describe backend --region us-central1 --project based-hardware$/);
    // Asked over HTTP as gcloud asks its proxy, so that it shows something where there is no gcloud.
    const proxy = new URL(/http_proxy=(\S+)/.exec(line)?.[1] ?? "");
    const path =
      "http://us-central1-simulated.test/apis/serving.knative.dev/v1/namespaces/based-hardware/services/backend";
    const answer = await new Promise<string>((resolve, reject) => {
      get({ host: proxy.hostname, port: proxy.port, path }, (response) => {
        response.setEncoding("utf8").once("data", (data: string) => resolve(data));
      }).once("error", reject);
    });
    const [service] = (await world(stateUrl(text))).cloudRun;
    expect(JSON.parse(answer)).toMatchObject({
      status: { traffic: [{ percent: 100, revisionName: service?.served[0]?.revision }] },
    });
  },
  SLOW_MS,
);

test("--port gives the page that port and the servers the next ones", async () => {
  const port = await freePort();
  const text = await simulate("--port", String(port));
  expect(stateUrl(text)).toBe(`http://127.0.0.1:${port}/`);
  expect(exported(text)["GITHUB_API_URL"]).toBe(`http://127.0.0.1:${port + 1}`);
  expect(exported(text)["RUNBOOK_KUBERNETES_SERVER"]).toBe(`http://127.0.0.1:${port + 3}`);
});

test("with --speed its time passes by itself, without it nothing moves", async () => {
  const url = stateUrl(await simulate("--speed", "9999x"));
  const start = (await world(url)).now;
  await expect.poll(async () => (await world(url)).now > start, { timeout: 20_000 }).toBe(true);
});

test("a speed that is none is refused", async () => {
  simulating = Promise.resolve();
  io = testIo();
  const { code, stderr } = await run(["simulate", "backend-prod", "--speed", "fast"], io);
  expect([code, stderr]).toEqual([2, expect.stringContaining("Give --speed as 1x")]);
});

/** Seven in a row are wanted; the range above the ephemeral ones is quiet. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? 20_000 + (address.port % 8_000) : 20_000;
}
