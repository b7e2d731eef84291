/** The threads that rehearse a matrix: started at once, replaced when one breaks. Knows nothing of tables and outcomes. */
import { Worker } from "node:worker_threads";
import { messageOf } from "../model/error.ts";
import { type MatrixRow, matrixRowSchema } from "../rehearsal/matrix.ts";
import { EXIT } from "./exit-code.ts";
import type { Io } from "./io.ts";
import type { RowOrder } from "./rehearse-matrix.ts";

/** A rehearsal keeps about one core busy. */
const WORKERS = 2;
/** Nearly everything that a rehearsal makes is gone soon: with room, it is never copied. A sixth of the whole time. */
const YOUNG_MB = 192;

/** Beside this file, whether it is a source or compiled. */
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./rehearse-worker.ts" : "./rehearse-worker.js",
  import.meta.url,
);

export class RehearsalWorkers {
  readonly #start: () => RehearsalWorker;
  #idle: RehearsalWorker[];

  /** They load their modules while the caller still finds out what is to be rehearsed. */
  constructor({ env, cwd, columns }: Io, file = WORKER) {
    const options = {
      workerData: { env: { ...env }, cwd, columns },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    };
    this.#start = () => new RehearsalWorker(new Worker(file, options));
    this.#idle = Array.from({ length: WORKERS }, this.#start);
  }

  /** A row for every order; `tell` is shown each as it comes. A worker that breaks makes its scenario a surprise, and no other's. */
  async rows(orders: readonly RowOrder[], tell: (row: MatrixRow) => void): Promise<ReadonlyMap<RowOrder, MatrixRow>> {
    const rows = new Map<RowOrder, MatrixRow>();
    const left = [...orders];
    const work = async (first: RehearsalWorker): Promise<void> => {
      let worker = first;
      for (let order = left.shift(); order !== undefined; order = left.shift()) {
        const row = await worker.row(order);
        rows.set(order, row);
        tell(row);
        if (worker.isBroken) worker = this.#replace(worker);
      }
    };
    await Promise.all(this.#idle.map(work));
    return rows;
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.map((worker) => worker.end()));
  }

  #replace(broken: RehearsalWorker): RehearsalWorker {
    const fresh = this.#start();
    this.#idle = this.#idle.map((worker) => (worker === broken ? fresh : worker));
    return fresh;
  }
}

class RehearsalWorker {
  readonly #worker: Worker;
  #fault: string | undefined;
  #answered: ((answer: Answer) => void) | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (answer: Answer) => this.#answered?.(answer));
    worker.on("error", (error) => this.#break(messageOf(error)));
    worker.on("exit", (code) => this.#break(`its thread ended with ${code}`));
  }

  get isBroken(): boolean {
    return this.#fault !== undefined;
  }

  async row(order: RowOrder): Promise<MatrixRow> {
    const { row, fault } = await this.#ask(order);
    if (fault !== undefined) return brokenRow(order, fault);
    const read = matrixRowSchema.safeParse(row);
    return read.success ? read.data : brokenRow(order, messageOf(read.error));
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(order: RowOrder): Promise<Answer> {
    if (this.#fault !== undefined) return Promise.resolve({ fault: this.#fault });
    return new Promise((resolve) => {
      this.#answered = resolve;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
      this.#worker.postMessage(order);
    });
  }

  /** The first reason is the news: the exit follows the error. */
  #break(fault: string): void {
    this.#fault ??= fault;
    this.#answered?.({ fault: this.#fault });
  }
}

interface Answer {
  readonly row?: unknown;
  readonly fault?: string;
}

function brokenRow({ scenario }: RowOrder, fault: string): MatrixRow {
  return {
    scenario,
    expected: { exit: EXIT.ok },
    actual: { exit: EXIT.failing },
    surprises: [`the rehearsal itself broke: ${fault}`],
    footprint: { serving: {}, effects: { dispatches: 0, traffic: 0, patches: 0, comments: 0 } },
    because: fault,
  };
}
