/** The rules for inputs, checkpoints, reports and notifications. */
import { scheduleMistake } from "./occurrences.ts";
import { MINUTE } from "../model/time.ts";
import { type Draft, durationOf, listOf, recordOf, textOf } from "./draft.ts";
import { quoted } from "./problems.ts";
import { at } from "./rule.ts";
import { readPattern } from "./safe-pattern.ts";
import type { Finding } from "./source.ts";
import { oneOf } from "./suggest.ts";

export function checkpointsAscend(draft: Draft): readonly Finding[] {
  return draft.checkpoints.flatMap((ms, index) => {
    const path = ["monitor", "checkpoints", index];
    if (ms !== undefined && ms > 0 && ms % MINUTE !== 0) {
      return [
        at(
          path,
          "value",
          "checkpoints",
          "a checkpoint falls between two minutes",
          "whole minutes: counts are per minute",
          "round it",
        ),
      ];
    }
    const before = draft.checkpoints[index - 1];
    if (ms === undefined || before === undefined || ms > before) return [];
    return [
      at(
        path,
        "value",
        "checkpoints",
        "the checkpoints do not ascend",
        "each later than the one before",
        "order them, each once",
      ),
    ];
  });
}

export function foregroundEndsAtACheckpoint(draft: Draft): readonly Finding[] {
  const monitor = recordOf(draft.root["monitor"]);
  const until = durationOf(monitor?.["foreground-until"]);
  const listed = listOf(monitor?.["checkpoints"]);
  if (until === undefined || listed.length === 0 || draft.checkpoints.includes(until)) return [];
  const given = quoted(textOf(monitor?.["foreground-until"]) ?? "");
  return [
    at(
      ["monitor", "foreground-until"],
      "value",
      "foreground-until",
      `no checkpoint is at ${given}`,
      oneOf(listed.map(String)),
      "name one of the checkpoints, or add this one",
    ),
  ];
}

/** A schedule needs something to judge, moments that come, and nobody to ask for inputs. */
export function scheduleCanBeKept(draft: Draft): readonly Finding[] {
  const schedule = recordOf(draft.root["schedule"]);
  if (schedule === undefined) return [];
  const cron = textOf(schedule["cron"]);
  const mistake = cron === undefined ? undefined : scheduleMistake(cron, textOf(schedule["time-zone"]) ?? "UTC");
  const expected = mistake?.key === "time-zone" ? "an IANA name such as Europe/Berlin" : 'such as "0 * * * *"';
  const openInputs = Object.entries(recordOf(draft.root["inputs"]) ?? {}).filter(
    ([, input]) => !Object.hasOwn(recordOf(input) ?? {}, "default"),
  );
  return [
    ...(mistake === undefined
      ? []
      : [at(["schedule", mistake.key], "value", "schedule", mistake.what, expected, "correct it")]),
    ...(draft.root["monitor"] === undefined
      ? [at(["schedule"], "key", "schedule", "there is nothing to judge", "`monitor:` with checks", "add it")]
      : []),
    ...openInputs.map(([name]) =>
      at(
        ["inputs", name],
        "key",
        "schedule",
        `nobody gives the input ${quoted(name)} when a schedule comes`,
        "a default",
        "add `default:`",
      ),
    ),
  ];
}

export function webhookIsAReference(draft: Draft): readonly Finding[] {
  const notify = recordOf(draft.root["notify"]);
  const written = (["webhook", "secret", "slack"] as const).filter((key) => {
    const given = textOf(notify?.[key]);
    return given !== undefined && !/^\$\{\{\s*env\.[A-Za-z_][A-Za-z0-9_]*\s*\}\}$/.test(given);
  });
  const unused = notify?.["secret"] !== undefined && notify["webhook"] === undefined;
  return [
    ...written.map((key) =>
      at(
        ["notify", key],
        "value",
        "webhook",
        key === "secret" ? "what signs a webhook is a secret" : "a webhook's address is a secret",
        "`${{ env.NAME }}` and nothing else",
        `put it into the environment and write \`\${{ env.${VARIABLE[key]} }}\``,
      ),
    ),
    ...(unused
      ? [
          at(
            ["notify", "secret"],
            "key",
            "webhook",
            "`secret` signs nothing",
            "a `webhook` beside it",
            "add the webhook, or remove the secret",
          ),
        ]
      : []),
  ];
}

const VARIABLE = { webhook: "RUNBOOK_WEBHOOK", secret: "RUNBOOK_WEBHOOK_SECRET", slack: "SLACK_WEBHOOK" };

export function defaultsAreOptions(draft: Draft): readonly Finding[] {
  return Object.entries(recordOf(draft.root["inputs"]) ?? {}).flatMap(([name, raw]) => {
    const given = textOf(recordOf(raw)?.["default"]);
    const options = listOf(recordOf(raw)?.["options"]).filter((option) => typeof option === "string");
    if (given === undefined || options.length === 0 || options.includes(given)) return [];
    return [
      at(
        ["inputs", name, "default"],
        "value",
        "default",
        `the default of ${quoted(name)} is not one of its options`,
        oneOf(options),
        "add it to the options, or change it",
      ),
    ];
  });
}

export function repositoryIsKnown(draft: Draft): readonly Finding[] {
  if (draft.root["repository"] !== undefined) return [];
  const report = recordOf(draft.root["report"]);
  return (["pull-request", "commit-status", "deployment"] as const)
    .filter((key) => report?.[key] === true)
    .map((key) =>
      at(
        ["report", key],
        "key",
        "repository",
        `\`${key}\` needs a repository to report to`,
        "`repository: owner/name`",
        "add `repository:` to the runbook",
      ),
    );
}

/** They run over text that strangers wrote, so that one that could take long is none. */
export function ownPatternsAreSafe(draft: Draft): readonly Finding[] {
  const redact = recordOf(recordOf(draft.root["report"])?.["redact"]);
  return listOf(redact?.["also"]).flatMap((pattern, index) => {
    if (typeof pattern !== "string" || pattern === "") return [];
    const read = readPattern(pattern);
    if (!("refused" in read)) return [];
    const place = read.offset === 0 ? "" : ` at ${quoted(pattern.slice(read.offset))}`;
    return [
      at(
        ["report", "redact", "also", index],
        "value",
        "pattern",
        `the pattern ${quoted(pattern)} is refused${place}: ${read.refused}`,
        "a regular expression that never matches the same text in two ways, nor more than 1,024 characters",
        "let each repetition end where something else begins, as in `cust_[0-9]{6,12}` or `[a-z0-9-]+\\.corp`",
      ),
    ];
  });
}
