/** Patterns of errors, told apart by whether production had them before, with their rates then and now. */
import type { CheckResult, GroupFinding } from "../../model/verdict.ts";
import { rate } from "../words.ts";
import { type Html, isNothing, markup, nothing } from "./template.ts";

interface Found {
  readonly group: GroupFinding;
  readonly service: string | undefined;
}

const KINDS: readonly (readonly [GroupFinding["kind"], string])[] = [
  ["new", "New since the switch"],
  ["risen", "Risen"],
  ["pre-existing", "Pre-existing, seen before the deploy too"],
  ["switch-window", "Only while traffic moved (the switch window, not judged)"],
  ["late-victim", "Late victims of the old version (requests that began before the switch, not judged)"],
];

const MOST = 20;

/** Nothing where no check looks for patterns. */
export function patternsOf(results: readonly CheckResult[]): Html {
  const watched = results.filter(({ groups }) => groups !== undefined);
  if (watched.length === 0) return nothing;
  const found = watched.flatMap(({ groups = [], service }) => groups.map((group): Found => ({ group, service })));
  const lists = KINDS.map(([kind, title]) =>
    listOf(
      title,
      found.filter(({ group }) => group.kind === kind),
    ),
  );
  const isNew = found.some(({ group }) => group.kind === "new");
  return markup`${lists.filter((each) => !isNothing(each))}${isNew ? nothing : markup`<p class="soft">No pattern of errors is new.</p>`}`;
}

function listOf(title: string, found: readonly Found[]): Html {
  if (found.length === 0) return nothing;
  const sorted = found.toSorted((a, b) => b.group.candidate.errors - a.group.candidate.errors);
  const left = sorted.length - MOST;
  const rest = left > 0 ? markup`<li>… and ${left} more</li>` : nothing;
  return markup`<h4>${title}</h4><ul class="patterns">${sorted.slice(0, MOST).map(pattern)}${rest}</ul>`;
}

function pattern({ group: { group, kind, baseline, candidate, example }, service }: Found): Html {
  const where = service === undefined ? nothing : markup` <span class="soft">on ${service}</span>`;
  const then = kind === "switch-window" || kind === "late-victim" ? "" : `; before ${rate(baseline)}`;
  const shown =
    example === undefined
      ? nothing
      : markup`<details><summary>Example</summary><pre>${example.split("\n").slice(0, 12).join("\n").slice(0, 3_000)}</pre></details>`;
  return markup`<li><code>${group.slice(0, 300)}</code>${where}<br>now ${rate(candidate)}${then}${shown}</li>`;
}
