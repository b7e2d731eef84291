/** From a name on the command line to a loaded runbook, or to every problem of its file. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { loadRunbook } from "../language/load.ts";
import { formatProblem, type Problem } from "../language/problems.ts";
import { didYouMean } from "../language/suggest.ts";
import { RunbookError } from "../model/error.ts";
import { digestOf } from "../model/json.ts";
import type { Runbook } from "../model/runbook.ts";
import { allSteps } from "../steps/all-steps.ts";
import { adoptPolicy, type Io } from "./io.ts";

export interface FoundRunbook {
  readonly runbook: Runbook;
  /** As a person would name it from where they are. */
  readonly file: string;
  readonly digest: string;
}

/** What is wrong with a runbook: usage, exit 2, nothing touched. */
export class InvalidRunbook extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super([...problems.map(formatProblem), "", `${count}. Nothing was touched.`].join("\n"));
    this.name = "InvalidRunbook";
    this.problems = problems;
  }
}

export function runbookDirectory(io: Io): string {
  return resolve(io.cwd, io.env["RUNBOOK_DIR"] ?? "runbooks");
}

/** The runbooks' files, sorted. */
export async function runbookFiles(io: Io): Promise<readonly string[]> {
  const directory = runbookDirectory(io);
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** `name`: a runbook's name, or a path to a file. */
export async function findRunbook(name: string, io: Io): Promise<FoundRunbook> {
  const path = await pathOf(name, io);
  return loadFile(path, io);
}

export async function loadFile(path: string, io: Io): Promise<FoundRunbook> {
  const file = relative(io.cwd, path) || path;
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new RunbookError({
      what: `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`,
      state: "Nothing was touched.",
      next: "Check the name; `runbook list` shows the runbooks here.",
    });
  });
  const loaded = loadRunbook(file, bytes.toString("utf8"), allSteps, {
    project: io.env["GOOGLE_CLOUD_PROJECT"] || undefined,
  });
  if ("problems" in loaded) throw new InvalidRunbook(loaded.problems);
  adoptPolicy(io, loaded.runbook.report.redact);
  return { runbook: loaded.runbook, file, digest: digestOf(bytes) };
}

async function pathOf(name: string, io: Io): Promise<string> {
  if (/\.ya?ml$/.test(name)) return resolve(io.cwd, name);
  const files = await runbookFiles(io);
  const named = (file: string): string => file.replace(/^.*[/\\]/, "").replace(/\.ya?ml$/, "");
  const file = files.find((candidate) => named(candidate) === name);
  if (file !== undefined) return file;
  const hint = didYouMean(name, files.map(named));
  throw new RunbookError({
    what: `There is no runbook ${name} in ${relative(io.cwd, runbookDirectory(io)) || "."}.`,
    state: "Nothing was touched.",
    next: `${hint ?? ""} \`runbook list\` shows the runbooks here; RUNBOOK_DIR names another directory.`.trim(),
  });
}
