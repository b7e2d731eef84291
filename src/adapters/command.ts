/** Programs as child processes in groups of their own. Never waits for one; what another process started is unknown here. */
import { type ChildProcess, spawn } from "node:child_process";
import { messageOf, PortFailure } from "../model/error.ts";
import type { Command, CommandSpec, CommandState } from "../ports/command.ts";

const OUTPUT_LIMIT = 64 * 1024;
const GRACE_MS = 10_000;
/** How long an ended program's output may stay open in the hands of its own children. */
const LINGER_MS = 1_000;
/** Timers take 31 bits. */
const LONGEST_MS = 2 ** 31 - 1;

interface Started {
  readonly child: ChildProcess;
  output: Buffer;
  timedOut: boolean;
  ended: boolean;
}

export function createCommand(): Command {
  const programs = new Map<string, Started>();
  return {
    async start(key, spec) {
      if (programs.has(key)) throw new PortFailure("conflict", `${spec.argv[0]} was already started for ${key}`);
      programs.set(key, await start(spec));
    },
    async poll(key) {
      const program = programs.get(key);
      return program === undefined ? { state: "unknown" } : stateOf(program);
    },
    async stop(key) {
      const program = programs.get(key);
      if (program !== undefined && !program.ended) terminate(program);
    },
  };
}

async function start(spec: CommandSpec): Promise<Started> {
  const [file, ...args] = spec.argv;
  const child = spawned(file, args, spec);
  const program: Started = { child, output: Buffer.alloc(0), timedOut: false, ended: false };
  collect(program);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(notStarted(error, spec)));
  });
  bound(program, spec.timeoutMs);
  return program;
}

function spawned(file: string, args: readonly string[], spec: CommandSpec): ChildProcess {
  try {
    return spawn(file, args, {
      // Ctrl-C at the terminal reaches the terminal's group: what a run started must survive it.
      detached: true,
      env: environment(spec.env),
      stdio: ["ignore", "pipe", "pipe"],
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    });
  } catch {
    // A NUL, in an argument or a variable: no operating system can hand it over.
    throw new PortFailure("invalid", `${file} cannot be given these arguments: one holds a NUL character`, {
      applied: "no",
    });
  }
}

/** What a program needs to find itself, and nothing of ours: our environment holds tokens. */
function environment(given: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ["PATH", "HOME", "LANG", "TMPDIR"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...given };
}

function notStarted(error: Error, spec: CommandSpec): PortFailure {
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") {
    const place = spec.cwd === undefined ? "" : `, or no directory ${spec.cwd}`;
    return new PortFailure("not-found", `there is no program ${spec.argv[0]}${place}`, { cause: error });
  }
  return new PortFailure("invalid", `${spec.argv[0]} cannot be started: ${code ?? messageOf(error)}`, {
    cause: error,
  });
}

function collect(program: Started): void {
  const { child } = program;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      program.output = Buffer.concat([program.output, chunk]).subarray(-OUTPUT_LIMIT);
    });
  }
  child.once("exit", () => {
    onTimeout(LINGER_MS, () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
  });
  child.once("close", () => {
    program.ended = true;
  });
  // After `spawn` an error is a signal that could not be sent: the state tells more.
  child.on("error", () => undefined);
  // A paused run must be able to end while its program goes on.
  child.unref();
}

function bound(program: Started, timeoutMs: number): void {
  onTimeout(Math.min(timeoutMs, LONGEST_MS), () => {
    if (program.ended) return;
    program.timedOut = true;
    terminate(program);
  });
}

/** The group may outlive the program that led it, so it is killed in any case. */
function terminate(program: Started): void {
  signalGroup(program.child, "SIGTERM");
  onTimeout(GRACE_MS, () => signalGroup(program.child, "SIGKILL"));
}

function signalGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // No such group: it is over already, which is what was asked for.
  }
}

function onTimeout(ms: number, act: () => void): void {
  AbortSignal.timeout(ms).addEventListener("abort", act, { once: true });
}

function stateOf(program: Started): CommandState {
  if (!program.ended) return { state: "running" };
  const { exitCode, signalCode } = program.child;
  return {
    state: "exited",
    exitCode: exitCode ?? undefined,
    ...(signalCode === null ? {} : { signal: signalCode }),
    timedOut: program.timedOut,
    output: program.output.toString("utf8"),
  };
}
