/** argv -> verb -> exit code. The only file that prints errors. Each verb's code is loaded when it is used. */
import yargs, { type Argv } from "yargs";
import { messageOf, PortFailure, RunbookError } from "../model/error.ts";
import { JournalError } from "../journal/state.ts";
import { EXIT } from "./exit-code.ts";
import { type Io, print, printFailure } from "./io.ts";
import { fileVerbs } from "./file-verbs.ts";
import { reviewVerbs } from "./review-verbs.ts";
import { runVerbs } from "./run-verbs.ts";
import { upkeepVerbs } from "./upkeep-verbs.ts";
import type { Settle } from "./verb-options.ts";

/** Runs one command line; never throws and never ends the process. */
export async function main(argv: readonly string[], outer: Io): Promise<number> {
  const io: Io = { ...outer, policy: {} };
  let code: number | undefined;
  const settle = (run: () => Promise<number>): Promise<void> =>
    run().then(
      (result) => void (code = result),
      (error: unknown) => void (code = report(error, io)),
    );
  const parser = verbs(yargs([]), io, settle);
  let said = "";
  try {
    await parser.parseAsync([...argv], {}, (_error, _parsed, output) => {
      said += output;
    });
  } catch (error) {
    // What yargs throws is about the command line: it has said it already, or says it here.
    if (said === "") said = messageOf(error);
    code ??= EXIT.usage;
  }
  if (said !== "") {
    // For an unknown verb yargs only says what it resembles.
    if (said.startsWith("Did you mean")) said = `There is no command ${argv[0] ?? ""}. ${said}`;
    if (code === EXIT.usage) printFailure(io, said);
    else print(io, said);
  }
  return code ?? EXIT.ok;
}

function verbs(base: Argv, io: Io, settle: Settle): Argv {
  return [runVerbs, reviewVerbs, fileVerbs, upkeepVerbs]
    .reduce((parser, add) => add(parser, io, settle), base)
    .scriptName("runbook")
    .usage(
      "$0 COMMAND\n\nDeploys a service by a runbook, watches it at T+N checkpoints, judges it against its own past,\nreports on the pull request, and puts production back.",
    )
    .example("$0 rehearse backend-prod", "the whole journey against a simulated cloud")
    .example("$0 deploy backend-prod --pr 7288", "deploy, watch, and report on pull request 7288")
    .example("$0 rollback backend-prod", "put the services of the last run back")
    .epilogue(
      "Exit codes: 0 PASS or WARN; 1 FAIL, restored or never switched; 2 usage or invalid runbook; 3 INCONCLUSIVE;\n4 not authorised; 5 FAIL still serving, or half-done: a human is needed; 6 locked or held; 7 superseded;\n130/143 paused and resumable.",
    )
    .demandCommand(1, "Say what to do.")
    .strict()
    .recommendCommands()
    .wrap(Math.min(100, io.columns))
    .version(VERSION)
    .help()
    .exitProcess(false)
    .fail((message, error, parser) => {
      if (error instanceof Error && message === null) throw error;
      throw new Error(
        `${message}\n\nNothing was touched. \`runbook ${parser.parsed === false ? "" : "COMMAND "}--help\` shows what there is.`,
      );
    });
}

const VERSION = "0.1.0";

/** The one place where an error becomes words and an exit code. */
function report(error: unknown, io: Io): number {
  if (error instanceof RunbookError) {
    printFailure(io, [error.message, error.state, error.next].join("\n"));
    return EXIT.usage;
  }
  if (error instanceof JournalError) {
    printFailure(
      io,
      `${error.message}\nNothing was lost: what had been journaled is kept.\nMend that, or name another state with --state.`,
    );
    return error.problem === "unauthorised" ? EXIT.unauthorised : EXIT.usage;
  }
  if (error instanceof PortFailure) {
    printFailure(io, `${error.message}\nWhat was begun is in the journal.\n\`runbook status\` shows where it stands.`);
    return error.kind === "unauthorised" ? EXIT.unauthorised : EXIT.failing;
  }
  if (error instanceof Error && error.name === "InvalidRunbook") {
    printFailure(io, error.message);
    return EXIT.usage;
  }
  printFailure(
    io,
    `A fault of this tool: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nWhat was begun is in the journal.\nPlease report it; \`runbook status\` shows where the run stands.`,
  );
  return EXIT.failing;
}
