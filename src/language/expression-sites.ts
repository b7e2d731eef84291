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
}

const NOWHERE: Place = { roots: [], steps: [] };
const INPUTS_ONLY: Place = { roots: ["inputs"], steps: [] };
const IN_ARGUMENTS = ["inputs", "steps", "services", "env", "run"];

/** Every text of the file with what it may refer to. */
export function sitesOf(draft: Draft): readonly Site[] {
  const steps = draft.steps.map((use) => ({
    use,
    place: { roots: IN_ARGUMENTS, steps: draft.steps.slice(0, use.index), self: use },
  }));
  const checks = draft.checks.map((use) => ({ use, place: { roots: IN_ARGUMENTS, steps: draft.steps } }));
  const inArguments = [...steps, ...checks].flatMap(({ use, place }) =>
    textsIn(use.raw["with"], [...use.path, "with"]).map((text) => ({ ...text, place })),
  );
  const others = textsIn(draft.root)
    .filter(({ path }) => !isArgument(path) && Object.hasOwn(runbookFileSchema.shape, path[0] ?? ""))
    .map((text) => ({ ...text, place: placeOutside(text.path) }));
  return [...inArguments, ...others];
}

function isArgument(path: Path): boolean {
  return (path[0] === "steps" && path[2] === "with") || (path[1] === "checks" && path[3] === "with");
}

function placeOutside(path: Path): Place {
  if (path[0] === "services" && path.length > 2) return INPUTS_ONLY;
  if (path[0] === "repository") return INPUTS_ONLY;
  return path[0] === "notify" ? { roots: ["env"], steps: [] } : NOWHERE;
}
