/** What a rule of the language is, and the two things that every rule needs. */
import type { Draft, DraftUse } from "./draft.ts";
import type { Finding, Path } from "./source.ts";

/** Looks at a draft (and, for secrets, at the text itself) and says what is wrong. Never throws, whatever the draft holds. */
export type Rule = (draft: Draft, text: string) => readonly Finding[];

export function at(
  path: Path,
  side: "key" | "value",
  rule: string,
  what: string,
  expected: string,
  remedy: string,
): Finding {
  return { rule, what, expected, remedy, where: { path, side } };
}

export function usesOf(draft: Draft): readonly DraftUse[] {
  return [...draft.steps, ...draft.checks];
}
