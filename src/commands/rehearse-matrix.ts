/** One scenario of the library, rehearsed and summed up as a row of the matrix. Prints nothing. */
import { Writable } from "node:stream";
import type { RunEvent } from "../model/event.ts";
import { type Footprint, footprintOf } from "../rehearsal/footprint.ts";
import { loadScenario } from "../rehearsal/load-scenario.ts";
import { type MatrixRow, rowOf } from "../rehearsal/matrix.ts";
import { planOf } from "./deploy.ts";
import { findRunbook } from "./find-runbook.ts";
import type { Io } from "./io.ts";
import { rehearseScenario } from "./rehearse.ts";

export interface RowOrder {
  readonly name: string;
  readonly scenario: string;
  readonly seed: number;
}

export async function rehearseRow(order: RowOrder, io: Io): Promise<MatrixRow> {
  const scenario = await loadScenario(order.scenario);
  const plan = planOf(await findRunbook(order.name, io), { rehearsal: true }, io);
  const stdout = new Kept();
  const stderr = new Kept();
  let left: { readonly footprint: Footprint; readonly events: readonly RunEvent[] } | undefined;
  const code = await rehearseScenario(
    { ...order, json: true },
    scenario,
    { ...io, stdout, stderr },
    (cloud, events) => {
      left = { footprint: footprintOf(cloud, plan, scenario), events };
    },
  );
  if (left === undefined) throw new TypeError("a rehearsal that ends shows what it left");
  return rowOf(scenario, { code, stderr: stderr.text, ...left });
}

class Kept extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}
