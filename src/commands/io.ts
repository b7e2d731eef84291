/** What a command may touch of the process it runs in: so that a test can be the terminal, the environment and the operator. */
import type { Readable, Writable } from "node:stream";

export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** A person can read stdout and answer on stdin. */
  readonly isInteractive: boolean;
  readonly columns: number;
  /** Calls back at each SIGINT or SIGTERM. Returns how to stop listening. */
  onInterrupt(listener: (signal: "SIGINT" | "SIGTERM") => void): () => void;
  /** Ends the process at once: only for the second interrupt. */
  exitNow(code: number): void;
}

export function print(io: Io, text: string): void {
  io.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

export function printError(io: Io, text: string): void {
  io.stderr.write(text.endsWith("\n") ? text : `${text}\n`);
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
