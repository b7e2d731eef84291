/** `runbook doctor`: do credentials, APIs and state answer, and which permissions are needed, lacking, too many. Reads only. */
import { JournalError } from "../journal/state.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { PortFailure } from "../model/error.ts";
import { redact } from "../model/redact.ts";
import { redactedWords } from "../model/redact-words.ts";
import type { Runbook } from "../model/runbook.ts";
import { ask, diagnoseCredentials, diagnoseRunbook, type DiagnoseDeps, releasesOf } from "../planning/diagnose.ts";
import { type PrivilegeDeps, privilegesOf } from "../planning/privileges.ts";
import { standingOf } from "../planning/standing.ts";
import { diagnosisText } from "../reporters/doctor-text.ts";
import { permissionsText } from "../reporters/permissions-text.ts";
import { listed } from "../reporters/words.ts";
import { composeAccess, composeCloud, openState } from "./compose.ts";
import { endpointsOf, requireOneWorld } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, policyOf, print, printFailure, printJson } from "./io.ts";
import { kindOf, platformOf } from "./session.ts";
import { bucketOf, stateLocation } from "./state-location.ts";

export interface DoctorOptions {
  readonly name?: string | undefined;
  readonly permissions?: boolean | undefined;
  readonly state?: string | undefined;
  readonly simulated?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** What unknown permissions exit with. */
  readonly inconclusiveExit?: number | undefined;
}

export async function doctor(options: DoctorOptions, io: Io): Promise<number> {
  if (options.permissions === true && options.name === undefined) {
    printFailure(io, "Say whose permissions: `runbook doctor NAME --permissions`.\nNothing was touched.");
    return EXIT.usage;
  }
  const endpoints = endpointsOf(io.env);
  const found = options.name === undefined ? undefined : await findRunbook(options.name, io);
  requireOneWorld(endpoints, options.simulated === true);
  const [cloud, access] = await Promise.all([composeCloud(endpoints, io), composeAccess(endpoints, io)]);
  const interrupt = interruptible(io, "what was not asked yet stays unknown.");
  try {
    const deps: DiagnoseDeps = { ports: cloud.ports, access, now: cloud.clock.now(), signal: interrupt.signal };
    return found !== undefined && options.permissions === true
      ? await comparePermissions(found.runbook, deps, options, io)
      : await diagnose(found?.runbook, deps, options, io);
  } finally {
    interrupt.release();
    await cloud.clock.close();
  }
}

async function diagnose(
  runbook: Runbook | undefined,
  deps: DiagnoseDeps,
  options: DoctorOptions,
  io: Io,
): Promise<number> {
  const location = stateLocation(options.state, io);
  const [asked, state] = await Promise.all([
    runbook === undefined
      ? diagnoseCredentials(deps)
      : diagnoseRunbook(runbook, privilegesOf(runbook, privilegeDeps(location)), deps),
    askState(location, io),
  ]);
  const rows = [...asked, state];
  if (options.json === true) printJson(io, { runbook: runbook?.name, rows: rows.map((row) => redacted(row, io)) });
  else print(io, diagnosisText(`runbook doctor ${runbook?.name ?? ""}`.trim(), rows));
  return codeOf(rows);
}

/** What the other side said is nothing that a program needs to the letter. */
function redacted(row: Diagnosis, io: Io): Diagnosis {
  const policy = policyOf(io);
  const next = row.next === undefined ? {} : { next: redact(row.next, policy) };
  return { ...row, said: redact(row.said, policy), ...next };
}

async function comparePermissions(
  runbook: Runbook,
  deps: DiagnoseDeps,
  options: DoctorOptions,
  io: Io,
): Promise<number> {
  const { releases, unread } = await releasesOf(runbook, deps);
  const location = stateLocation(options.state, io);
  const privileges = privilegesOf(runbook, { ...privilegeDeps(location), releases });
  const services = Object.values(runbook.services).filter((target) => target.platform === "cloud-run");
  const standing = await standingOf(privileges, {
    access: deps.access,
    servicesOf: (project) => services.filter((target) => target.project === project),
    signal: deps.signal,
  });
  if (options.json === true)
    printJson(io, { runbook: runbook.name, privileges, ...redactedWords(standing, policyOf(io)) });
  else print(io, permissionsText(runbook.name, privileges, standing, helmRemarks(releases, unread)));
  if (standing.unauthorised || standing.permissions.some((one) => one.standing === "lacking")) return EXIT.unauthorised;
  const isKnown = unread.length === 0 && standing.permissions.every((one) => one.standing === "granted");
  return isKnown ? EXIT.ok : (options.inconclusiveExit ?? EXIT.inconclusive);
}

function helmRemarks(releases: readonly string[], unread: readonly string[]): readonly string[] {
  return [
    ...(releases.length === 0
      ? []
      : [`Helm owns ${listed(releases)}: its rollback also writes whatever the chart holds, which is not told here.`]),
    ...(unread.length === 0
      ? []
      : [`Whether Helm owns ${listed(unread)} could not be read: then a rollback takes its release's Secrets, too.`]),
  ];
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
