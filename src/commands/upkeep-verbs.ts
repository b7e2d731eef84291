/** The verbs of upkeep, as words of the command line: doctor, and of a state journal verify, backup, prune. */
import type { Argv } from "yargs";
import type { Io } from "./io.ts";
import { inconclusiveOption, type Settle, simulatedOption, stateOption } from "./verb-options.ts";

export function upkeepVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  return journalVerbs(doctorVerb(parser, io, settle), io, settle);
}

function doctorVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "doctor [name]",
    "are the credentials there, does every API answer that a runbook calls; changes nothing",
    (args) =>
      args
        .positional("name", {
          type: "string",
          describe: "a runbook's name, or a path to its file; without it: credentials and state only",
        })
        .option("permissions", {
          type: "boolean",
          default: false,
          describe: "the least privilege that the runbook needs, and what the credentials lack or have too much of",
        })
        .option("state", stateOption)
        .option("simulated", simulatedOption)
        .option("json", { type: "boolean", default: false, describe: "one JSON value on stdout" })
        .option("inconclusive-exit", {
          ...inconclusiveOption,
          describe: "exit code for permissions of which nobody can tell; 0 tolerates them",
        })
        .example("$0 doctor", "credentials and state")
        .example("$0 doctor backend-prod", "and every API that backend-prod calls, one small read each")
        .example(
          "$0 doctor backend-prod --permissions",
          "GitHub, IAM and RBAC permissions, to grant no more than these",
        )
        .epilogue(
          "Exit codes: 0 all is good; 3 a permission is unknown; 4 not authorised, or a permission is lacking; 5 not reachable, or something that is named is not there.",
        ),
    (args) => settle(async () => (await import("./doctor.ts")).doctor(args, io)),
  );
}

function journalVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command("journal <action>", "verify, back up or prune the state", (args) =>
    args
      .example("$0 journal verify", "can the state be relied on?")
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
