/** An Io of a process that nobody watches: what it writes goes nowhere. For tests that look at results, not at words. */
import { PassThrough } from "node:stream";
import type { Io } from "../../src/commands/io.ts";

export function silentIo(): Io {
  return {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    cwd: process.cwd(),
    columns: 100,
    isInteractive: false,
    onInterrupt: () => () => undefined,
    exitNow: () => undefined,
  };
}
