/** A runbook's text -> a Runbook, or everything that is wrong with it, each with its place. Reads no file and asks nobody. */
import type { Runbook } from "../model/runbook.ts";
import type { StepKind } from "../steps/step.ts";
import { buildRunbook, type Defaults } from "./build.ts";
import { draftOf, recordOf } from "./draft.ts";
import { type FlatStep, flatSteps, pathInFile, withFlatSteps } from "./groups.ts";
import { isNotBuilt } from "./not-built.ts";
import type { Problem } from "./problems.ts";
import { RULES, secretsStayOutside } from "./rules.ts";
import { runbookFileSchema } from "./schema.ts";
import { projectsAreNamed } from "./service-rules.ts";
import { shapeIssues } from "./shape.ts";
import { type Finding, openSource, type Source } from "./source.ts";

export type Loaded = { readonly runbook: Runbook } | { readonly problems: readonly Problem[] };

/** At most this many problems are told: more are the symptom of a wrong file. */
const MAX_PROBLEMS = 100;

/** `file` is only named in problems. `kinds` are the step kinds that `uses:` may name; `defaults` is what the file may leave open. */
export function loadRunbook(
  file: string,
  text: string,
  kinds: readonly StepKind<never>[],
  defaults: Defaults = {},
): Loaded {
  const { source, findings, fatal } = openSource(file, text);
  if (fatal) return { problems: problemsOf(source, [...findings, ...secretFindings(source)]) };
  const flat = flatSteps(recordOf(source.value)?.["steps"]);
  const parsed = runbookFileSchema.safeParse(withFlatSteps(source.value));
  const draft = draftOf(source.value, kinds);
  const all = [
    ...findings,
    ...RULES.flatMap((rule) => rule(draft, text)),
    ...(defaults.project === undefined ? projectsAreNamed(draft) : []),
    ...(parsed.success ? [] : shapeFindings(source.value, flat)),
  ];
  if (all.length > 0 || !parsed.success) return { problems: problemsOf(source, all) };
  return { runbook: buildRunbook(parsed.data, flat, (path) => source.positionOf(path), defaults) };
}

/** A file that cannot be read as a runbook may still give a secret away. */
function secretFindings(source: Source): readonly Finding[] {
  return secretsStayOutside(draftOf(undefined, []), source.text);
}

function shapeFindings(value: unknown, flat: readonly FlatStep[]): readonly Finding[] {
  return shapeIssues(runbookFileSchema, withFlatSteps(value))
    .filter((issue) => !(issue.rule === "unknown-key" && isNotBuilt(issue.path)))
    .filter(({ path }) => !(path[0] === "steps" && isGroup(flat[Number(path[1])]?.raw)))
    .map(({ path, side, ...issue }) => ({ ...issue, where: { path: pathInFile(flat, path), side } }));
}

/** A group within a group is told by a rule of its own. */
function isGroup(raw: unknown): boolean {
  return recordOf(raw)?.["parallel"] !== undefined;
}

/** In the order of the file; for one place the first finding counts. */
function problemsOf(source: Source, findings: readonly Finding[]): readonly Problem[] {
  const byPlace = new Map<string, Problem>();
  // Finding a place costs a walk: a hostile file with a hundred thousand problems is not walked for each.
  for (const finding of findings.slice(0, 4 * MAX_PROBLEMS)) {
    const problem = source.problemOf(finding);
    const place = `${problem.line}:${problem.column}:${finding.rule === "missing-key" ? finding.what : ""}`;
    if (!byPlace.has(place)) byPlace.set(place, problem);
  }
  return [...byPlace.values()].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_PROBLEMS);
}
