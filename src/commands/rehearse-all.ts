/** `runbook rehearse NAME --all`: every scenario that applies, in two workers, as one table; exit 1 on any surprise. */
import { Worker } from "node:worker_threads";
import { messageOf } from "../model/error.ts";
import { formatDuration } from "../model/time.ts";
import { missingNeeds } from "../rehearsal/applies.ts";
import { loadScenario, scenarioNames } from "../rehearsal/load-scenario.ts";
import { type MatrixRow, matrixRowSchema, type RehearsalResult } from "../rehearsal/matrix.ts";
import { columns, lines } from "../reporters/columns.ts";
import { planOf } from "./deploy.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { type Io, print, printJson, printError } from "./io.ts";
import type { RowOrder } from "./rehearse-matrix.ts";

export interface RehearseAllOptions {
  readonly name: string;
  readonly seed: number;
  readonly json?: boolean | undefined;
}

interface Skipped {
  readonly scenario: string;
  readonly missing: readonly string[];
}

export async function rehearseAll({ name, seed, json }: RehearseAllOptions, io: Io): Promise<number> {
  const startedAt = performance.now();
  const plan = planOf(await findRunbook(name, io), { rehearsal: true }, io);
  const library = await Promise.all((await scenarioNames()).map((scenario) => loadScenario(scenario)));
  const skipped = library.flatMap((scenario): Skipped[] => {
    const missing = missingNeeds(scenario, plan);
    return missing.length === 0 ? [] : [{ scenario: scenario.name, missing }];
  });
  const orders = library
    .filter((scenario) => missingNeeds(scenario, plan).length === 0)
    .map((scenario): RowOrder => ({ name, scenario: scenario.name, seed }));
  const tell = (row: MatrixRow): void => {
    if (json !== true) printError(io, `${row.surprises.length === 0 ? "as expected" : "SURPRISE   "}  ${row.scenario}`);
  };
  const rows = await inWorkers(orders, io, tell);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  if (json === true) printJson(io, { runbook: name, seed, seconds, rows, skipped });
  else print(io, lines(tableOf(rows, skipped, seconds)));
  return rows.every(({ surprises }) => surprises.length === 0) ? EXIT.ok : EXIT.failed;
}

const MOST_WORKERS = 2;

/** The rows in the order of `orders`. A worker that breaks makes its scenario a surprise, not the matrix fail. */
async function inWorkers(orders: readonly RowOrder[], io: Io, tell: (row: MatrixRow) => void): Promise<MatrixRow[]> {
  const rows = new Map<string, MatrixRow>();
  const left = [...orders];
  const work = async (): Promise<void> => {
    const worker = startWorker(io);
    try {
      for (let order = left.shift(); order !== undefined; order = left.shift()) {
        const row = await rowFrom(worker, order);
        rows.set(order.scenario, row);
        tell(row);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(MOST_WORKERS, orders.length) }, work));
  return orders.flatMap(({ scenario }) => rows.get(scenario) ?? []);
}

function startWorker({ env, cwd, columns: width }: Io): Worker {
  // Beside this file, whether it is a source or compiled.
  const file = new URL(
    import.meta.url.endsWith(".ts") ? "./rehearse-worker.ts" : "./rehearse-worker.js",
    import.meta.url,
  );
  return new Worker(file, { workerData: { env: { ...env }, cwd, columns: width } });
}

async function rowFrom(worker: Worker, order: RowOrder): Promise<MatrixRow> {
  try {
    const answer = await answerOf(worker, order);
    if (answer.fault !== undefined) return broken(order, answer.fault);
    return matrixRowSchema.parse(answer.row);
  } catch (error) {
    return broken(order, messageOf(error));
  }
}

function answerOf(worker: Worker, order: RowOrder): Promise<{ row?: unknown; fault?: string }> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off("message", answered).off("error", failed);
      act();
    };
    const answered = (answer: { row?: unknown; fault?: string }): void => settle(() => resolve(answer));
    const failed = (error: unknown): void => settle(() => reject(error));
    worker.on("message", answered).on("error", failed);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
    worker.postMessage(order);
  });
}

function broken({ scenario }: RowOrder, fault: string): MatrixRow {
  return {
    scenario,
    expected: { exit: EXIT.ok },
    actual: { exit: EXIT.failing },
    surprises: [`the rehearsal itself broke: ${fault}`],
    footprint: { serving: {}, effects: { dispatches: 0, traffic: 0, patches: 0, comments: 0 } },
    because: fault,
  };
}

function tableOf(rows: readonly MatrixRow[], skipped: readonly Skipped[], seconds: number): readonly string[] {
  const head = ["", "SCENARIO", "EXPECTED", "ACTUAL", "SERVES AFTERWARDS", "DISP", "TRAF", "PATCH", "COMM", "LONGEST"];
  const surprises = rows.filter(({ surprises: found }) => found.length > 0);
  return [
    ...columns([head, ...rows.map(cellsOf)]),
    ...surprises.map(({ scenario, surprises: found, because }) => `! ${scenario}: ${found.join("; ")} (${because})`),
    ...skipped.map(
      ({ scenario, missing }) => `- ${scenario} does not apply: the runbook has no ${missing.join(", no ")}`,
    ),
    "",
    `${rows.length} scenarios in ${seconds} s: ${surprises.length === 0 ? "no surprise" : `${surprises.length} surprising`}`,
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
