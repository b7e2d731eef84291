/** The rules for `parallel:`: what a group of steps that run side by side may be made of. */
import { type Draft, listOf, recordOf } from "./draft.ts";
import { quoted } from "./problems.ts";
import { at } from "./rule.ts";
import type { Finding, Path } from "./source.ts";

export function groupsAreWellFormed(draft: Draft): readonly Finding[] {
  return listOf(draft.root["steps"]).flatMap((entry, index) => {
    const raw = recordOf(entry);
    if (raw === undefined || !Object.hasOwn(raw, "parallel")) return [];
    return groupFindings(raw, ["steps", index]);
  });
}

function groupFindings(raw: Readonly<Record<string, unknown>>, path: Path): readonly Finding[] {
  const strangers = Object.keys(raw).filter((key) => key !== "parallel");
  return [
    ...strangers.map((key) =>
      at(
        [...path, key],
        "key",
        "group",
        `a group has no key ${quoted(key)}`,
        "`parallel` and nothing else",
        key === "if" ? "write the `if:` on each of its steps" : "remove it, or write it on the steps",
      ),
    ),
    ...memberFindings(raw["parallel"], [...path, "parallel"]),
  ];
}

function memberFindings(members: unknown, path: Path): readonly Finding[] {
  if (!Array.isArray(members) || members.length < 2) {
    const what = Array.isArray(members) ? `a group of ${members.length}` : "a group that is no list";
    return [at(path, "key", "group", what, "a list of at least two steps", "list the steps that run side by side")];
  }
  return members.flatMap((member: unknown, index) => {
    if (!Object.hasOwn(recordOf(member) ?? {}, "parallel")) return [];
    const what = "a group within a group";
    const remedy = "list its steps in this group, or in a group after it";
    return [at([...path, index, "parallel"], "key", "group", what, "steps: groups are one level deep", remedy)];
  });
}
