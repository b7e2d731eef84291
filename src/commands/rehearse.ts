/** `runbook rehearse`: the very deploy, against a simulated cloud on loopback, in an empty environment. */
import { RunbookError } from "../model/error.ts";
import type { RunEvent } from "../model/event.ts";
import { buildWorld } from "../rehearsal/build-world.ts";
import { guardEgress } from "../rehearsal/egress-guard.ts";
import { withDeaths } from "../rehearsal/death-words.ts";
import { withFaults } from "../rehearsal/fault-words.ts";
import { isFile, loadScenario, scenarioNames } from "../rehearsal/load-scenario.ts";
import { surprisesAfter } from "../rehearsal/matrix.ts";
import type { Scenario } from "../rehearsal/scenario.ts";
import type { SimulatedCloud } from "../rehearsal/simulated-cloud.ts";
import { type Simulation, startSimulation } from "../rehearsal/start-simulation.ts";
import { planOf } from "./deploy.ts";
import { environmentOf, stagingEnvironment } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { type FoundRunbook, findRunbook } from "./find-runbook.ts";
import { type Io, print, printError, printFailure } from "./io.ts";
import { notRehearsed } from "./not-rehearsed.ts";
import { requireFitting } from "./rehearse-place.ts";
import { rehearseLives } from "./rehearse-lives.ts";

export interface RehearseOptions {
  readonly name?: string | undefined;
  readonly scenario: string;
  readonly list?: boolean | undefined;
  /** Every scenario that applies, and one table. */
  readonly all?: boolean | undefined;
  /** Of `all`: the scenarios with these names. */
  readonly only?: readonly string[] | undefined;
  /** Added to the scenario's: `API:CALL=STATUSxN`. */
  readonly fault?: readonly string[] | undefined;
  /** `ITEM:MOMENT` at which the process dies; a minute later another one resumes the run. */
  readonly killAt?: readonly string[] | undefined;
  /** World time per real time: "1x", "60x"; "max": as fast as it goes. */
  readonly speed?: string | undefined;
  readonly seed: number;
  readonly state?: string | undefined;
  /** Where the rehearsed run's report is written; "-" is stdout. */
  readonly html?: string | undefined;
  /** Replace that file. */
  readonly force?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export async function rehearse(options: RehearseOptions, io: Io): Promise<number> {
  if (options.list === true) return listScenarios(io);
  const [oneOnly] = [...(options.fault ?? []).map(() => "--fault"), ...(options.killAt ?? []).map(() => "--kill-at")];
  if (options.all === true && oneOnly !== undefined) {
    printFailure(
      io,
      `${oneOnly} is for one scenario, and --all is every one.\nNothing was touched.\nGive one of the two, \`${oneOnly}\` or \`--all\`.`,
    );
    return EXIT.usage;
  }
  if (options.all === true && options.html !== undefined) {
    printFailure(
      io,
      "--html is the report of one run, and --all is many.\nNothing was touched.\nName one scenario: `--scenario NAME --html FILE`.",
    );
    return EXIT.usage;
  }
  if (options.all === true) return (await import("./rehearse-all.ts")).rehearseAll(options, io);
  const { name } = options;
  if (name === undefined) {
    printFailure(io, "Say which runbook to rehearse.\nNothing was touched.\n`runbook list` shows the runbooks here.");
    return EXIT.usage;
  }
  const faulty = withFaults(await loadScenario(options.scenario), options.fault ?? []);
  const scenario = withDeaths(faulty, options.killAt ?? []);
  const left = notRehearsed((await findRunbook(name, io)).runbook);
  if (left !== undefined) printError(io, left);
  if (options.html !== undefined) {
    const { rehearseReport } = await import("./rehearse-report.ts");
    return rehearseReport({ ...options, name, html: options.html }, scenario, io);
  }
  let events: readonly RunEvent[] = [];
  const keep = (_cloud: SimulatedCloud, journal: readonly RunEvent[]): void => void (events = journal);
  const rehearsing = { ...options, name, showComments: options.json !== true };
  const code = await rehearseScenario(rehearsing, scenario, io, keep);
  // The library's own are held by our tests: a person looks at the run, not at what it proves.
  if (isFile(options.scenario)) tellExpectation(scenario, code, events, io);
  return code;
}

function tellExpectation(scenario: Scenario, code: number, events: readonly RunEvent[], io: Io): void {
  const surprises = surprisesAfter(scenario, code, events);
  const told = surprises.length === 0 ? "as the scenario expects" : `SURPRISE: ${surprises.join("; ")}`;
  (surprises.length === 0 ? printError : printFailure)(io, `-- ${scenario.name}: ${told}`);
}

/** One scenario to its end. `seen` is shown what it left, before it is taken down. */
export async function rehearseScenario(
  options: Pick<RehearseOptions, "seed" | "state" | "json" | "speed"> & {
    readonly name: string;
    readonly showComments?: boolean;
  },
  scenario: Scenario,
  io: Io,
  seen: (cloud: SimulatedCloud, events: readonly RunEvent[]) => void = () => undefined,
): Promise<number> {
  const found = await findRunbook(options.name, io);
  await requireFitting(planOf(found, { rehearsal: true }, io), scenario, io);
  const guard = guardEgress();
  const simulation = await simulationOf(found, scenario, options.seed, io);
  try {
    const staging = stagingEnvironment({ aheadMs: aheadMs(scenario), ...speedOf(options.speed) });
    const rehearsed = { ...io, env: { ...rehearsalEnvironment(io, found, simulation), ...staging } };
    const deploying = {
      name: options.name,
      pr: scenario["pull-request"]?.number,
      yes: true,
      simulated: true,
      rehearsal: true,
      seed: options.seed,
      toTheEnd: true,
      showComments: options.showComments,
      json: options.json,
      state: options.state,
    };
    const { code, events } = await rehearseLives(planOf(found, deploying, rehearsed), scenario, deploying, rehearsed);
    seen(simulation.cloud, events);
    return guard.refused.length === 0 ? code : leftLoopback(guard.refused, io);
  } finally {
    await simulation.close();
    guard.release();
  }
}

function aheadMs(scenario: Scenario): number {
  const { ahead = 0, behind = 0 } = scenario["machine-clock"] ?? {};
  return ahead - behind;
}

/** "60x" as world time per real time; nothing for "max". */
export function speedOf(words: string | undefined): { speed?: number } {
  if (words === undefined || words === "max") return {};
  const speed = /^([0-9]{1,5}(?:\.[0-9]{1,3})?)x$/.exec(words)?.[1];
  if (speed !== undefined && Number(speed) > 0) return { speed: Number(speed) };
  throw new RunbookError({
    what: `${JSON.stringify(words)} is no speed.`,
    state: "Nothing was touched.",
    next: "Give --speed as 1x (real time), 60x (an hour a minute) or max.",
  });
}

/** Nothing in a rehearsal may try: whoever did is a fault, even though the attempt was refused. */
function leftLoopback(refused: readonly string[], io: Io): number {
  const places = [...new Set(refused)].join(", ");
  // Not as for people elsewhere: which address it was is all that there is to know.
  io.stderr.write(
    `This rehearsal tried to leave this machine: ${places.replaceAll(/[^\w.:, [\]-]/g, "?")}.\nIt was refused; nothing real was touched.\nPlease report it: a rehearsal must never try.\n`,
  );
  return EXIT.failing;
}

async function listScenarios(io: Io): Promise<number> {
  for (const name of await scenarioNames()) print(io, `${name}  ${(await loadScenario(name)).description}`);
  return EXIT.ok;
}

export async function simulationOf(
  found: FoundRunbook,
  scenario: Scenario,
  seed: number,
  io: Io,
  port = 0,
): Promise<Simulation> {
  const plan = planOf(found, { rehearsal: true }, io);
  return startSimulation(buildWorld(plan, scenario, seed), port);
}

/** Nothing of the operator's environment but how to print; every `env.X` of the runbook gets a value that leads nowhere. */
function rehearsalEnvironment(io: Io, found: FoundRunbook, simulation: Simulation): Io["env"] {
  const actions = ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"];
  const screen = ["NO_COLOR", "TERM", "CI", "RUNBOOK_ASCII", "LANG", "LC_ALL", "LC_CTYPE"];
  const shown = [...screen, ...actions, "RUNBOOK_DIR", "GOOGLE_CLOUD_PROJECT"];
  const kept = shown.flatMap((name) => (io.env[name] === undefined ? [] : [[name, io.env[name]]]));
  const referred = [...JSON.stringify(found.runbook).matchAll(/\benv\.([A-Za-z_][A-Za-z0-9_]*)/g)];
  const own = referred.map(([, name = ""]) => [name, `http://127.0.0.1:9/rehearsal/${name}`]);
  return { ...Object.fromEntries([...own, ...kept]), USER: "rehearsal", ...environmentOf(simulation.addresses) };
}
