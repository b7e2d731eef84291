/** `runbook doctor`: are the credentials there, does every API answer that a runbook calls, is the state readable. Reads only. */
import { JournalError } from "../journal/state.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { PortFailure } from "../model/error.ts";
import { ask, diagnoseCredentials, diagnoseRunbook, type DiagnoseDeps } from "../planning/diagnose.ts";
import { type PrivilegeDeps, privilegesOf } from "../planning/privileges.ts";
import { diagnosisText } from "../reporters/doctor-text.ts";
import { composeAccess, composeCloud, openState } from "./compose.ts";
import { endpointsOf, requireOneWorld } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, print, printJson } from "./io.ts";
import { kindOf, platformOf } from "./session.ts";
import { bucketOf, stateLocation } from "./state-location.ts";

export interface DoctorOptions {
  readonly name?: string | undefined;
  readonly permissions?: boolean | undefined;
  readonly state?: string | undefined;
  readonly simulated?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export async function doctor(options: DoctorOptions, io: Io): Promise<number> {
  const endpoints = endpointsOf(io.env);
  const found = options.name === undefined ? undefined : await findRunbook(options.name, io);
  requireOneWorld(endpoints, options.simulated === true);
  const location = stateLocation(options.state, io);
  const [cloud, access] = await Promise.all([composeCloud(endpoints, io), composeAccess(endpoints, io)]);
  const interrupt = interruptible(io, "what was not asked yet stays unknown.");
  try {
    const deps: DiagnoseDeps = { ports: cloud.ports, access, now: cloud.clock.now(), signal: interrupt.signal };
    const [asked, state] = await Promise.all([
      found === undefined
        ? diagnoseCredentials(deps)
        : diagnoseRunbook(found.runbook, privilegesOf(found.runbook, privilegeDeps(location)), deps).then(
            ({ rows }) => rows,
          ),
      askState(location, io),
    ]);
    const rows = [...asked, state];
    if (options.json === true) printJson(io, { runbook: found?.runbook.name, rows });
    else print(io, diagnosisText(`runbook doctor ${found?.runbook.name ?? ""}`.trim(), rows));
    return codeOf(rows);
  } finally {
    interrupt.release();
    await cloud.clock.close();
  }
}

function privilegeDeps(location: string): PrivilegeDeps {
  const bucket = bucketOf(location)?.bucket;
  return { kindOf, platformOf, ...(bucket === undefined ? {} : { bucket }) };
}

/** A state file that is not there yet is made at the first deploy: asking makes none. */
async function askState(location: string, io: Io): Promise<Diagnosis> {
  const isFile = bucketOf(location) === undefined;
  return ask("State", isFile ? "file" : "bucket", async () => {
    if (isFile && !(await isThere(location))) return { said: `${location} is made by the first deploy` };
    try {
      const newest = await newestRun(location, io);
      return { said: `${location}: ${newest === undefined ? "no runs yet" : `the newest run is ${newest}`}` };
    } catch (error) {
      if (error instanceof JournalError) throw new PortFailure("invalid", error.message, { cause: error });
      throw error;
    }
  });
}

async function newestRun(location: string, io: Io): Promise<string | undefined> {
  const state = await openState(location, endpointsOf(io.env));
  try {
    return (await state.journal.runs({ limit: 1 }))[0]?.run;
  } finally {
    await state.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  const { stat } = await import("node:fs/promises");
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Credentials come first: without them nothing else can be known. */
function codeOf(rows: readonly Diagnosis[]): number {
  if (rows.some(({ state }) => state === "unauthorised")) return EXIT.unauthorised;
  return rows.some(({ state }) => state !== "ok") ? EXIT.failing : EXIT.ok;
}
