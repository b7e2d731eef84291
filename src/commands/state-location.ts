/** Which state a command works on: `--state`, RUNBOOK_STATE, or a file under the user's state directory. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { RunbookError } from "../model/error.ts";
import type { Io } from "./io.ts";

/** A path, ":memory:", or "gs://bucket/prefix". */
export function stateLocation(given: string | undefined, io: Io): string {
  const named = given ?? io.env["RUNBOOK_STATE"];
  if (named?.startsWith("gs://") === true) {
    if (bucketOf(named) !== undefined) return named;
    throw new RunbookError({
      what: `The state ${named} is no place in a bucket.`,
      state: "Nothing was touched.",
      next: "Say gs://BUCKET/PREFIX, such as gs://my-team/runbook.",
    });
  }
  if (named !== undefined && named !== "") return named === ":memory:" ? named : resolve(io.cwd, named);
  const base = io.env["XDG_STATE_HOME"] ?? join(io.env["HOME"] ?? homedir(), ".local", "state");
  return join(base, "runbook", "state.db");
}

/** The parts of "gs://bucket/prefix"; undefined for a file. Names: https://cloud.google.com/storage/docs/buckets#naming */
export function bucketOf(location: string): { readonly bucket: string; readonly prefix: string } | undefined {
  const match = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/+([^\s#?*[\]]*))?$/.exec(location);
  const [, bucket, prefix = ""] = match ?? [];
  return bucket === undefined ? undefined : { bucket, prefix: prefix.replaceAll(/^\/+|\/+$/g, "") };
}

/**
 * Why a deploy that leaves work for later must not begin: its state would be seen by this machine only, and the machine of
 * a CI job is gone when the checkpoints are due. Undefined: it may.
 */
export function refusalOfLocalState(
  location: string,
  leaves: { readonly isDetached: boolean; readonly laterCheckpoints: readonly string[] },
  io: Io,
): RunbookError | undefined {
  const isCi = !["", "0", "false"].includes((io.env["CI"] ?? "").toLowerCase());
  const { isDetached, laterCheckpoints } = leaves;
  if (bucketOf(location) !== undefined || (!isDetached && (!isCi || laterCheckpoints.length === 0))) return undefined;
  const why = isDetached
    ? "--detach leaves every checkpoint for later"
    : `CI is set, and the checkpoints ${laterCheckpoints.join(", ")} are left for later`;
  return new RunbookError({
    what: `${why}, but the state ${location} is seen by this machine only: nobody else could judge or roll back.`,
    state: "Nothing was touched.",
    next: "Give --state gs://BUCKET/PREFIX (or RUNBOOK_STATE), or let the runbook's foreground-until be its last checkpoint.",
  });
}
