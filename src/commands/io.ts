/** What a command may touch of the process it runs in: so that a test can be the terminal, the environment and the operator. */
import type { Readable, Writable } from "node:stream";
import { jsonLine } from "../model/json.ts";
import { type Redaction, STANDARD, redact, strictest } from "../model/redact.ts";
import { plainLines } from "../reporters/escape.ts";
import { workflowCommand } from "../reporters/workflow-command.ts";

export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** A person can read stdout and answer on stdin. */
  readonly isInteractive: boolean;
  readonly columns: number;
  /** What this command line takes out of what it prints; `main` begins it, and each runbook that is loaded adds to it. */
  readonly policy?: { redaction?: Redaction };
  /** Makes the process's chance (its jitter) repeatable. */
  readonly seed?: number;
  /** Calls back at each SIGINT or SIGTERM. Returns how to stop listening. */
  onInterrupt(listener: (signal: "SIGINT" | "SIGTERM") => void): () => void;
  /** Ends the process at once: only for the second interrupt. */
  exitNow(code: number): void;
}

/** From here on the words of a runbook are printed as it says, also those of errors before it has a run. */
export function adoptPolicy({ policy }: Pick<Io, "policy">, redaction: Redaction = STANDARD): void {
  if (policy === undefined) return;
  policy.redaction = policy.redaction === undefined ? redaction : strictest(policy.redaction, redaction);
}

export function policyOf({ policy }: Pick<Io, "policy">): Redaction {
  return policy?.redaction ?? STANDARD;
}

/**
 * For people: whatever services, files or persons named is harmless on a terminal and in a CI log from here on. What is told of a run
 * went through its own redaction already.
 */
export function print(io: Io, text: string, redaction: Redaction = policyOf(io)): void {
  io.stdout.write(ended(plainLines(text, redaction)));
}

export function printError(io: Pick<Io, "stderr" | "policy">, text: string): void {
  io.stderr.write(ended(plainLines(text, policyOf(io))));
}

/** Why a command ends without having done what it was asked: in a GitHub Actions job also an annotation of its own. */
export function printFailure(io: Pick<Io, "stderr" | "policy"> & Partial<Pick<Io, "env">>, text: string): void {
  printError(io, text);
  const words = redact(text, policyOf(io));
  if (io.env?.["GITHUB_ACTIONS"] === "true") io.stderr.write(workflowCommand("error", words, { title: "runbook" }));
}

/** For programs: one line, the value as it is. */
export function printJson(io: Io, value: unknown): void {
  io.stdout.write(`${jsonLine(value)}\n`);
}

function ended(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** The terminal, the environment and the signals of this very process. */
export function processIo(): Io {
  const columns = process.stdout.columns ?? 100;
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    isInteractive: process.stdin.isTTY && process.stdout.isTTY && process.env["CI"] === undefined,
    columns,
    onInterrupt: (listener) => {
      process.on("SIGINT", listener).on("SIGTERM", listener);
      return () => process.off("SIGINT", listener).off("SIGTERM", listener);
    },
    exitNow: (code) => process.exit(code),
  };
}
