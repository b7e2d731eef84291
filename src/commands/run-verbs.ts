/** The verbs that work on runs, as words of the command line: deploy, check, serve, rollback, and a word to one run. */
import type { Argv } from "yargs";
import type { Io } from "./io.ts";
import {
  inconclusiveOption,
  jsonOption,
  nameOption,
  simulatedOption,
  stateOption,
  type Settle,
} from "./verb-options.ts";

export function runVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  const all = [deployVerb, checkVerb, serveVerb, rollbackVerb, wordVerbs, lockVerbs, statusVerb];
  return all.reduce((verbs, add) => add(verbs, io, settle), parser);
}

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
        .option("status-port", { type: "number", describe: "show the runs as pages on this port, read only" })
        .option("status-host", {
          type: "string",
          default: "127.0.0.1",
          describe: "the address of the pages; elsewhere than on loopback whoever reaches it can read every run",
        })
        .option("json", jsonOption)
        .example("$0 serve --state /var/lib/runbook/state.db", "under systemd, or in a container")
        .example("$0 serve --status-port 8080", "and a list of runs, each with its page, on http://localhost:8080"),
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

function wordVerbs(parser: Argv, io: Io, settle: Settle): Argv {
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
