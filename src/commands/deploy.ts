/** `runbook deploy`: load, plan, preflight, confirm, lock, journal, and drive. Nothing is touched before all of that is good. */
import { STANDARD } from "../model/redact.ts";
import { redactedWords } from "../model/redact-words.ts";
import { createInterface } from "node:readline/promises";
import type { LockEntry } from "../journal/state.ts";
import type { Plan } from "../model/plan.ts";
import { identityOf } from "../model/service.ts";
import { formatDuration, MINUTE } from "../model/time.ts";
import { servesText } from "../engine/survey.ts";
import { makePlan } from "../planning/make-plan.ts";
import type { Preflight } from "../planning/preflight.ts";
import { planText } from "../planning/show-plan.ts";
import type { Finding } from "../steps/step.ts";
import { allSteps } from "../steps/all-steps.ts";
import { checkBeforehand } from "./check-beforehand.ts";
import { EXIT } from "./exit-code.ts";
import { type FoundRunbook, findRunbook, InvalidRunbook } from "./find-runbook.ts";
import { runForeground, type ForegroundOptions } from "./foreground.ts";
import { type Io, print, printError, printFailure } from "./io.ts";
import { openSession, platformOf, type Session } from "./session.ts";
import { refusalOfLocalState, stateLocation } from "./state-location.ts";

export interface DeployOptions extends ForegroundOptions {
  readonly name: string;
  readonly pr?: number | undefined;
  readonly input?: readonly string[] | undefined;
  readonly dryRun?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly state?: string | undefined;
  readonly simulated?: boolean | undefined;
  readonly rehearsal?: boolean | undefined;
  readonly seed?: number | undefined;
}

export async function deploy(options: DeployOptions, io: Io): Promise<number> {
  const plan = planOf(await findRunbook(options.name, io), options, io);
  const refusal = refusalOf(options, io);
  if (refusal !== undefined) {
    printFailure(io, refusal);
    return EXIT.usage;
  }
  requireSharedState(options, plan, io);
  const session = await openSession(options, io);
  try {
    return await deployIn(session, plan, options);
  } finally {
    await session.close();
  }
}

export function planOf(found: FoundRunbook, options: Pick<DeployOptions, "pr" | "input" | "rehearsal">, io: Io): Plan {
  const made = makePlan({
    ...found,
    given: inputsOf(options.input ?? []),
    env: (name) => io.env[name],
    ...(options.pr === undefined ? {} : { pullRequest: options.pr }),
    startedBy: io.env["GITHUB_ACTOR"] ?? io.env["USER"] ?? "operator",
    rehearsal: options.rehearsal === true,
    kinds: allSteps,
  });
  if ("problems" in made) throw new InvalidRunbook(made.problems);
  return made.plan;
}

/** "k=v" pairs; text without "=" is a name with no value, which planning refuses. */
function inputsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return at === -1 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function refusalOf(options: DeployOptions, io: Io): string | undefined {
  const canAsk = io.isInteractive && options.json !== true;
  if (options.yes === true || options.dryRun === true || canAsk) return undefined;
  return "A deploy asks for confirmation, and there is no terminal to ask on.\nNothing was touched.\nSay --yes to confirm beforehand, or --dry-run to see the plan and the preflight only.";
}

/** What is left for later must be left where another machine finds it. */
function requireSharedState(options: DeployOptions, plan: Plan, io: Io): void {
  if (options.dryRun === true || options.toTheEnd === true) return;
  const { checkpointsMs = [], foregroundUntilMs = 0 } = plan.runbook.monitor ?? {};
  const laterCheckpoints = checkpointsMs.filter((ms) => ms > foregroundUntilMs).map(formatDuration);
  const leaves = { isDetached: options.detach === true, laterCheckpoints };
  const refused = refusalOfLocalState(stateLocation(options.state, io), leaves, io);
  if (refused !== undefined) throw refused;
}

/** The deploy of a plan in a session that is the caller's. */
export async function deployIn(session: Session, plan: Plan, options: DeployOptions): Promise<number> {
  const { io } = session;
  const blockers = options.dryRun === true ? [] : await blockersNow(session, plan);
  if (blockers.length > 0) {
    tellBlocked(io, plan, blockers);
    return EXIT.locked;
  }
  const checked = await checkBeforehand(session, plan);
  const code = preflightCode(checked.findings);
  showFindings(io, checked.findings, options);
  if (code !== EXIT.ok) return code;
  if (options.dryRun === true) {
    print(io, planText(plan, io.columns), plan.runbook.report.redact);
    return EXIT.ok;
  }
  if (options.yes !== true && !(await confirm(plan, io))) {
    printFailure(io, "Not confirmed. Nothing was touched.");
    return EXIT.usage;
  }
  const run = await begin(session, plan, checked);
  return run === undefined ? EXIT.locked : runForeground(session, run, options);
}

function preflightCode(findings: readonly Finding[]): number {
  // What is not authorised cannot be judged otherwise: say that first.
  if (findings.some(({ severity }) => severity === "unauthorised")) return EXIT.unauthorised;
  return findings.some(({ severity }) => severity === "error") ? EXIT.usage : EXIT.ok;
}

function showFindings(io: Io, findings: readonly Finding[], options: DeployOptions): void {
  const problems = findings.filter(({ severity }) => severity !== "remark");
  const shown = problems.length > 0 ? problems : options.dryRun === true ? findings : [];
  if (shown.length === 0) return;
  const lines = shown.map(
    ({ severity, what, next }) => `  ${MARKS[severity]} ${what}${next === undefined ? "" : `\n      ${next}`}`,
  );
  const title =
    problems.length > 0
      ? `Preflight found ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:`
      : "Preflight:";
  (problems.length > 0 ? printFailure : printError)(
    io,
    [title, ...lines, ...(problems.length > 0 ? ["Nothing was touched. Mend this and deploy again."] : [])].join("\n"),
  );
}

const MARKS: Readonly<Record<Finding["severity"], string>> = {
  unauthorised: "x not authorised:",
  error: "x",
  remark: "-",
};

async function confirm(plan: Plan, io: Io): Promise<boolean> {
  print(io, planText(plan, io.columns), plan.runbook.report.redact);
  const lines = createInterface({ input: io.stdin, output: io.stdout });
  try {
    const answer = await lines.question(`Deploy ${plan.runbook.name}? Type its name to go on: `);
    return answer.trim() === plan.runbook.name;
  } finally {
    lines.close();
  }
}

/** Until the run's first turn renews them: whoever dies in between keeps others out no longer than this. */
const BEGIN_TTL_MS = MINUTE;

/** Locks first, then the journal: a run never exists that another one's lock would have refused. */
async function begin(session: Session, plan: Plan, checked: Preflight): Promise<string | undefined> {
  const { state, cloud, ids, io } = session;
  const now = cloud.clock.now();
  const run = ids.run(now);
  const because = `deploy of ${plan.runbook.name}`;
  const taken = await state.locks.lock(identitiesOf(plan), run, ids.owner(), now, BEGIN_TTL_MS, because);
  if ("blockedBy" in taken) {
    tellBlocked(io, plan, taken.blockedBy);
    return undefined;
  }
  try {
    const moved = await movedSince(session, plan, checked);
    if (moved.length > 0) {
      const next = "Somebody else deployed in between: look at what serves, and deploy again.";
      printFailure(
        io,
        [`${plan.runbook.name} has moved since preflight:`, ...moved, "Nothing was touched.", next].join("\n"),
      );
      await state.locks.unlock(identitiesOf(plan), run);
      return undefined;
    }
    const remarks = checked.findings.map(({ what }) => what);
    const redaction = plan.runbook.report.redact ?? STANDARD;
    const told = {
      type: "run-planned" as const,
      plan,
      snapshot: { ...checked.snapshot },
      remarks,
      facts: checked.facts,
    };
    const first = redactedWords(told, redaction);
    await state.journal.create(run, plan.runbook.name, first, now);
    return run;
  } catch (error) {
    await state.locks.unlock(identitiesOf(plan), run);
    throw error;
  }
}

/** The snapshot was taken before a person confirmed and before the locks: it must still be what serves. */
async function movedSince(session: Session, plan: Plan, checked: Preflight): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const told = await Promise.all(
    Object.entries(plan.runbook.services).map(async ([name, target]) => {
      const platform = platformOf(target);
      const snapshot = checked.snapshot[name];
      const expected = snapshot === undefined ? undefined : platform.versionOf(snapshot);
      const serving = await platform.serving(target, session.cloud.ports, signal);
      if (serving === (expected ?? "mixed")) return [];
      return [`  ${servesText(name, serving)}, at preflight: ${expected ?? "a split"}`];
    }),
  );
  return told.flat();
}

function identitiesOf(plan: Plan): readonly string[] {
  return Object.values(plan.runbook.services).map(identityOf);
}

/** Who is in the way already: asked before preflight, because it is the first thing to know. */
async function blockersNow(session: Session, plan: Plan): Promise<readonly LockEntry[]> {
  const now = session.cloud.clock.now();
  const entries = await session.state.locks.entries(identitiesOf(plan));
  return entries.filter(({ until }) => until === undefined || until > now);
}

function tellBlocked(io: Io, plan: Plan, blockers: readonly LockEntry[]): void {
  const { name } = plan.runbook;
  const lines = blockers.map(({ service, kind, run, since, until, because }) => {
    const held = kind === "hold" ? "held" : "locked";
    const end = until === undefined ? "" : ` until ${until} unless renewed`;
    return `  ${service}: ${held} by run ${run} since ${since}${end} (${because})`;
  });
  const next = blockers.some(({ kind }) => kind === "hold")
    ? `Find out why it was rolled back; then \`runbook release ${name}\` lifts the hold.`
    : `Wait for it (\`runbook status ${blockers[0]?.run ?? ""}\`); if it is dead, \`runbook unlock ${name}\`.`;
  printFailure(io, [`${name} cannot be deployed now:`, ...lines, "Nothing was touched.", next].join("\n"));
}
