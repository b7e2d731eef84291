/** The verbs that look back, as words of the command line: explain, show, report, history, judge, backtest. They change nothing. */
import type { Argv } from "yargs";
import type { Io } from "./io.ts";

import type { Settle } from "./verb-options.ts";

const stateOption = {
  type: "string",
  describe: "where runs are kept: a file (RUNBOOK_STATE; default: the user's state directory)",
} as const;
const jsonOption = { type: "boolean", default: false, describe: "one JSON value on stdout" } as const;
const idOption = { type: "string", demandOption: true, describe: "a run's id" } as const;

export function reviewVerbs(parser: Argv, io: Io, settle: Settle): Argv {
  return [explainVerb, showVerb, reportVerb, historyVerb, judgeVerb, backtestVerb].reduce(
    (verbs, add) => add(verbs, io, settle),
    parser,
  );
}

function explainVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "explain <id> [what]",
    "why this verdict: every number, formula and threshold, recomputed from the stored evidence alone",
    (args) =>
      args
        .positional("id", idOption)
        .positional("what", {
          type: "string",
          default: "now",
          describe: 'a checkpoint ("T+20m"), a step\'s id, or "now" for the last look',
        })
        .option("check", { type: "string", describe: "show only this check" })
        .option("service", { type: "string", describe: "show only this service" })
        .option("all", { type: "boolean", default: false, describe: "every group, also those that say nothing" })
        .option("state", stateOption)
        .option("json", jsonOption)
        .example("$0 explain 20260412-0400-7k2q T+20m", "the numbers behind the comment at T+20m")
        .example("$0 explain 20260412-0400-7k2q backend-errors", "those of a gate")
        .epilogue("Exit codes: 0 the evidence gives the verdict that was published; 1 it does not; 2 no such verdict."),
    (args) => settle(async () => (await import("./explain.ts")).explain(args, io)),
  );
}

function showVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "show <id>",
    "everything about one run: its plan, the snapshot, what happened, what was posted",
    (args) =>
      args
        .positional("id", idOption)
        .option("comments", { type: "boolean", default: false, describe: "the comments too, where they were posted" })
        .option("state", stateOption)
        .option("json", jsonOption)
        .example("$0 show 20260412-0400-7k2q", "the whole story"),
    (args) => settle(async () => (await import("./show.ts")).show(args, io)),
  );
}

function reportVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "report <id>",
    "one run as one HTML page, charts and journal included; it opens without a network and runs no script",
    (args) =>
      args
        .positional("id", idOption)
        .option("html", {
          type: "string",
          nargs: 1,
          demandOption: true,
          describe: "the file to write; - is standard output",
        })
        .option("force", { type: "boolean", default: false, describe: "replace the file, if it is there already" })
        .option("state", stateOption)
        .example("$0 report 20260412-0400-7k2q --html report.html", "then open it, print it, attach it")
        .example("$0 report 20260412-0400-7k2q --html - | gzip > report.html.gz", "to keep"),
    (args) => settle(async () => (await import("./report.ts")).report(args, io)),
  );
}

function historyVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "history [name]",
    "past runs, newest first: how each ended, how it was judged, what it brought",
    (args) =>
      args
        .positional("name", { type: "string", describe: "only the runs of this runbook" })
        .option("limit", { type: "number", default: 20, describe: "at most so many" })
        .option("state", stateOption)
        .option("json", jsonOption)
        .example("$0 history backend-prod --limit 5", "the last five deploys"),
    (args) => settle(async () => (await import("./history.ts")).history(args, io)),
  );
}

function judgeVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "judge",
    "the judge alone, on exported log entries (JSON array or NDJSON, gzip too)",
    (args) =>
      args
        .option("baseline", {
          type: "string",
          demandOption: true,
          // Else "-" would be taken for the next option.
          nargs: 1,
          describe: "entries from before; - is standard input",
        })
        .option("candidate", {
          type: "string",
          demandOption: true,
          nargs: 1,
          describe: "entries since; - is standard input",
        })
        .option("switch", { type: "string", describe: "when the new version began to serve (RFC 3339)" })
        .option("now", { type: "string", describe: "until when the candidate's entries are complete (RFC 3339)" })
        .option("config", { type: "string", describe: "statuses, critical signatures, horizon: a YAML or JSON file" })
        .option("inconclusive-exit", { type: "number", default: 3, describe: "exit code for INCONCLUSIVE" })
        .option("json", jsonOption)
        .example("$0 judge --baseline before.json --candidate after.ndjson.gz", "as gcloud logging read exports them"),
    (args) =>
      settle(async () => {
        const { baseline, candidate, json, inconclusiveExit } = args;
        const given = { switch: args.switch, now: args.now, config: args.config };
        const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        return (await import("./judge.ts")).runJudge({ baseline, candidate, json, inconclusiveExit, ...known }, io);
      }),
  );
}

function backtestVerb(parser: Argv, io: Io, settle: Settle): Argv {
  return parser.command(
    "backtest <name>",
    "replay check-errors over the past: how often it would have said what, with and without a deploy",
    (args) =>
      args
        .positional("name", { type: "string", demandOption: true, describe: "a runbook's name, or a path to its file" })
        .option("since", { type: "string", default: "30d", describe: "how far back" })
        .option("every", { type: "string", default: "20m", describe: "the distance of the placebo deploys" })
        .option("logs", {
          type: "string",
          describe: "exported request entries (JSON array or NDJSON, gzip too) instead of asking the clouds",
        })
        .option("state", stateOption)
        .option("simulated", {
          type: "boolean",
          default: false,
          describe: "the environment points at a simulated cloud (`runbook simulate`)",
        })
        .option("json", jsonOption)
        .example("$0 backtest backend-prod --since 14d", "before `on-fail: automatic` is switched on")
        .example("$0 backtest backend-prod --logs requests.json.gz", "the same on an export, asking nobody"),
    (args) => settle(async () => (await import("./backtest.ts")).backtest(args, io)),
  );
}
