/** The rules for steps and checks: their kinds, their arguments, their ids, and the keys that fit their kind. */
import { isCheckKind } from "../steps/step.ts";
import { type Draft, recordOf, textsIn } from "./draft.ts";
import { hasExpression } from "./expressions.ts";
import { quoted } from "./problems.ts";
import { at, usesOf } from "./rule.ts";
import { argumentIssues } from "./shape.ts";
import type { Finding } from "./source.ts";
import { didYouMean, oneOf, suggestion } from "./suggest.ts";

export function kindsExist(draft: Draft): readonly Finding[] {
  return usesOf(draft).flatMap((use) => {
    if (use.uses === undefined || use.kind !== undefined) return [];
    const path = [...use.path, "uses"];
    const known = (use.role === "check" ? draft.kinds.filter(isCheckKind) : draft.kinds).map((kind) => kind.uses);
    const meant = didYouMean(use.uses, known);
    const expected = oneOf(known) + (meant === undefined ? "" : `; ${meant}`);
    const remedy = meant === undefined ? "choose one of these" : `write \`${suggestion(use.uses, known)}\``;
    return [at(path, "value", "unknown-kind", `unknown ${use.role} kind ${quoted(use.uses)}`, expected, remedy)];
  });
}

export function onlyChecksAreMonitored(draft: Draft): readonly Finding[] {
  const checks = draft.kinds.filter(isCheckKind).map((kind) => kind.uses);
  return draft.checks
    .filter((use) => use.kind !== undefined && !isCheckKind(use.kind))
    .map((use) =>
      at(
        [...use.path, "uses"],
        "value",
        "not-a-check",
        `${quoted(use.uses ?? "")} does not judge anything`,
        oneOf(checks),
        "move it to `steps:`, or choose a check",
      ),
    );
}

export function argumentsFit(draft: Draft): readonly Finding[] {
  return usesOf(draft).flatMap((use) => {
    if (use.kind === undefined) return [];
    const given = use.raw["with"];
    if (given !== undefined && recordOf(given) === undefined) return [];
    const { args, uses } = use.kind;
    return argumentIssues(args, given ?? {}).map(({ path, ...issue }) => ({
      ...issue,
      ...(path.length === 1 && issue.key !== undefined ? { what: aboutArgument(issue.rule, issue.key, uses) } : {}),
      where: { path: [...use.path, "with", ...path], side: issue.side },
    }));
  });
}

function aboutArgument(rule: string, key: string, uses: string): string {
  return rule === "missing-key"
    ? `\`${uses}\` needs the argument ${quoted(key)}`
    : `\`${uses}\` has no argument ${quoted(key)}`;
}

export function idsAreUnique(draft: Draft): readonly Finding[] {
  const seen = new Set<string>();
  return usesOf(draft).flatMap((use) => {
    if (use.id === undefined || !seen.has(use.id)) {
      if (use.id !== undefined) seen.add(use.id);
      return [];
    }
    return [
      at(
        [...use.path, "id"],
        "value",
        "duplicate-id",
        `the id ${quoted(use.id)} is taken by another step or check`,
        "every id once",
        "rename one of the two",
      ),
    ];
  });
}

export function stepKeysFitTheKind(draft: Draft): readonly Finding[] {
  return draft.steps.flatMap(({ kind, path, raw }) => {
    if (kind === undefined) return [];
    const findings: Finding[] = [];
    if (raw["on-inconclusive"] !== undefined && !isCheckKind(kind)) {
      findings.push(
        at(
          [...path, "on-inconclusive"],
          "key",
          "on-inconclusive",
          `\`${kind.uses}\` is never inconclusive`,
          "it on checks only",
          "remove it",
        ),
      );
    }
    if (raw["irreversible"] === true && (isCheckKind(kind) || kind.uses === "wait" || kind.uses === "approve")) {
      findings.push(
        at(
          [...path, "irreversible"],
          "key",
          "irreversible",
          `\`${kind.uses}\` changes nothing that could be irreversible`,
          "it on steps that change something",
          "move it to the step that does",
        ),
      );
    }
    return findings;
  });
}

/** What a shell or a program reads as its own command line is never put together from values that came from outside. */
export function commandLinesAreLiteral(draft: Draft): readonly Finding[] {
  return draft.steps
    .filter((use) => use.uses === "run-command")
    .flatMap((use) => textsIn(recordOf(use.raw["with"])?.["argv"], [...use.path, "with", "argv"]))
    .filter(({ text }) => hasExpression(text))
    .map(({ path }) =>
      at(
        path,
        "value",
        "command-line",
        "a value would be spliced into a command line",
        "literal text",
        "let the program read RUNBOOK_INPUT_NAME, or a variable of `env:`",
      ),
    );
}
