/** The list of runs as a page, newest first, each with its state in words. Links lead to the runs' own pages. */
import { dateTime, formatDuration, msBetween } from "../../model/time.ts";
import type { Report } from "../report-model.ts";
import { withTimesSign } from "../words.ts";
import { verdictWord } from "./marks.ts";
import { page as pageWith } from "./page.ts";
import { tableOf } from "./table.ts";
import { type Html, isNothing, markup, nothing } from "./template.ts";

export interface RunsPage {
  readonly reports: readonly Report[];
  /** From 1. */
  readonly page: number;
  readonly hasMore: boolean;
}

export function runsPage({ reports, page, hasMore }: RunsPage): string {
  const rows = reports.map((report) => [
    markup`<a href="/runs/${encodeURIComponent(report.run)}"><code>${report.run}</code></a>`,
    verdictWord(report.verdict),
    `${report.runbook}${report.rehearsal ? " (rehearsal)" : ""}`,
    markup`<b>${report.state.word}</b>: ${withTimesSign(report.state.sentence)}`,
    dateTime(report.startedAt),
    formatDuration(msBetween(report.startedAt, report.asOf)),
  ]);
  const columns = ["Run", "Verdict", "Runbook", "State", "Started", "Until its last event"].map((title) => ({ title }));
  const table = tableOf({ caption: "Runs of this state, newest first", columns, rows });
  const newer = page > 1 ? markup`<a href="/?page=${page - 1}">← Newer</a> ` : nothing;
  const older = hasMore ? markup`<a href="/?page=${page + 1}">Older →</a>` : nothing;
  return shell(
    "Runs",
    markup`${isNothing(table) ? markup`<p class="soft">There is no run yet. <code>runbook deploy NAME</code> begins one.</p>` : table}<p>${newer}${older}</p>`,
  );
}

export function notFoundPage(): string {
  return shell("No such page", markup`<p>There is no such run here. <a href="/">All runs</a></p>`);
}

function shell(title: string, body: Html): string {
  return pageWith(
    `${title} · runbook`,
    markup`<header class="top"><span>runbook</span><span>read only</span></header><main class="hero"><h1>${title}</h1>${body}</main>`,
  );
}
