/** `runbook rehearse [NAME] --all`: every scenario that applies, in two workers, as one table; exit 1 on any surprise. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RunbookError } from "../model/error.ts";
import { formatDuration } from "../model/time.ts";
import { missingNeeds } from "../rehearsal/applies.ts";
import { loadScenario, scenarioNames } from "../rehearsal/load-scenario.ts";
import type { Scenario } from "../rehearsal/scenario.ts";
import type { MatrixRow, RehearsalResult } from "../rehearsal/matrix.ts";
import { columns, lines } from "../reporters/columns.ts";
import { planOf } from "./deploy.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook, runbookDirectory, runbookFiles } from "./find-runbook.ts";
import { type Io, print, printJson, printError } from "./io.ts";
import { notRehearsed } from "./not-rehearsed.ts";
import { RehearsalWorkers } from "./rehearsal-workers.ts";
import type { RowOrder } from "./rehearse-matrix.ts";

export interface RehearseAllOptions {
  /** Absent: every runbook here. */
  readonly name?: string | undefined;
  /** With these names only; absent or empty: all of them. */
  readonly only?: readonly string[] | undefined;
  readonly seed: number;
  readonly json?: boolean | undefined;
}

interface Listed {
  readonly where: string;
  readonly scenario: Scenario;
}

interface Skipped {
  readonly scenario: string;
  readonly missing: readonly string[];
}

/** What is rehearsed of one runbook. */
interface Matrix {
  readonly runbook: string;
  readonly orders: readonly RowOrder[];
  readonly skipped: readonly Skipped[];
  readonly left: string | undefined;
}

export async function rehearseAll(options: RehearseAllOptions, io: Io): Promise<number> {
  const workers = new RehearsalWorkers(io);
  try {
    return await rehearseIn(workers, options, io);
  } finally {
    await workers.close();
  }
}

async function rehearseIn(
  workers: RehearsalWorkers,
  { name, only = [], seed, json }: RehearseAllOptions,
  io: Io,
): Promise<number> {
  const startedAt = performance.now();
  const names = name === undefined ? await runbookFiles(io) : [name];
  const listed = await scenariosWanted(only, io);
  const matrices = await Promise.all(names.map((one) => matrixOf(one, listed, seed, io)));
  for (const { left } of matrices) if (left !== undefined) printError(io, left);
  const tell = ({ scenario, surprises }: MatrixRow): void => {
    if (json !== true) printError(io, `${surprises.length === 0 ? "as expected" : "SURPRISE   "}  ${scenario}`);
  };
  const rows = await workers.rows(
    matrices.flatMap(({ orders }) => orders),
    tell,
  );
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const told = matrices.map(({ runbook, orders, skipped }) => ({
    runbook,
    seed,
    seconds,
    rows: orders.flatMap((order) => rows.get(order) ?? []),
    skipped,
  }));
  if (json === true) for (const one of told) printJson(io, one);
  else for (const one of told) print(io, lines([one.runbook, ...tableOf(one.rows, one.skipped), ""]));
  const surprising = [...rows.values()].filter(({ surprises }) => surprises.length > 0).length;
  const sum = surprising === 0 ? "no surprise" : `${surprising} surprising`;
  if (json !== true) print(io, `${rows.size} ${rows.size === 1 ? "scenario" : "scenarios"} in ${seconds} s: ${sum}`);
  return surprising === 0 ? EXIT.ok : EXIT.failed;
}

async function matrixOf(name: string, listed: readonly Listed[], seed: number, io: Io): Promise<Matrix> {
  const plan = planOf(await findRunbook(name, io), { rehearsal: true }, io);
  const lacking = listed.map(({ where, scenario }) => ({ where, missing: missingNeeds(scenario, plan) }));
  return {
    runbook: plan.runbook.name,
    left: notRehearsed(plan.runbook),
    orders: lacking.filter(({ missing }) => missing.length === 0).map(({ where }) => ({ name, scenario: where, seed })),
    skipped: lacking.flatMap(({ where, missing }) => (missing.length === 0 ? [] : [{ scenario: where, missing }])),
  };
}

/** The library, and the users' own scenarios beside their runbooks. */
async function scenariosWanted(only: readonly string[], io: Io): Promise<readonly Listed[]> {
  const places = [...(await scenarioNames()), ...(await ownScenarios(io))];
  const listed = await Promise.all(places.map(async (where) => ({ where, scenario: await loadScenario(where) })));
  const names = listed.map(({ scenario }) => scenario.name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RunbookError({
      what: `There is no scenario ${unknown}.`,
      state: "Nothing was touched.",
      next: `Those there are: ${names.join(", ")}.`,
    });
  }
  return only.length === 0 ? listed : listed.filter(({ scenario }) => only.includes(scenario.name));
}

/** Every YAML file in `scenarios/` beside the runbooks. */
async function ownScenarios(io: Io): Promise<readonly string[]> {
  const directory = join(runbookDirectory(io), "scenarios");
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

function tableOf(rows: readonly MatrixRow[], skipped: readonly Skipped[]): readonly string[] {
  const head = ["", "SCENARIO", "EXPECTED", "ACTUAL", "SERVES AFTERWARDS", "DISP", "TRAF", "PATCH", "COMM", "LONGEST"];
  const surprises = rows.filter(({ surprises: found }) => found.length > 0);
  return [
    ...columns([head, ...rows.map(cellsOf)]),
    ...surprises.flatMap(({ scenario, surprises: found, because, place }) => [
      `! ${scenario}: ${found.join("; ")} (${because})`,
      ...(place === undefined ? [] : [`    ${place}`]),
    ]),
    ...skipped.map(
      ({ scenario, missing }) => `- ${scenario} does not apply: the runbook has no ${missing.join(", no ")}`,
    ),
  ];
}

function cellsOf({ scenario, expected, actual, surprises, footprint, longest }: MatrixRow): readonly string[] {
  const { dispatches, traffic, patches, comments } = footprint.effects;
  return [
    surprises.length === 0 ? " " : "!",
    scenario,
    resultText(expected),
    surprises.length === 0 ? "same" : resultText(actual),
    servingText(footprint.serving),
    ...[dispatches, traffic, patches, comments].map(String),
    longest === undefined ? "-" : `${longest.item} ${formatDuration(longest.ms)}`,
  ];
}

function resultText({ exit, outcome, verdict }: RehearsalResult): string {
  return [String(exit), outcome, verdict].filter((part) => part !== undefined).join(" ");
}

/** "3 before, 2 after" */
function servingText(serving: MatrixRow["footprint"]["serving"]): string {
  const counts = (["before", "after", "other"] as const).map((version) => {
    const count = Object.values(serving).filter((one) => one === version).length;
    return count === 0 ? undefined : `${count} ${version}`;
  });
  return counts.filter((text) => text !== undefined).join(", ");
}
