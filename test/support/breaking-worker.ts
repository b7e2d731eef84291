/** A worker that is told by a scenario's name how to behave: breaks, ends, or answers with an empty row. */
import { parentPort } from "node:worker_threads";
import type { RowOrder } from "../../src/commands/rehearse-matrix.ts";

parentPort?.on("message", ({ scenario }: RowOrder) => {
  if (scenario === "throws") throw new Error("out of something");
  // oxlint-disable-next-line node/no-process-exit -- the very thing that is tried.
  if (scenario === "exits") process.exit(7);
  const footprint = { serving: {}, effects: { dispatches: 0, traffic: 0, patches: 0, comments: 0 } };
  const row = { scenario, expected: { exit: 0 }, actual: { exit: 0 }, surprises: [], footprint, because: "" };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window.
  parentPort?.postMessage(scenario === "nonsense" ? { row: { scenario } } : { row });
});
