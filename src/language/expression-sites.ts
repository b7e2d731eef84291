/** Every text of a runbook in which an expression could stand, and what it may refer to there. Complains about nothing. */
import { type Draft, type DraftUse, textsIn } from "./draft.ts";
import { runbookFileSchema } from "./schema.ts";
import type { Path } from "./source.ts";

/** What a text may refer to. */
export interface Place {
  readonly roots: readonly string[];
  /** Steps whose outputs are known here. */
  readonly steps: readonly DraftUse[];
  readonly self?: DraftUse;
}

export interface Site {
  readonly path: Path;
  readonly text: string;
  readonly place: Place;
  /** The text of an `if:`: a condition, with or without braces. */
  readonly isCondition?: true;
}

const NOWHERE: Place = { roots: [], steps: [] };
const INPUTS_ONLY: Place = { roots: ["inputs"], steps: [] };
const IN_ARGUMENTS = ["inputs", "steps", "services", "env", "run"];
const IN_CONDITIONS = ["inputs", "steps", "services"];

/** Every text of the file with what it may refer to. */
export function sitesOf(draft: Draft): readonly Site[] {
  const steps = draft.steps.map((use) => ({
    use,
    place: { roots: IN_ARGUMENTS, steps: stepsBefore(draft, use), self: use },
  }));
  const conditions = steps.flatMap(({ use, place }) =>
    textsIn(use.raw["if"], [...use.path, "if"]).map((text) => ({
      ...text,
      place: { ...place, roots: IN_CONDITIONS },
      isCondition: true as const,
    })),
  );
  const checks = draft.checks.map((use) => ({ use, place: { roots: IN_ARGUMENTS, steps: draft.steps } }));
  const inArguments = [...steps, ...checks].flatMap(({ use, place }) =>
    textsIn(use.raw["with"], [...use.path, "with"]).map((text) => ({ ...text, place })),
  );
  const others = textsIn(draft.root)
    .filter(({ path }) => !isOfAUse(path) && Object.hasOwn(runbookFileSchema.shape, path[0] ?? ""))
    .map((text) => ({ ...text, place: placeOutside(text.path) }));
  return [...inArguments, ...conditions, ...others];
}

/** Steps of the same group run side by side: none of them has an output yet. */
function stepsBefore(draft: Draft, use: DraftUse): readonly DraftUse[] {
  return draft.steps.slice(0, use.index).filter(({ group }) => group === undefined || group !== use.group);
}

/** Arguments and conditions have been collected with their steps and checks. */
function isOfAUse(path: Path): boolean {
  const key = path[0] !== "steps" ? path[3] : path[2] === "parallel" ? path[4] : path[2];
  return (path[0] === "steps" && (key === "with" || key === "if")) || (path[1] === "checks" && key === "with");
}

function placeOutside(path: Path): Place {
  if (path[0] === "services" && path.length > 2) return INPUTS_ONLY;
  if (path[0] === "repository") return INPUTS_ONLY;
  return path[0] === "notify" ? { roots: ["env"], steps: [] } : NOWHERE;
}
