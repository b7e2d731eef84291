/** Which state a command works on: `--state`, RUNBOOK_STATE, or a file under the user's state directory. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { RunbookError } from "../model/error.ts";
import type { Io } from "./io.ts";

export function stateLocation(given: string | undefined, io: Io): string {
  const named = given ?? io.env["RUNBOOK_STATE"];
  if (named?.startsWith("gs://") === true) {
    throw new RunbookError({
      what: `The state ${named} is in a bucket, and this version keeps its state in a file only.`,
      state: "Nothing was touched.",
      next: "Give a file to --state, or leave it out.",
    });
  }
  if (named !== undefined && named !== "") return named === ":memory:" ? named : resolve(io.cwd, named);
  const base = io.env["XDG_STATE_HOME"] ?? join(io.env["HOME"] ?? homedir(), ".local", "state");
  return join(base, "runbook", "state.db");
}
