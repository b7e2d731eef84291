/** The verbs that need no cloud, as words of the command line: validate, plan, list, and rehearsals. */
import type { Argv } from "yargs";
import type { Io } from "./io.ts";
import { jsonOption, nameOption, type Settle } from "./verb-options.ts";

export function fileVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  return rehearseVerbs(runbookVerbs(parser, io, settle), io, settle);
}

function runbookVerbs(parser: Argv, io: Io, settle: Settle): Argv {
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
      "the same runbook against a simulated cloud on loopback, hours compressed into seconds; a `schedule:` is not rehearsed",
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
            describe: "every scenario that applies, and one table; without a name: of every runbook here",
          })
          .option("only", {
            type: "string",
            array: true,
            nargs: 1,
            describe: "with --all: the scenario of this name; may be repeated",
          })
          .option("fault", {
            type: "string",
            array: true,
            nargs: 1,
            describe: "one more misbehaviour of an API: 'API:CALL=STATUSxN'; may be repeated",
          })
          .option("kill-at", {
            type: "string",
            array: true,
            nargs: 1,
            describe:
              "the process dies there, and another resumes: 'ITEM:started|intended|carried-out|done'; may be repeated",
          })
          .option("speed", {
            type: "string",
            default: "max",
            describe: "of the world's time: 1x (real time), 60x (an hour a minute), max",
          })
          .option("seed", { type: "number", default: 1, describe: "the world's chance" })
          .option("state", { type: "string", describe: "keep the rehearsal's journal in this file" })
          .option("html", {
            type: "string",
            nargs: 1,
            describe: "write the run's report to this file; - is standard output",
          })
          .option("force", { type: "boolean", default: false, describe: "replace that file, if it is there already" })
          .option("json", jsonOption)
          .example("$0 rehearse backend-prod", "the good day that the README shows")
          .example(
            "$0 rehearse backend-prod --scenario bad-revision",
            "a FAIL, a rollback, and the comment that says so",
          )
          .example(
            "$0 rehearse backend-prod --fault 'github:dispatch=503x2'",
            "GitHub answers the first two dispatches with 503",
          )
          .example("$0 rehearse backend-prod --speed 60x", "to watch it: an hour a minute")
          .example(
            "$0 rehearse backend-prod --kill-at deploy-backend:carried-out",
            "GitHub took the dispatch, and the process died before it could note that",
          )
          .example("$0 rehearse backend-prod --html report.html", "its page: timeline, charts, evidence, journal")
          .example("$0 rehearse backend-prod --all", "the whole library; exit 1 on any surprise")
          .example("$0 validate && $0 rehearse --all", "for CI: every runbook here, and your own scenarios/"),
      (args) => settle(async () => (await import("./rehearse.ts")).rehearse(args, io)),
    )
    .command(
      "simulate <name>",
      "leave a simulated cloud running for this runbook, and print the environment that points at it",
      (args) =>
        args
          .positional("name", nameOption)
          .option("scenario", { type: "string", default: "seed", describe: "a scenario's name, or a path to its file" })
          .option("port", {
            type: "number",
            default: 0,
            describe: "of the page that shows the world; the APIs have the next six. 0: free ones",
          })
          .option("speed", {
            type: "string",
            default: "max",
            describe: "time passes by itself, at 1x, 60x; max: only while a deploy waits",
          })
          .option("seed", { type: "number", default: 1, describe: "the world's chance" })
          .example("$0 simulate backend-prod", "then in another terminal: deploy --simulated, kubectl, curl")
          .example("$0 simulate backend-prod --port 7700 --speed 60x", "curl http://127.0.0.1:7700/ shows the world"),
      (args) => settle(async () => (await import("./simulate.ts")).simulate(args, io)),
    );
}
