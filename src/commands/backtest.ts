/** `runbook backtest`: check-errors replayed over the past, at placebo times and at real deploys. Reads only; exit 0. */
import { progressOf } from "../model/progress.ts";
import { RunbookError } from "../model/error.ts";
import type { Runbook } from "../model/runbook.ts";
import { type CloudRunTarget, identityOf } from "../model/service.ts";
import { DAY, earliest, HOUR, type Instant, latest, MINUTE, msBetween, parseDuration, plusMs } from "../model/time.ts";
import type { State } from "../journal/state.ts";
import { checkErrors, errorFilterOf } from "../steps/check-errors.ts";
import type { ErrorFilter } from "../steps/errors-before.ts";
import type { Past } from "../steps/past.ts";
import { placeboTimes, replayAt, type ReplayRules, runVerdicts, type Tried } from "../steps/replay.ts";
import { pastFromClouds, pastFromFile } from "./backtest-sources.ts";
import { backtestText } from "./backtest-text.ts";
import { openState } from "./compose.ts";
import { endpointsOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, print, printJson } from "./io.ts";
import { openSession } from "./session.ts";
import { stateLocation } from "./state-location.ts";

export interface BacktestOptions {
  readonly name: string;
  readonly since: string;
  readonly every: string;
  readonly logs?: string | undefined;
  readonly state?: string | undefined;
  readonly simulated?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** A deploy that was: known from this state's journal, or seen because a new version began to answer. */
export interface RealDeploy extends Tried {
  readonly known: string;
}

export interface Backtest {
  readonly runbook: string;
  readonly label: string;
  readonly baseline: Pick<ReplayRules, "baselineMs" | "baselineMode">;
  readonly everyMs: number;
  readonly pasts: readonly Past[];
  readonly placebo: readonly Tried[];
  /** The worst over the services, where there are several. */
  readonly runs: readonly Tried[];
  readonly deploys: readonly RealDeploy[];
  /** Deploys without a whole baseline, or too recent. */
  readonly leftOut: number;
}

/** How many moments are judged at most: beyond it they lie further apart. */
const MOST_MOMENTS = 2_000;
/** A new version that is first seen this near to a journaled switch is that switch. */
const SAME_DEPLOY_MS = HOUR;

export async function backtest(options: BacktestOptions, io: Io): Promise<number> {
  const { runbook } = await findRunbook(options.name, io);
  const sinceMs = durationOf("--since", options.since, HOUR, 90 * DAY);
  const everyMs = durationOf("--every", options.every, MINUTE, DAY);
  const { targets, filter, label } = watched(runbook);
  const found =
    options.logs === undefined
      ? await fromClouds(options, runbook, targets, sinceMs, filter, io)
      : await fromFile(options, options.logs, targets, filter, io);
  const result = replayed(runbook, label, everyMs, found);
  if (options.json === true) printJson(io, summaryOf(result));
  else print(io, backtestText(result));
  return EXIT.ok;
}

function durationOf(option: string, text: string, least: number, most: number): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= least && ms <= most) return ms;
  throw new RunbookError({
    what: `${option} ${text} is not a duration that can be replayed.`,
    state: "Nothing was touched.",
    next: `Give one such as ${option === "--since" ? "30d (at most 90d)" : "20m (at most 24h)"}.`,
  });
}

/** The Cloud Run services that the runbook's check-errors judge, and what they count. */
function watched(runbook: Runbook): {
  readonly targets: ReadonlyMap<string, CloudRunTarget>;
  readonly filter: ErrorFilter;
  readonly label: string;
} {
  const checks = [...(runbook.monitor?.checks ?? []), ...runbook.steps].filter(({ uses }) => uses === "check-errors");
  const [first] = checks;
  const targets = new Map<string, CloudRunTarget>();
  for (const name of checks.flatMap(({ services }) => services)) {
    const target = runbook.services[name];
    if (target?.platform === "cloud-run") targets.set(name, target);
  }
  if (first === undefined || targets.size === 0) {
    throw new RunbookError({
      what: `${runbook.name} has no check-errors over a Cloud Run service, so there is nothing to replay.`,
      state: "Nothing was touched.",
      next: "Add one to `monitor.checks`.",
    });
  }
  const { statuses } = checkErrors.args.parse({ statuses: first.with["statuses"] });
  return { targets, filter: errorFilterOf(statuses), label: statuses.join(", ") };
}

interface Found {
  readonly pasts: readonly Past[];
  readonly switches: readonly Switch[];
}

interface Switch {
  readonly service: string;
  readonly run: string;
  readonly from: Instant;
  readonly at: Instant;
}

async function fromClouds(
  options: BacktestOptions,
  runbook: Runbook,
  targets: ReadonlyMap<string, CloudRunTarget>,
  sinceMs: number,
  filter: ErrorFilter,
  io: Io,
): Promise<Found> {
  const session = await openSession(options, io);
  const interrupt = interruptible(io);
  try {
    const pasts: Past[] = [];
    for (const [service, target] of targets) {
      const cloud = { ...session.cloud, signal: interrupt.signal };
      pasts.push(await pastFromClouds(cloud, service, target, sinceMs + baselineReach(runbook), filter));
    }
    return { pasts, switches: await journaled(session.state, targets) };
  } finally {
    interrupt.release();
    await session.close();
  }
}

/** The first day that is replayed needs a baseline too. */
function baselineReach({ monitor }: Runbook): number {
  if (monitor?.baselineMode === "last-week") return 7 * DAY;
  return monitor?.baselineMode === "same-hour-yesterday" ? DAY + HOUR : (monitor?.baselineMs ?? DAY);
}

/** Services of the file by their Cloud Run names; where none is the runbook's, each is replayed under its own name. */
async function fromFile(
  options: BacktestOptions,
  file: string,
  targets: ReadonlyMap<string, CloudRunTarget>,
  filter: ErrorFilter,
  io: Io,
): Promise<Found> {
  const pasts = await pastFromFile(file, filter);
  const names = new Map([...targets].map(([name, { service }]) => [service, name]));
  const ours = pasts.flatMap((past) => {
    const service = names.get(past.service);
    return service === undefined ? [] : [{ ...past, service }];
  });
  const state = await openState(stateLocation(options.state, io), endpointsOf(io.env));
  try {
    return { pasts: ours.length > 0 ? ours : pasts, switches: await journaled(state, targets) };
  } finally {
    await state.close();
  }
}

const MOST_RUNS = 500;

async function journaled(state: State, targets: ReadonlyMap<string, CloudRunTarget>): Promise<readonly Switch[]> {
  const names = new Map([...targets].map(([name, target]) => [identityOf(target), name]));
  const switches: Switch[] = [];
  for (const { run } of await state.journal.runs({ limit: MOST_RUNS })) {
    const progress = progressOf(await state.journal.read(run));
    for (const change of Object.values(progress.switched)) {
      const target = progress.plan.runbook.services[change.service];
      const service = target === undefined ? undefined : names.get(identityOf(target));
      if (service !== undefined) switches.push({ service, run, from: change.rolloutStartedAt, at: change.at });
    }
  }
  return switches;
}

function replayed(runbook: Runbook, label: string, wantedEveryMs: number, { pasts, switches }: Found): Backtest {
  const { monitor } = runbook;
  const baseline = {
    baselineMs: monitor?.baselineMs ?? DAY,
    ...(monitor?.baselineMode === undefined ? {} : { baselineMode: monitor.baselineMode }),
  };
  const judgedServices = Math.max(1, new Set(monitor?.checks.flatMap(({ services }) => services)).size);
  const span = Math.max(0, ...pasts.map(({ from, until }) => msBetween(from, until)));
  const everyMs = Math.max(wantedEveryMs, Math.ceil((span * pasts.length) / MOST_MOMENTS / MINUTE) * MINUTE);
  const placebo: Tried[] = [];
  const deploys: RealDeploy[] = [];
  let leftOut = 0;
  for (const past of pasts) {
    const real = deploysOf(past, switches);
    const excluded = real.map(({ from, at }) => ({ from, until: plusMs(at, 10 * MINUTE) }));
    const rules: ReplayRules = { ...baseline, judgedServices, label, excluded };
    for (const at of placeboTimes(past, rules, everyMs)) placebo.push(replayAt(past, at, rules));
    for (const { at, known } of real) {
      const reach = plusMs(at, -baselineReach(runbook));
      if (reach < past.from || plusMs(at, HOUR) > past.until) leftOut += 1;
      else deploys.push({ ...replayAt(past, at, rules), known });
    }
  }
  const runs = pasts.length > 1 ? runVerdicts(placebo, pasts.length) : [];
  return { runbook: runbook.name, label, baseline, everyMs, pasts, placebo, runs, deploys, leftOut };
}

/** What the journal knows, and besides it every new version that was seen to answer. */
function deploysOf(
  { service, from, until, newVersions }: Past,
  switches: readonly Switch[],
): readonly { readonly from: Instant; readonly at: Instant; readonly known: string }[] {
  const known = switches
    .filter((change) => change.service === service && change.at >= from && change.at < until)
    .map((change) => ({ from: change.from, at: change.at, known: `run ${change.run}` }));
  const seen = newVersions
    .filter(({ at }) => !known.some((change) => Math.abs(msBetween(change.at, at)) < SAME_DEPLOY_MS))
    .map(({ version, at }) => ({ from: plusMs(at, -MINUTE), at, known: `${version} was seen first` }));
  return [...known, ...seen].toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

/** Without the minute counts. */
function summaryOf({ pasts, ...rest }: Backtest): object {
  return {
    ...rest,
    from: earliest(pasts.map(({ from }) => from)),
    until: latest(pasts.map(({ until }) => until)),
    pasts: pasts.map(({ service, from, until, unread, requests }) => ({
      service,
      from,
      until,
      unread,
      totals: requests === "unknown" ? "unknown" : "known",
    })),
  };
}
