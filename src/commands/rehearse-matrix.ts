/** One scenario of the library, rehearsed and summed up as a row of the matrix. Prints nothing. */
import { Writable } from "node:stream";
import { RunbookError } from "../model/error.ts";
import type { RunEvent } from "../model/event.ts";
import { type Footprint, footprintOf } from "../rehearsal/footprint.ts";
import { loadScenario } from "../rehearsal/load-scenario.ts";
import { type MatrixRow, rowOf } from "../rehearsal/matrix.ts";
import type { Scenario } from "../rehearsal/scenario.ts";
import type { SimulatedCloud } from "../rehearsal/simulated-cloud.ts";
import { planOf } from "./deploy.ts";
import { findRunbook } from "./find-runbook.ts";
import type { Io } from "./io.ts";
import { EXIT } from "./exit-code.ts";
import { placeOf, requireFitting } from "./rehearse-place.ts";
import { rehearseScenario } from "./rehearse.ts";

export interface RowOrder {
  readonly name: string;
  readonly scenario: string;
  readonly seed: number;
}

/** `seen` is shown the world that the rehearsal left. */
export async function rehearseRow(
  order: RowOrder,
  io: Io,
  seen: (cloud: SimulatedCloud) => void = () => undefined,
): Promise<MatrixRow> {
  const scenario = await loadScenario(order.scenario);
  const plan = planOf(await findRunbook(order.name, io), { rehearsal: true }, io);
  const refused = await requireFitting(plan, scenario, io).catch((error: unknown) => error);
  if (refused instanceof RunbookError) return refusedRow(scenario, refused);
  const stdout = new Kept();
  const stderr = new Kept();
  let left: { readonly footprint: Footprint; readonly events: readonly RunEvent[] } | undefined;
  const code = await rehearseScenario(
    { ...order, json: true },
    scenario,
    { ...io, stdout, stderr },
    (cloud, events) => {
      seen(cloud);
      left = { footprint: footprintOf(cloud, plan, scenario), events };
    },
  );
  if (left === undefined) throw new TypeError("a rehearsal that ends shows what it left");
  const row = rowOf(scenario, { code, stderr: stderr.text, ...left });
  const place = await placeOf(row, plan, io);
  return place === undefined ? row : { ...row, place };
}

function refusedRow({ name, expect: expected }: Scenario, refused: RunbookError): MatrixRow {
  return {
    scenario: name,
    expected,
    actual: { exit: EXIT.usage },
    surprises: [refused.message],
    footprint: { serving: {}, effects: { dispatches: 0, traffic: 0, patches: 0, comments: 0 } },
    because: refused.next,
  };
}

class Kept extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}
