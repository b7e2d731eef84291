/** `runbook explain`: the numbers behind a verdict, and the verdict once more from the stored evidence alone. Asks no cloud. */
import { SECRETS_ONLY } from "../model/redact.ts";
import { openState } from "./compose.ts";
import { endpointsOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { explanationText } from "./explain-text.ts";
import { explanationOf, type ExplainedPart } from "./explanation.ts";
import { type Io, print, printJson } from "./io.ts";
import { findRun } from "./session.ts";
import { stateLocation } from "./state-location.ts";

export interface ExplainOptions extends ExplainedPart {
  readonly id: string;
  /** Every group, not the telling ones alone. */
  readonly all?: boolean | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Exit code: 0 when the stored evidence gives the verdict that was published, 1 when it does not. */
export async function explain(options: ExplainOptions, io: Io): Promise<number> {
  const state = await openState(stateLocation(options.state, io), endpointsOf(io.env));
  try {
    const progress = await findRun(state, { run: options.id });
    const explanation = await explanationOf(state, progress, options);
    if (options.json === true) printJson(io, { ...explanation, results: undefined });
    else
      print(
        io,
        explanationText(explanation, { all: options.all === true, width: Math.min(100, io.columns) }),
        SECRETS_ONLY,
      );
    return explanation.agrees ? EXIT.ok : EXIT.failed;
  } finally {
    await state.close();
  }
}
