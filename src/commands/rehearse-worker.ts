/** A worker of `rehearse --all`: rehearses one scenario after another, each as it is told, and sends back its row. */
import { PassThrough } from "node:stream";
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../model/error.ts";
import type { Io } from "./io.ts";
import { rehearseRow, type RowOrder } from "./rehearse-matrix.ts";

const { env, cwd, columns } = workerData as Pick<Io, "env" | "cwd" | "columns">;
const io: Io = {
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env,
  cwd,
  columns,
  isInteractive: false,
  // The parent ends its workers when it is interrupted: a rehearsal has nothing to leave tidy.
  onInterrupt: () => () => undefined,
  exitNow: () => undefined,
};

parentPort?.on("message", (order: RowOrder) => {
  rehearseRow(order, io).then(
    (row) => answer({ row }),
    (error: unknown) => answer({ fault: messageOf(error) }),
  );
});

function answer(message: object): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window.
  parentPort?.postMessage(message);
}
