/** What is wrong with a runbook's file, and how it is told to a person. Text of the file is hostile: it is shown cleaned and cut. */
import { maskSecrets } from "./secrets.ts";

export interface Problem {
  readonly file: string;
  /** From 1; 0 where it is not about a line of the file but about the command line or the environment. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors and compilers count. */
  readonly column: number;
  /** The rule that was broken, in kebab-case: stable, for tests and for `--json`. */
  readonly rule: string;
  /** "unknown key `step`" */
  readonly what: string;
  /** The offending text as it stands in the file, cleaned and cut to 120 characters. */
  readonly excerpt: string;
  /** The line up to 1,000 characters after the place, cleaned, secrets masked; "" where the place is further right. */
  readonly sourceLine: string;
  /** "one of `name`, `steps`" or "a duration with a unit": follows the word "expected". */
  readonly expected: string;
  /** What to do, in the imperative. */
  readonly remedy: string;
}

const CUT = 120;

/**
 * Text that is safe on a terminal and in a comment's code block: every control, format, bidirectional and line-breaking
 * character is replaced one for one (so that columns hold) and secrets are masked.
 */
export function cleaned(text: string): string {
  return maskSecrets(text).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) => "\uFFFD".repeat(found.length));
}

/** The first line of a text, cleaned and cut to 120 characters. */
export function excerptOf(text: string): string {
  const shown = cleaned(text.slice(0, 4 * CUT).split(/\r?\n/, 1)[0] ?? "");
  return shown.length > CUT ? `${shown.slice(0, CUT - 1)}…` : shown;
}

/** Text in backquotes, for messages. */
export function quoted(text: string): string {
  return `\`${excerptOf(text).replaceAll("`", "'")}\``;
}

/** A problem on four to five lines: place and what, the line with a caret, expected, remedy; half characters of a cut replaced. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === 0 ? "" : `:${problem.line}:${problem.column}`;
  return [
    `${excerptOf(problem.file)}${place}  ${problem.what}`,
    ...(problem.sourceLine === "" ? [] : pointer(problem)),
    ...(problem.expected === "" ? [] : [`  expected ${problem.expected}`]),
    `  remedy: ${problem.remedy}`,
  ]
    .join("\n")
    .toWellFormed();
}

function pointer(problem: Problem): readonly string[] {
  const number = String(problem.line);
  const { text, column } = windowAround(problem.sourceLine, problem.column);
  const width = Math.max(1, Math.min(problem.excerpt.length, text.length - column + 1));
  return [
    `    ${number} | ${text}`,
    `    ${" ".repeat(number.length)} | ${" ".repeat(column - 1)}${"^".repeat(width)}`,
  ];
}

/** At most 120 characters of the line that hold the column. */
function windowAround(line: string, column: number): { text: string; column: number } {
  if (line.length <= CUT) return { text: line, column: Math.min(column, line.length + 1) };
  const from = Math.max(0, Math.min(column - 1 - CUT / 3, line.length - CUT + 2));
  const lead = from > 0 ? "…" : "";
  const rest = from + CUT - 2 < line.length ? "…" : "";
  return { text: `${lead}${line.slice(from, from + CUT - 2)}${rest}`, column: column - from + lead.length };
}
