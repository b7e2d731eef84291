/** `runbook report`: a run as one HTML file, from its journal and its stored evidence. Asks no cloud; replaces no file unasked. */
import { access, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { State } from "../journal/state.ts";
import { messageOf, RunbookError } from "../model/error.ts";
import type { Instant } from "../model/time.ts";
import { progressOf } from "../model/progress.ts";
import { openState } from "./compose.ts";
import { endpointsOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { type Io, printError } from "./io.ts";
import { findRun } from "./session.ts";
import { stateLocation } from "./state-location.ts";
import { watchedMinutes } from "./watched.ts";

export interface ReportOptions {
  readonly id: string;
  /** A file, or "-" for stdout. */
  readonly html: string;
  /** Replace the file. */
  readonly force?: boolean | undefined;
  readonly state?: string | undefined;
}

export async function report(options: ReportOptions, io: Io): Promise<number> {
  const state = await openState(stateLocation(options.state, io), endpointsOf(io.env));
  try {
    await refuseToReplace(options, io);
    const { run } = await findRun(state, { run: options.id });
    await writeReport(await runPage(state, run), options, io);
    return EXIT.ok;
  } finally {
    await state.close();
  }
}

/** `home` is where a served page finds the list of runs. */
export async function runPage(
  state: State,
  run: string,
  served: { home?: string; asOf?: Instant } = {},
): Promise<string> {
  const events = await state.journal.read(run);
  const watched = await watchedMinutes(state, progressOf(events));
  const { reportPage } = await import("../reporters/html/report-page.ts");
  return reportPage({ events, watched, ...served });
}

/** Before any work: throws RunbookError where the file is there already and was not given up. */
export async function refuseToReplace({ html, force }: Pick<ReportOptions, "html" | "force">, io: Io): Promise<void> {
  if (html === "-" || force === true) return;
  const isThere = await access(resolve(io.cwd, html)).then(
    () => true,
    () => false,
  );
  if (isThere) throw isThereAlready(html);
}

export async function writeReport(
  page: string,
  { html, force }: Pick<ReportOptions, "html" | "force">,
  io: Io,
): Promise<void> {
  // Not for people: it is escaped already, as HTML.
  if (html === "-") return void io.stdout.write(page);
  try {
    // "x": a file that came to be there meanwhile is not replaced either.
    await writeFile(resolve(io.cwd, html), page, { flag: force === true ? "w" : "wx" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") throw isThereAlready(html);
    throw new RunbookError({
      what: `The report could not be written: ${messageOf(error)}`,
      state: "The run and its journal are as they were.",
      next: "Name a file that can be written, or - for standard output.",
    });
  }
  printError(io, `report written: ${html}`);
}

function isThereAlready(html: string): RunbookError {
  return new RunbookError({
    what: `${html} is there already.`,
    state: "It was not replaced, and nothing else was touched.",
    next: "Name another file, or add --force to replace it.",
  });
}
