/** The verdicts of a run: its checkpoints at a glance, and each judgement with all its checks. Judges nothing. */
import type { Progress } from "../../model/progress.ts";
import type { Instant } from "../../model/time.ts";
import { type CheckResult, type Verdict, worstVerdict } from "../../model/verdict.ts";
import { latenessOf } from "../about-run.ts";
import { reasonOf } from "../headline.ts";
import type { CheckpointReport, Report } from "../report-model.ts";
import { clockOn, withTimesSign } from "../words.ts";
import { checksTable } from "./checks.ts";
import { verdictWord } from "./marks.ts";
import { patternsOf } from "./patterns.ts";
import { type Html, markup, nothing } from "./template.ts";

export function checkpointsSection(progress: Progress, report: Report): Html {
  const isOver = progress.finished !== undefined;
  if (report.checkpoints.length === 0) return nothing;
  return markup`<h2>Checkpoints</h2><ol class="checkpoints">${report.checkpoints.map((each) => card(each, report, isOver))}</ol>`;
}

function card(checkpoint: CheckpointReport, { startedAt }: Report, isOver: boolean): Html {
  const { name, state, verdict, judgedAt, dueAt, reason = "" } = checkpoint;
  const word =
    verdict === undefined
      ? markup`<span class="none">${isOver && state !== "skipped" ? "not reached" : STATE_WORD[state]}</span>`
      : verdictWord(verdict);
  const when =
    judgedAt === undefined
      ? dueAt === undefined || state === "skipped" || isOver
        ? ""
        : `due ${clockOn(dueAt, startedAt)}`
      : `${clockOn(judgedAt, startedAt)}${latenessOf(checkpoint)}`;
  return markup`<li class="${verdict ?? "none"}"><div class="head"><span class="name">T+${name}</span>${word}</div><p>${when}</p><p>${withTimesSign(reason)}</p></li>`;
}

const STATE_WORD: Readonly<Record<CheckpointReport["state"], string>> = {
  judged: "judged",
  skipped: "skipped",
  next: "next",
  later: "later",
};

interface Judged {
  readonly title: string;
  readonly at: Instant;
  readonly verdict: Verdict;
  readonly results: readonly CheckResult[];
}

/** Every judgement of which the results were kept, the newest first. */
export function judgementsSection(progress: Progress, report: Report): Html {
  const judged = judgementsOf(progress);
  if (judged.length === 0) return nothing;
  return markup`<h2>Every judgement</h2>${judged.map((each) => folded(each, report))}`;
}

function judgementsOf({ checkpoints, production, items }: Progress): readonly Judged[] {
  const gates = Object.entries(items).flatMap(([item, { results = [], verdict, since }]): Judged[] =>
    results.length === 0
      ? []
      : [
          {
            title: `step ${item.replace(/^step:/, "")}`,
            at: since,
            verdict: verdict ?? worstVerdict(results.map((result) => result.verdict)),
            results,
          },
        ],
  );
  const looks = production === undefined ? [] : [{ ...production, title: "last look that changed a verdict" }];
  const published = Object.values(checkpoints).map((event) => ({ ...event, title: `T+${event.checkpoint}` }));
  return [...gates, ...looks, ...published].toSorted((a, b) => (a.at < b.at ? 1 : -1));
}

function folded({ title, at, verdict, results }: Judged, report: Report): Html {
  return markup`<details class="judged"><summary>${verdictWord(verdict)} <b>${title}</b> <span class="soft">${clockOn(at, report.startedAt)} · ${withTimesSign(reasonOf(verdict, results))}</span></summary>${checksTable(results, at, `Checks of ${title}`)}${patternsOf(results)}</details>`;
}
