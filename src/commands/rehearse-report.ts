/** `runbook rehearse --html`: a rehearsal whose run is written as a report. The state is a scratch file unless one was named. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scenario } from "../rehearsal/scenario.ts";
import { openState } from "./compose.ts";
import { endpointsOf } from "./endpoints.ts";
import type { Io } from "./io.ts";
import { type RehearseOptions, rehearseScenario } from "./rehearse.ts";
import { refuseToReplace, runPage, writeReport } from "./report.ts";
import { findRun } from "./session.ts";

/** The rehearsal's own exit code: a report is written of a failed run too. */
export async function rehearseReport(
  options: RehearseOptions & { readonly name: string; readonly html: string },
  scenario: Scenario,
  io: Io,
): Promise<number> {
  await refuseToReplace(options, io);
  const scratch = await mkdtemp(join(tmpdir(), "runbook-rehearsal-"));
  const file = options.state ?? join(scratch, "state.db");
  const isPage = options.html === "-";
  try {
    const code = await rehearseScenario(
      { ...options, state: file, showComments: options.json !== true },
      scenario,
      // The page alone goes to stdout.
      isPage ? { ...io, stdout: io.stderr } : io,
    );
    const state = await openState(file, endpointsOf({}));
    try {
      const { run } = await findRun(state, {});
      await writeReport(await runPage(state, run), options, io);
    } finally {
      await state.close();
    }
    return code;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
