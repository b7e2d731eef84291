/** argv -> verb -> exit code. The only file that prints errors. Each verb's code is loaded when it is used. */
import yargs, { type Argv } from "yargs";
import { messageOf, PortFailure, RunbookError } from "../model/error.ts";
import { JournalError } from "../journal/state.ts";
import { EXIT } from "./exit-code.ts";
import { type Io, print, printError } from "./io.ts";
import { reviewVerbs } from "./review-verbs.ts";

/** Runs one command line; never throws and never ends the process. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
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
    if (code === EXIT.usage) printError(io, said);
    else print(io, said);
  }
  return code ?? EXIT.ok;
}

type Settle = (run: () => Promise<number>) => Promise<void>;

function verbs(base: Argv, io: Io, settle: Settle): Argv {
  return [
    deployVerb,
    checkVerb,
    serveVerb,
    rollbackVerb,
    runVerbs,
    lockVerbs,
    statusVerb,
    reviewVerbs,
    fileVerbs,
    rehearseVerbs,
  ]
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

const stateOption = {
  type: "string",
  describe:
    "where runs and locks are kept: a file, or gs://BUCKET/PREFIX (RUNBOOK_STATE; default: the user's state directory)",
} as const;
const simulatedOption = {
  type: "boolean",
  default: false,
  describe: "the environment points at a simulated cloud (`runbook simulate`)",
} as const;
const jsonOption = {
  type: "boolean",
  default: false,
  describe: "NDJSON on stdout, everything else on stderr",
} as const;
const inconclusiveOption = {
  type: "number",
  default: 3,
  describe: "exit code for INCONCLUSIVE; 0 tolerates it",
} as const;
const nameOption = { type: "string", demandOption: true, describe: "a runbook's name, or a path to its file" } as const;

function deployVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "deploy <name>",
    "deploy by a runbook, in the foreground until the checkpoint that it names",
    (args) =>
      args
        .positional("name", nameOption)
        .option("pr", { type: "number", describe: "the pull request to report on" })
        .option("input", {
          type: "string",
          array: true,
          nargs: 1,
          describe: "an input of the runbook: KEY=VALUE; may be repeated",
        })
        .option("dry-run", { type: "boolean", default: false, describe: "plan and preflight only; nothing is touched" })
        .option("detach", {
          type: "boolean",
          default: false,
          describe: "return after the switch; checkpoints come from `check --due`",
        })
        .option("yes", {
          type: "boolean",
          default: false,
          describe: "confirm the deploy (never a rollback or an approval)",
        })
        .option("inconclusive-exit", inconclusiveOption)
        .option("state", stateOption)
        .option("simulated", simulatedOption)
        .option("json", jsonOption)
        .example("$0 deploy backend-prod --pr 7288", "ask for confirmation, then deploy")
        .example("$0 deploy backend-prod --input branch=hotfix --yes --json", "from a script"),
    (args) => settle(async () => (await import("./deploy.ts")).deploy(args, io)),
  );
}

function checkVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "check [name]",
    "judge production now, a run's next checkpoint, or everything that is due",
    (args) =>
      args
        .positional("name", { type: "string", describe: "judge now what the newest run of this runbook deployed" })
        .option("run", { type: "string", describe: "the next checkpoint of this run" })
        .option("due", { type: "boolean", default: false, describe: "everything that is due, for cron and CI" })
        .option("inconclusive-exit", inconclusiveOption)
        .option("state", stateOption)
        .option("simulated", simulatedOption)
        .option("json", jsonOption)
        .example("$0 check backend-prod", "how does it look now? changes nothing")
        .example("*/5 * * * *  $0 check --due", "in a crontab"),
    (args) => settle(async () => (await import("./check.ts")).check(args, io)),
  );
}

function serveVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "serve",
    "the daemon: keeps judging what is due, until SIGTERM",
    (args) =>
      args
        .option("state", stateOption)
        .option("simulated", simulatedOption)
        .option("json", jsonOption)
        .example("$0 serve --state /var/lib/runbook/state.db", "under systemd, or in a container"),
    (args) => settle(async () => (await import("./serve.ts")).serve(args, io)),
  );
}

function rollbackVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "rollback <name>",
    "put back what the last run (or --run) changed: in reverse order, verified, held",
    (args) =>
      args
        .positional("name", nameOption)
        .option("run", { type: "string", describe: "the run to undo; default: the newest of the runbook" })
        .option("service", { type: "string", array: true, nargs: 1, describe: "only this service; may be repeated" })
        .option("force", { type: "boolean", default: false, describe: "take the services' locks from another run" })
        .option("state", stateOption)
        .option("simulated", simulatedOption)
        .option("json", jsonOption)
        .example("$0 rollback backend-prod", "the shortest path at three in the morning")
        .example("$0 rollback backend-prod --service pusher", "one service only"),
    (args) => settle(async () => (await import("./rollback.ts")).rollback(args, io)),
  );
}

function runVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  const common = (args: Argv): Argv<{ id: string; state: string | undefined; simulated: boolean; json: boolean }> =>
    args
      .positional("id", { type: "string", demandOption: true, describe: "a run's id" })
      .option("state", stateOption)
      .option("simulated", simulatedOption)
      .option("json", jsonOption);
  return parser
    .command(
      "resume <id>",
      "carry on with a paused run",
      (args) => common(args).example("$0 resume 20260412-0400-7k2q", "after Ctrl-C or a technical failure"),
      (args) => settle(async () => (await import("./run-words.ts")).resume(args, io)),
    )
    .command(
      "abort <id>",
      "end a run, saying what it leaves half-done",
      (args) => common(args).example("$0 abort 20260412-0400-7k2q", "production stays as it is"),
      (args) => settle(async () => (await import("./run-words.ts")).abort(args, io)),
    )
    .command(
      "answer <id> <answer>",
      "answer what a run waits for: rollback, keep, approve, reject, continue, stop",
      (args) =>
        common(args)
          .positional("answer", {
            type: "string",
            demandOption: true,
            choices: ["rollback", "keep", "approve", "reject", "continue", "stop", "done", "retry"],
          })
          .example("$0 answer 20260412-0400-7k2q rollback", "from anywhere that shares the state"),
      (args) => settle(async () => (await import("./run-words.ts")).answer(args, io)),
    );
}

function lockVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  const common = (args: Argv): Argv<{ name: string; state: string | undefined; simulated: boolean }> =>
    args.positional("name", nameOption).option("state", stateOption).option("simulated", simulatedOption);
  return parser
    .command(
      "unlock <name>",
      "break the lock of a dead run",
      (args) => common(args).example("$0 unlock backend-prod", "when its process is surely gone"),
      (args) => settle(async () => (await import("./run-words.ts")).unlock(args, io)),
    )
    .command(
      "release <name>",
      "lift the hold that a rollback left",
      (args) => common(args).example("$0 release backend-prod", "when it is known why it failed"),
      (args) => settle(async () => (await import("./run-words.ts")).release(args, io)),
    );
}

function statusVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "status [id]",
    "where a run stands, or the runs of this state",
    (args) =>
      args
        .positional("id", { type: "string", describe: "a run's id" })
        .option("state", stateOption)
        .option("json", { type: "boolean", default: false, describe: "one JSON value on stdout" })
        .example("$0 status", "the newest runs")
        .example("$0 status 20260412-0400-7k2q", "one run: what it waits for, since when, until when"),
    (args) => settle(async () => (await import("./status.ts")).status(args, io)),
  );
}

function fileVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  return parser
    .command(
      "validate [files..]",
      "check runbook files: every problem at once, with its place and remedy",
      (args) =>
        args
          .positional("files", {
            type: "string",
            array: true,
            default: [] as string[],
            describe: "default: every file in runbooks/",
          })
          .option("json", { type: "boolean", default: false, describe: "one JSON value on stdout" })
          .example("$0 validate", "all of them")
          .example("$0 validate runbooks/backend-prod.yaml", "one of them"),
      (args) => settle(async () => (await import("./files.ts")).validate({ files: args.files, json: args.json }, io)),
    )
    .command(
      "plan <name>",
      "the frozen plan of a deploy, without acting and without the network",
      (args) =>
        args
          .positional("name", nameOption)
          .option("pr", { type: "number", describe: "the pull request to report on" })
          .option("input", {
            type: "string",
            array: true,
            nargs: 1,
            describe: "an input of the runbook: KEY=VALUE; may be repeated",
          })
          .option("json", { type: "boolean", default: false, describe: "one JSON value on stdout" })
          .example("$0 plan backend-prod --input branch=hotfix", "what would be done, and judged when"),
      (args) => settle(async () => (await import("./files.ts")).plan(args, io)),
    )
    .command(
      "list",
      "the runbooks here",
      (args) => args.example("$0 list", "name and description of each"),
      () => settle(async () => (await import("./files.ts")).list(io)),
    );
}

function rehearseVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  return parser
    .command(
      "rehearse [name]",
      "the same runbook against a simulated cloud on loopback, hours compressed into seconds",
      (args) =>
        args
          .positional("name", { type: "string", describe: "a runbook's name, or a path to its file" })
          .option("scenario", {
            type: "string",
            default: "seed",
            describe: "what happens: a scenario's name, or a path to its file",
          })
          .option("list", { type: "boolean", default: false, describe: "the scenarios there are" })
          .option("all", {
            type: "boolean",
            default: false,
            describe: "every scenario that applies to the runbook, and one table",
          })
          .option("seed", { type: "number", default: 1, describe: "the world's chance" })
          .option("state", { type: "string", describe: "keep the rehearsal's journal in this file" })
          .option("json", jsonOption)
          .example("$0 rehearse backend-prod", "the good day that the README shows")
          .example(
            "$0 rehearse backend-prod --scenario bad-revision",
            "a FAIL, a rollback, and the comment that says so",
          )
          .example("$0 rehearse backend-prod --all", "the whole library; exit 1 on any surprise"),
      (args) => settle(async () => (await import("./rehearse.ts")).rehearse(args, io)),
    )
    .command(
      "simulate <name>",
      "leave a simulated cloud running for this runbook, and print the environment that points at it",
      (args) =>
        args
          .positional("name", nameOption)
          .option("scenario", { type: "string", default: "seed", describe: "a scenario's name, or a path to its file" })
          .option("seed", { type: "number", default: 1, describe: "the world's chance" })
          .example("$0 simulate backend-prod", "then in another terminal: deploy --simulated, kubectl, curl"),
      (args) => settle(async () => (await import("./simulate.ts")).simulate(args, io)),
    );
}

/** The one place where an error becomes words and an exit code. */
function report(error: unknown, io: Io): number {
  if (error instanceof RunbookError) {
    printError(io, [error.message, error.state, error.next].join("\n"));
    return EXIT.usage;
  }
  if (error instanceof JournalError) {
    printError(
      io,
      `${error.message}\nNothing was lost: what had been journaled is kept.\nMend that, or name another state with --state.`,
    );
    return EXIT.usage;
  }
  if (error instanceof PortFailure) {
    printError(io, `${error.message}\nWhat was begun is in the journal.\n\`runbook status\` shows where it stands.`);
    return error.kind === "unauthorised" ? EXIT.unauthorised : EXIT.failing;
  }
  if (error instanceof Error && error.name === "InvalidRunbook") {
    printError(io, error.message);
    return EXIT.usage;
  }
  printError(
    io,
    `A fault of this tool: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nWhat was begun is in the journal.\nPlease report it; \`runbook status\` shows where the run stands.`,
  );
  return EXIT.failing;
}
