/** The verbs of a state's upkeep, as words of the command line: journal verify, backup, prune. */
import type { Argv } from "yargs";
import type { Io } from "./io.ts";
import { type Settle, stateOption } from "./verb-options.ts";

export function upkeepVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command("journal <action>", "verify, back up or prune the state", (args) =>
    args
      .command(
        "verify",
        "read everything: sequence and schema of the events, digests, evidence",
        (verb) => verb.option("state", stateOption).example("$0 journal verify", "exit 1 when something is wrong"),
        (given) => settle(async () => (await import("./journal.ts")).verifyJournal(given, io)),
      )
      .command(
        "backup",
        "a consistent copy of a state's file, while others use it; never replaces a file",
        (verb) =>
          verb
            .option("to", { type: "string", demandOption: true, describe: "the copy's file" })
            .option("state", stateOption)
            .example("$0 journal backup --to backup.db", "readable by you only"),
        (given) => settle(async () => (await import("./journal.ts")).backupJournal(given, io)),
      )
      .command(
        "prune",
        "remove old runs that have ended; what a rollback may need is kept",
        (verb) =>
          verb
            .option("older-than", {
              type: "string",
              demandOption: true,
              describe: "age of the last event, such as 90d",
            })
            .option("dry-run", { type: "boolean", default: false, describe: "say what would be removed" })
            .option("state", stateOption)
            .example("$0 journal prune --older-than 90d --dry-run", "look first"),
        (given) => settle(async () => (await import("./journal.ts")).pruneJournal(given, io)),
      )
      .demandCommand(1, "Say what to do: verify, backup or prune."),
  );
}
