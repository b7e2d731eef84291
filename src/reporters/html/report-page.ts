/** A run as one self-contained page: the same facts as its comments, with charts and its journal. Reads nothing, judges nothing. */
import type { RunEvent } from "../../model/event.ts";
import { type Progress, progressOf } from "../../model/progress.ts";
import type { Instant } from "../../model/time.ts";
import { currentJudgement, reportOf } from "../report.ts";
import type { Report } from "../report-model.ts";
import { dateTime } from "../../model/time.ts";
import { checkpointsSection, judgementsSection } from "./checkpoints.ts";
import { effectsSection, journalSection } from "./journal.ts";
import { headline } from "./headline.ts";
import { loadPlot } from "./plot.ts";
import { page } from "./page.ts";
import { servicesSection } from "./services.ts";
import type { WatchedMinutes } from "./minutes.ts";
import { stepsSection } from "./steps.ts";
import { commitsSection } from "./commits.ts";
import { type Html, markup, nothing } from "./template.ts";

export interface RunPage {
  /** The whole stream of the run. */
  readonly events: readonly RunEvent[];
  /** What the judge counted, as far as it is stored. */
  readonly watched: readonly WatchedMinutes[];
  /** The moment that the page tells of; default: the run's last event. */
  readonly asOf?: Instant;
  /** Where the list of runs is, for a page that is served. */
  readonly home?: string;
}

export async function reportPage({ events, watched, asOf, home }: RunPage): Promise<string> {
  const progress = progressOf(events);
  const report = reportOf(progress, asOf);
  const judged = currentJudgement(progress);
  const plot = await loadPlot();
  const body = markup`${topLine(report, home)}
    <main id="main">
      ${headline(progress, report)}
      ${checkpointsSection(progress, report)}
      ${stepsSection(plot, events, progress, report)}
      ${servicesSection(plot, progress, report, judged, watched)}
      ${judgementsSection(progress, report)}
      ${commitsSection(progress)}
      ${effectsSection(progress, report)}
      ${journalSection(events, report)}
    </main>
    ${foot(progress, report)}`;
  return page(`${titleWord(report)} · ${report.runbook} · ${report.run}`, body);
}

function titleWord({ verdict, state }: Report): string {
  return verdict === undefined ? state.word : verdict.toUpperCase();
}

function topLine(report: Report, home: string | undefined): Html {
  const back = home === undefined ? nothing : markup`<a class="no-print" href="${home}">← All runs</a>`;
  return markup`<a class="skip" href="#main">To the report</a>
    <header class="top"><span>${back} runbook report</span><span>run <span class="code">${report.run}</span> · as of ${dateTime(report.asOf)}</span></header>`;
}

function foot(progress: Progress, report: Report): Html {
  const judged = Object.keys(progress.checkpoints).at(-1);
  const what = judged === undefined ? "now" : `T+${judged}`;
  return markup`<footer><p>Every number of a verdict can be recomputed from the stored evidence: <code>runbook explain ${report.run} ${what}</code>. Everything about this run: <code>runbook show ${report.run}</code>. All times are UTC.</p></footer>`;
}
