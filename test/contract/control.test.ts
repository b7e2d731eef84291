import { expect, onTestFinished, test } from "vitest";
import type { Question } from "../../src/model/event.ts";
import type { KubernetesTarget } from "../../src/model/service.ts";
import { instant, plusMs } from "../../src/model/time.ts";
import { type Controlled, createControlled } from "../../src/rehearsal/control-client.ts";
import { startControlServer } from "../../src/simulator/control-server.ts";
import { ControlState } from "../../src/simulator/control-state.ts";
import { type Fault, Faults } from "../../src/simulator/faults.ts";
import { World } from "../../src/simulator/world.ts";

const T = instant("2026-04-12T04:00:00.000Z");

interface Scene extends Controlled {
  readonly world: World;
  readonly state: ControlState;
  readonly url: string;
  readonly fault: (fault: Pick<Fault, "api" | "call" | "kind"> & Partial<Fault>) => void;
}

async function scene(): Promise<Scene> {
  const world = new World({ now: T, seed: 1 });
  const state = new ControlState(world);
  const faults = new Faults();
  const server = await startControlServer(state, faults);
  onTestFinished(() => server.close());
  const fault: Scene["fault"] = (planned) => faults.add({ status: 503, times: 1, ...planned });
  return { ...createControlled({ url: server.url, now: () => world.now }), world, state, url: server.url, fault };
}

test("probes: what the scenario says at this moment, unavailable where it says nothing, a timeout where it is slow", async () => {
  const { http, state, world } = await scene();
  const url = "https://api.omi.me/v1/health";
  const probe = (timeoutMs = 10_000): ReturnType<typeof http.probe> => http.probe({ method: "GET", url, timeoutMs });
  await expect(probe()).rejects.toMatchObject({ kind: "unavailable" });
  state.probes.push({ urlPrefix: "https://api.omi.me/", status: 200, latencyMs: 84, body: "ok" });
  const [from, until] = [plusMs(T, 60_000), plusMs(T, 120_000)];
  state.probes.push({ urlPrefix: url, status: 500, latencyMs: 9_000, body: "", from, until });
  expect(await probe()).toEqual({ status: 200, latencyMs: 84, body: "ok" });
  world.advanceTo(from);
  expect(await probe()).toMatchObject({ status: 500 });
  await expect(probe(9_000)).rejects.toMatchObject({ kind: "timeout" });
  world.advanceTo(until);
  expect(await probe()).toMatchObject({ status: 200 });
});

test("commands take world time, have their effect at the end, and are unknown to another client", async () => {
  const { command, state, world, url } = await scene();
  let migrated = 0;
  state.commands.push({
    argv: ["./migrate"],
    exitCode: 0,
    output: "done\n",
    durationMs: 5_000,
    effect: () => migrated++,
  });
  const spec = { argv: ["./migrate", "--all"] as const, env: { RUNBOOK_INPUT_BRANCH: "main" }, timeoutMs: 60_000 };
  await command.start("k", { ...spec, argv: ["./migrate", "--all"] });
  expect(await command.poll("k")).toEqual({ state: "running" });
  expect(await createControlled({ url, now: () => world.now }).command.poll("k")).toEqual({ state: "unknown" });
  await expect(command.start("k", { ...spec, argv: ["./migrate"] })).rejects.toMatchObject({ kind: "conflict" });
  expect(migrated).toBe(0);
  world.advanceTo(plusMs(T, 5_000));
  expect(await command.poll("k")).toEqual({ state: "exited", exitCode: 0, timedOut: false, output: "done\n" });
  expect(migrated).toBe(1);
  expect(state.started).toMatchObject([{ argv: ["./migrate", "--all"], env: { RUNBOOK_INPUT_BRANCH: "main" } }]);
});

test("commands that the scenario does not know, that take too long, or that are stopped", async () => {
  const { command, state, world } = await scene();
  let effects = 0;
  state.commands.push({ argv: ["slow"], exitCode: 0, output: "", durationMs: 9_000, effect: () => effects++ });
  await command.start("unknown", { argv: ["rm", "-rf"], env: {}, timeoutMs: 1 });
  expect(await command.poll("unknown")).toMatchObject({
    exitCode: 127,
    output: "the scenario does not know this command: rm -rf\n",
  });
  await command.start("late", { argv: ["slow"], env: {}, timeoutMs: 1_000 });
  await command.start("stopped", { argv: ["slow"], env: {}, timeoutMs: 60_000 });
  await command.stop("stopped");
  expect(await command.poll("stopped")).toMatchObject({ state: "exited", signal: "SIGTERM", timedOut: false });
  world.advanceTo(plusMs(T, 1_000));
  expect(await command.poll("late")).toMatchObject({ state: "exited", signal: "SIGTERM", timedOut: true });
  world.advanceTo(plusMs(T, 60_000));
  expect(effects).toBe(0);
});

test("helm: history, a rollback that makes a new revision and changes the world, and no helm at all", async () => {
  const { helm, state } = await scene();
  const rolledBackTo: number[] = [];
  state.releases.push({
    release: "pusher",
    namespace: "prod",
    revisions: [
      { revision: 3, status: "superseded", updatedAt: "2026-04-01T00:00:00Z" },
      { revision: 4, status: "deployed", updatedAt: "2026-04-12T00:00:00Z" },
    ],
    onRollback: (revision) => rolledBackTo.push(revision),
  });
  expect(await helm.version()).toBe("v3.19.0");
  await helm.rollback(inNamespace("prod"), "pusher", 3);
  expect(rolledBackTo).toEqual([3]);
  expect((await helm.history(inNamespace("prod"), "pusher")).map(({ status }) => status)).toEqual([
    "superseded",
    "superseded",
    "deployed",
  ]);
  await expect(helm.rollback(inNamespace("prod"), "pusher", 9)).rejects.toMatchObject({ kind: "not-found" });
  await expect(helm.history(inNamespace("dev"), "pusher")).rejects.toMatchObject({ kind: "not-found" });
  state.helmVersion = undefined;
  expect(await helm.version()).toBeUndefined();
});

test("messages are recorded, and the state can be looked at", async () => {
  const { notify, state, url } = await scene();
  const message = { id: "m1", text: "hello", fields: { run: "r1" } };
  await notify.post("https://hooks.example.com/x", { ...message, format: "json", at: T, secret: "stays here" });
  expect(state.notifications).toEqual([{ at: T, url: "https://hooks.example.com/x", ...message }]);
  const summary: unknown = await (await fetch(`${url}/state`)).json();
  expect(summary).toMatchObject({ now: T, notifications: [{ text: "hello" }], commands: [] });
});

test("the person answers what the scenario gave them an answer for, after their time", async () => {
  const { operator, state, world } = await scene();
  const question: Question = {
    id: "q1",
    about: "rollback",
    text: "Roll back?",
    options: ["rollback", "keep"],
    fallback: "keep",
    deadline: plusMs(T, 900_000),
  };
  const poll = (asked = question): ReturnType<typeof operator.poll> => operator.poll(asked, world.now);
  expect(await poll()).toBeUndefined();
  state.answers.push({ about: "rollback", answer: "rollback", afterMs: 60_000 });
  world.advanceTo(plusMs(T, 59_999));
  expect(await poll()).toBeUndefined();
  world.advanceTo(plusMs(T, 60_000));
  expect(await poll()).toEqual({ answer: "rollback", by: "operator" });
  expect(await poll({ ...question, id: "q2" })).toBeUndefined();
  expect(await poll({ ...question, id: "q3", about: "approve" })).toBeUndefined();
  world.advanceTo(plusMs(T, 120_000));
  expect(await poll({ ...question, id: "q2" })).toMatchObject({ answer: "rollback" });
  expect(await poll({ ...question, options: ["approve", "reject"] })).toBeUndefined();
});

test("planned misbehaviour: a status does nothing, after does it, silence is a timeout", async () => {
  const { http, notify, helm, command, state, fault } = await scene();
  const message = {
    id: "m1",
    text: "hello",
    fields: {},
    format: "json" as const,
    at: instant("2026-04-12T04:00:00.000Z"),
  };
  fault({ api: "notify", call: "post", kind: "status", status: 429, retryAfterSeconds: 3 });
  await expect(notify.post("u", message)).rejects.toMatchObject({ kind: "rate-limited", retryAfterMs: 3_000 });
  expect(state.notifications).toHaveLength(0);
  fault({ api: "notify", call: "post", kind: "applied" });
  await expect(notify.post("u", message)).rejects.toMatchObject({ kind: "unavailable", applied: "unknown" });
  expect(state.notifications).toHaveLength(1);
  fault({ api: "helm", call: "*", kind: "timeout" });
  await expect(helm.version()).rejects.toMatchObject({ kind: "timeout" });
  fault({ api: "command", call: "start", kind: "applied" });
  await expect(command.start("k", { argv: ["x"], env: {}, timeoutMs: 1 })).rejects.toMatchObject({
    kind: "unavailable",
  });
  expect(await command.poll("k")).toMatchObject({ state: "exited" });
  fault({ api: "http", call: "probe", kind: "status" });
  expect(await http.probe({ method: "GET", url: "https://x", timeoutMs: 1 })).toMatchObject({ status: 503 });
});

test("a call that makes no sense is invalid", async () => {
  const { url, command } = await scene();
  const answer = await fetch(`${url}/notify`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(400);
  expect((await fetch(`${url}/nothing`, { method: "POST", body: "{}" })).status).toBe(404);
  await expect(command.start("k", { argv: [] as never, env: {}, timeoutMs: 1 })).rejects.toMatchObject({
    kind: "invalid",
  });
});

test("a world that is gone is unavailable", async () => {
  const { helm } = createControlled({ url: "http://127.0.0.1:9", now: () => T });
  await expect(helm.version()).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/^no word from the simulated world at 04:00 UTC/),
  });
});

function inNamespace(namespace: string): KubernetesTarget {
  return { platform: "kubernetes", project: "p", cluster: "c", namespace, kind: "Deployment", name: "pusher" };
}
