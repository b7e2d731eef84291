/** The effects of a run and its journal, event by event, in the order in which they were written. */
import type { RunEvent } from "../../model/event.ts";
import { type EffectProgress, type Progress, applyEvent, progressOf } from "../../model/progress.ts";
import { linesOf, nameOfItem } from "../event-lines.ts";
import type { Report } from "../report-model.ts";
import { counted, timeOn } from "../words.ts";
import { tableOf } from "./table.ts";
import { type Html, markup, nothing } from "./template.ts";

const MOST_EVENTS = 2_000;

/** Every change of the outside world that was intended, and what became of it. */
export function effectsSection(progress: Progress, report: Report): Html {
  const effects = Object.entries(progress.effects);
  if (effects.length === 0) return nothing;
  const isPost = ([, { item }]: readonly [string, EffectProgress]): boolean => item.startsWith("post:");
  const changes = effects.filter((each) => !isPost(each));
  const posts = effects.filter(isPost);
  return markup`<h2>Effects</h2>
    ${effectsTable("Changes of the clouds, each journaled before it happened", changes, report)}
    <details class="no-print"><summary>${counted(posts.length, "message")} on the pull request and elsewhere</summary>${effectsTable("Messages", posts, report)}</details>`;
}

const STATE_WORD = { done: "done", intended: "in doubt", rejected: "certainly did not happen" } as const;

function effectsTable(caption: string, effects: readonly (readonly [string, EffectProgress])[], report: Report): Html {
  const rows = effects
    .toSorted(([, a], [, b]) => (a.at < b.at ? -1 : 1))
    .map(([, { at, item, what, state }]) => [timeOn(at, report.startedAt), nameOfItem(item), what, STATE_WORD[state]]);
  const columns = [
    { title: "At (UTC)", kind: "time" } as const,
    { title: "For" },
    { title: "What" },
    { title: "State" },
  ];
  return tableOf({ caption, columns, rows });
}

export function journalSection(events: readonly RunEvent[], report: Report): Html {
  const rows = events.slice(0, MOST_EVENTS);
  const columns = [
    { title: "#", kind: "number" } as const,
    { title: "At (UTC)", kind: "time" } as const,
    { title: "Event" },
    { title: "About" },
    { title: "What" },
  ];
  const table = tableOf({ caption: "The journal", columns, rows: [...told(rows, report)], most: MOST_EVENTS });
  return markup`<h2>Journal</h2><details><summary>${counted(events.length, "event")}, the truth from which this page is made</summary>${table}</details>`;
}

function* told(events: readonly RunEvent[], report: Report): Generator<readonly (string | Html)[]> {
  let progress: Progress | undefined;
  for (const event of events) {
    progress = progress === undefined ? progressOf([event]) : applyEvent(progress, event);
    const [line] = linesOf(event, progress);
    const about = line === undefined || line.subject === "" ? aboutOf(event) : line.subject;
    yield [
      `${event.seq}`,
      timeOn(event.at, report.startedAt),
      markup`<code class="time">${event.type}</code>`,
      about,
      line?.text || whatOf(event),
    ];
  }
}

function aboutOf(event: RunEvent): string {
  if ("item" in event) return nameOfItem(event.item);
  if ("services" in event) return event.services.join(", ");
  return event.type === "run-planned" ? event.plan.runbook.name : "";
}

/** Of events that no line tells of on a terminal. */
function whatOf(event: RunEvent): string {
  if (event.type === "run-planned") {
    return `planned from ${event.plan.file}; ${counted(Object.keys(event.snapshot).length, "service")} captured`;
  }
  if (event.type === "item-waiting") return `waits for ${event.for}`;
  if (event.type === "effect-intended") return event.what;
  if (event.type === "effect-done") return event.found ? "found in the world" : "done";
  return "";
}
