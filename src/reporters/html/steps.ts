/** The steps of a run as a timeline and as a table: what each did, waited for, and how long it took. */
import type { RunEvent } from "../../model/event.ts";
import type { Progress } from "../../model/progress.ts";
import type { Report, StepReport } from "../report-model.ts";
import { isCutShort } from "../report-state.ts";
import { timeOn, took, withTimesSign } from "../words.ts";
import type { Plot } from "./plot.ts";
import { tableOf } from "./table.ts";
import { type Html, anchor, markup } from "./template.ts";
import { timeline } from "./timeline.ts";

export function stepsSection(plot: Plot, events: readonly RunEvent[], progress: Progress, report: Report): Html {
  const rows = report.steps.map((step) => [
    markup`<code>${step.id}</code>`,
    markup`<span class="time">${isCutShort(step, report) ? "cut short" : STATE_WORD[step.state]}</span>`,
    step.startedAt === undefined ? "–" : timeOn(step.startedAt, report.startedAt),
    took(step.durationMs),
    step.summary === "" ? "–" : anchor(step.link, withTimesSign(step.summary)),
  ]);
  const columns = [
    { title: "Step" },
    { title: "State" },
    { title: "Began (UTC)", kind: "time" },
    { title: "Took", kind: "time" },
    { title: "What" },
  ] as const;
  return markup`<h2>Timeline</h2>${timeline(plot, events, progress, report)}
    ${tableOf({ caption: "The steps, in order", columns, rows })}`;
}

const STATE_WORD: Readonly<Record<StepReport["state"], string>> = {
  "not begun": "not begun",
  started: "under way",
  waiting: "waiting",
  retrying: "retrying",
  done: "✓ done",
  refused: "✗ refused",
  skipped: "– skipped",
  failed: "✗ failed",
};
