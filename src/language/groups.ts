/** The steps of a file one after the other, those of a `parallel:` group included, each with its place. Judges nothing. */
import type { Path } from "./source.ts";

export interface FlatStep {
  readonly raw: unknown;
  readonly path: Path;
  /** Which entry of `steps:` the group is, from 1; undefined for a step of its own. */
  readonly group: number | undefined;
}

/** `steps` as written, whatever it holds. One level deep: a group within a group stays as it is written. */
export function flatSteps(steps: unknown): readonly FlatStep[] {
  if (!Array.isArray(steps)) return [];
  return steps.flatMap((raw: unknown, index): readonly FlatStep[] => {
    const members = membersOf(raw);
    if (members === undefined) return [{ raw, path: ["steps", index], group: undefined }];
    return members.map((member, at) => ({ raw: member, path: ["steps", index, "parallel", at], group: index + 1 }));
  });
}

function membersOf(raw: unknown): readonly unknown[] | undefined {
  if (typeof raw !== "object" || raw === null || !Object.hasOwn(raw, "parallel")) return undefined;
  const { parallel } = raw as { readonly parallel: unknown };
  return Array.isArray(parallel) ? parallel : [];
}

/** The file's values with its groups opened: what the schema of a step is applied to. */
export function withFlatSteps(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { steps } = value as { readonly steps?: unknown };
  return Array.isArray(steps) ? { ...value, steps: flatSteps(steps).map(({ raw }) => raw) } : value;
}

/** A path within the opened values as the path in the file. */
export function pathInFile(flat: readonly FlatStep[], path: Path): Path {
  const step = path[0] === "steps" && typeof path[1] === "number" ? flat[path[1]] : undefined;
  return step === undefined ? path : [...step.path, ...path.slice(2)];
}
