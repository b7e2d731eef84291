/** `runbook status`: where a run stands, or the runs of this state. Opens no cloud client. */
import { SECRETS_ONLY } from "../model/redact.ts";
import { instant } from "../model/time.ts";
import { reportOf } from "../reporters/report.ts";
import { statusTable, statusText } from "../reporters/status.ts";
import { openState } from "./compose.ts";
import { endpointsOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { type Io, print, printJson } from "./io.ts";
import { findRun } from "./session.ts";
import { stateLocation } from "./state-location.ts";
import { SystemClock } from "../adapters/system-clock.ts";
import { progressOf } from "../model/progress.ts";

export interface StatusOptions {
  readonly id?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

const MOST_RUNS = 20;

export async function status(options: StatusOptions, io: Io): Promise<number> {
  const state = await openState(stateLocation(options.state, io), endpointsOf(io.env));
  try {
    if (options.id !== undefined) {
      const report = reportOf(await findRun(state, { run: options.id }));
      if (options.json === true) printJson(io, report);
      else print(io, statusText(report, instant(new SystemClock().now())), SECRETS_ONLY);
      return EXIT.ok;
    }
    const summaries = await state.journal.runs({ limit: MOST_RUNS });
    const reports = await Promise.all(
      summaries.map(async ({ run }) => reportOf(progressOf(await state.journal.read(run)))),
    );
    if (options.json === true) printJson(io, reports);
    else print(io, statusTable(reports), SECRETS_ONLY);
    return EXIT.ok;
  } finally {
    await state.close();
  }
}
