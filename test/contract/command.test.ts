import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createCommand } from "../../src/adapters/command.ts";
import { HOSTILE } from "../support/hostile-corpus.ts";
import type { Command, CommandSpec, CommandState } from "../../src/ports/command.ts";

test("output, exit code and order of both streams", async () => {
  expect(await outcome("process.stdout.write('out\\n'); process.exitCode = 3")).toEqual({
    state: "exited",
    exitCode: 3,
    timedOut: false,
    output: "out\n",
  });
  expect(await outcome("console.error('broken')")).toMatchObject({ exitCode: 0, output: "broken\n" });
});

test("only the end of much output is kept", async () => {
  const end = await outcome("process.stdout.write('x'.repeat(300_000) + 'the end')");
  if (end.state !== "exited") throw new Error(end.state);
  expect(end.output).toHaveLength(64 * 1024);
  expect(end.output.endsWith("xthe end")).toBe(true);
});

test("the environment is what was given and little more; no shell reads the arguments", async () => {
  process.env["RUNBOOK_TEST_SECRET"] = "secret";
  onTestFinished(() => {
    delete process.env["RUNBOOK_TEST_SECRET"];
  });
  const end = await outcome("console.log(JSON.stringify([process.env, process.argv.slice(1), process.cwd()]))", {
    env: { RUNBOOK_INPUT_BRANCH: "$(touch x); main" },
    cwd: tmpdir(),
    more: ["$HOME; ls"],
  });
  if (end.state !== "exited") throw new Error(end.state);
  const [env, argv] = JSON.parse(end.output) as [Record<string, string>, string[]];
  expect(env["RUNBOOK_INPUT_BRANCH"]).toBe("$(touch x); main");
  expect(env["PATH"]).toBe(process.env["PATH"]);
  expect(Object.keys(env)).not.toContain("RUNBOOK_TEST_SECRET");
  expect(argv).toEqual(["$HOME; ls"]);
});

test(`${HOSTILE.length} hostile strings as arguments and as inputs arrive as they are, and no shell has read them`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "hostile-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const shell = [
    "$(touch a)",
    "`touch b`",
    "; touch c",
    "| touch d",
    "&& touch e",
    "> f",
    "$HOME",
    "~",
    "*",
    "'",
    '"',
    "\\",
  ];
  const texts = [...shell, ...HOSTILE.map(({ text }) => text)].map((text) => text.toWellFormed().slice(0, 2_000));
  const [whole, cut] = [texts.filter((text) => !text.includes("\0")), texts.filter((text) => text.includes("\0"))];
  const env = Object.fromEntries(whole.map((text, index) => [`RUNBOOK_INPUT_${index}`, text]));
  // Longer than what is kept of an output, so that only digests are told.
  const program = `const { createHash } = require("node:crypto");
    const digest = (texts) => createHash("sha256").update(JSON.stringify(texts)).digest("hex");
    const inputs = Array.from({ length: ${whole.length} }, (_, index) => process.env["RUNBOOK_INPUT_" + index]);
    console.log(digest(process.argv.slice(1)), digest(inputs));`;
  const end = await outcome(program, { env, cwd: directory, more: whole });
  const digest = createHash("sha256").update(JSON.stringify(whole)).digest("hex");
  expect(end).toMatchObject({ exitCode: 0, output: `${digest} ${digest}\n` });
  expect(readdirSync(directory)).toEqual([]);
  // No program can be given these: it is not begun.
  expect(cut.length).toBeGreaterThan(0);
  for (const text of cut) {
    const refused = createCommand().start("k", spec(["true", text]));
    await expect(refused).rejects.toMatchObject({ name: "PortFailure", kind: "invalid", applied: "no" });
  }
});

test("a program that does not exist changed nothing", async () => {
  const command = createCommand();
  await expect(command.start("k", spec(["no-such-program-here"]))).rejects.toMatchObject({
    kind: "not-found",
    applied: "no",
    message: "there is no program no-such-program-here",
  });
  expect(await command.poll("k")).toEqual({ state: "unknown" });
  const nowhere = { ...spec([process.execPath, "-e", "0"]), cwd: "/no/such/directory" };
  await expect(command.start("k", nowhere)).rejects.toMatchObject({ kind: "not-found" });
});

test("a key is started once; what this process did not start is unknown", async () => {
  const command = createCommand();
  await command.start("k", spec([process.execPath, "-e", "0"]));
  await expect(command.start("k", spec([process.execPath, "-e", "0"]))).rejects.toMatchObject({ kind: "conflict" });
  expect(await command.poll("other")).toEqual({ state: "unknown" });
  await command.stop("other");
  expect(await ended(command, "k")).toMatchObject({ exitCode: 0 });
});

test("while it runs it is running, and stop ends its whole group", async () => {
  const { port, connected } = await listener();
  const command = createCommand();
  await command.start("k", spec([process.execPath, "-e", family(port)]));
  const socket = await connected;
  expect(await command.poll("k")).toEqual({ state: "running" });
  const grandchildGone = once(socket, "close");
  await command.stop("k");
  expect(await ended(command, "k")).toMatchObject({ signal: "SIGTERM", exitCode: undefined, timedOut: false });
  await grandchildGone;
});

test("beyond its time its group is ended", async () => {
  const { port, connected } = await listener();
  const command = createCommand();
  await command.start("k", { ...spec([process.execPath, "-e", family(port)]), timeoutMs: 1_000 });
  const socket = await connected;
  const grandchildGone = once(socket, "close");
  expect(await ended(command, "k")).toMatchObject({ timedOut: true, signal: "SIGTERM" });
  await grandchildGone;
});

test("a program that leaves a child behind with its output open has ended nevertheless", async () => {
  const { port, connected } = await listener();
  const command = createCommand();
  const leave = `const c = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(holdOpen(port))}],
    { stdio: "inherit" }); c.unref(); setTimeout(() => process.exit(0), 300)`;
  await command.start("k", spec([process.execPath, "-e", leave]));
  const socket = await connected;
  onTestFinished(() => void socket.end("stop"));
  expect(await ended(command, "k")).toMatchObject({ exitCode: 0 });
});

/** A program with a child of its own that connects to `port` and stays until it is told to end or killed. */
function family(port: number): string {
  const child = JSON.stringify(holdOpen(port));
  return `require("node:child_process").spawn(process.execPath, ["-e", ${child}]); setInterval(() => {}, 1000)`;
}

function holdOpen(port: number): string {
  return `require("node:net").connect(${port}, "127.0.0.1").on("data", () => process.exit())`;
}

async function listener(): Promise<{ port: number; connected: Promise<import("node:net").Socket> }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  const connected = once(server, "connection").then(([socket]) => {
    const accepted = socket as import("node:net").Socket;
    // A killed peer may reset the connection.
    return accepted.on("error", () => undefined);
  });
  return { port: address.port, connected };
}

function spec(argv: [string, ...string[]]): CommandSpec {
  return { argv, env: {}, timeoutMs: 60_000 };
}

async function outcome(
  program: string,
  options: { env?: Record<string, string>; cwd?: string; more?: string[] } = {},
): Promise<CommandState> {
  const command = createCommand();
  const { more = [], env = {}, cwd } = options;
  const argv = [process.execPath, "-e", program, ...more] as [string, ...string[]];
  await command.start("k", { argv, env, timeoutMs: 20_000, ...(cwd === undefined ? {} : { cwd }) });
  return ended(command, "k");
}

async function ended(command: Command, key: string): Promise<CommandState> {
  for (;;) {
    const state = await command.poll(key);
    if (state.state !== "running") return state;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
