/** The top of a run's page: the verdict and why, what a person must know at once, and the facts of the run. */
import type { Progress } from "../../model/progress.ts";
import { dateTime, formatDuration, msBetween } from "../../model/time.ts";
import type { Report } from "../report-model.ts";
import { VERDICT_WORD, clockOn, listed, shortSha, withTimesSign } from "../words.ts";
import { verdictMark } from "./marks.ts";
import { type Html, type HtmlValue, anchor, isNothing, markup, nothing } from "./template.ts";

export function headline(progress: Progress, report: Report): Html {
  const { verdict, state, runbook } = report;
  const word = verdict === undefined ? "Not judged" : VERDICT_WORD[verdict];
  const why =
    report.verdictReason === undefined ? nothing : markup`<p class="why">${withTimesSign(report.verdictReason)}</p>`;
  return markup`<section class="hero" aria-label="Verdict">
      <div class="verdict-line">${verdict === undefined ? nothing : verdictMark(verdict)}<h1><span class="${verdict ?? "none"}">${word}</span> <span class="name">${runbook}</span></h1></div>
      ${why}
      <p class="state"><b>${state.word}</b>: ${withTimesSign(state.sentence)}</p>
      ${notes(progress, report)}
    </section>
    ${facts(progress, report)}
    ${commands(report)}`;
}

function notes(progress: Progress, report: Report): readonly Html[] {
  const { question, rollback, halfDone, unwatched, remarks } = report;
  return [
    report.rehearsal ? note("", "A rehearsal against a simulated cloud: nothing real was touched.") : nothing,
    mergeNote(progress),
    question === undefined
      ? nothing
      : note(
          "ask",
          markup`<b>Answer needed by ${clockOn(question.deadline, report.asOf)}</b> (without one: ${question.fallback}): ${question.text}`,
        ),
    rollback === undefined
      ? nothing
      : note(
          "bad",
          markup`<b>${rollback.complete ? "Rolled back" : "Rolling back"}</b>, decided by ${rollback.by} at ${clockOn(rollback.at, report.startedAt)}: ${withTimesSign(rollback.because)}`,
        ),
    listNote("bad", "Left half-done", halfDone),
    unwatched.length === 0 ? nothing : note("bad", `Serving unwatched: ${listed(unwatched)}`),
    listNote("", "Noted before the start", remarks),
  ].filter((each) => !isNothing(each));
}

function note(kind: "" | "bad" | "ask", text: HtmlValue): Html {
  return markup`<div class="note ${kind}">${text}</div>`;
}

function listNote(kind: "" | "bad", title: string, lines: readonly string[]): Html {
  if (lines.length === 0) return nothing;
  return note(kind, markup`<b>${title}</b><ul>${lines.slice(0, 20).map((line) => markup`<li>${line}</li>`)}</ul>`);
}

function mergeNote(progress: Progress): Html {
  const without = Object.values(progress.commits).filter(({ containsMerge }) => containsMerge === "no");
  if (without.length === 0 || progress.plan.pullRequest === undefined) return nothing;
  const shas = [...new Set(without.map(({ after }) => shortSha(after)))];
  return note(
    "bad",
    markup`<b>The deployed commit does not contain this pull request’s merge commit</b>: ${listed(shas)} is deployed on ${listed(without.map(({ service }) => service))}. What is judged here says nothing about this pull request’s change.`,
  );
}

function facts(progress: Progress, report: Report): Html {
  const { repository, pullRequest } = report;
  const home = repository === undefined ? undefined : `https://github.com/${repository}`;
  const ended = progress.finished?.at;
  const inputs = Object.entries(report.inputs).map(([name, value]) => `${name}=${value}`);
  const rows: readonly Fact[] = [
    ["Started", `${dateTime(report.startedAt)} by ${report.startedBy}`],
    [ended === undefined ? "Until now" : "Took", formatDuration(msBetween(report.startedAt, ended ?? report.asOf))],
    ...(repository === undefined ? [] : [["Repository", anchor(home, repository)] as const]),
    ...(pullRequest === undefined
      ? []
      : [["Pull request", anchor(home && `${home}/pull/${pullRequest}`, `#${pullRequest}`)] as const]),
    ...(inputs.length === 0 ? [] : [["Inputs", markup`<code>${inputs.join(", ")}</code>`] as const]),
    ["Runbook file", markup`<code>${progress.plan.file}</code>`],
    ...(progress.held.length === 0 ? [] : [["Held until released", listed(progress.held)] as const]),
  ];
  return factsList(rows);
}

/** A fact that needs room says so. */
export type Fact = readonly [name: string, value: HtmlValue, room?: "long"];

export function factsList(rows: readonly Fact[], size: "" | "small" = ""): Html {
  return markup`<dl class="facts ${size}">${rows.map(([name, value, room]) => markup`<div class="${room ?? ""}"><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function commands(report: Report): Html {
  if (report.commands.length === 0) return nothing;
  const lines = report.commands.map(
    ({ does, command }) => markup`<li><span class="soft">To ${does}:</span> <code>${command}</code></li>`,
  );
  return markup`<h2>What you can do</h2><ul class="commands">${lines}</ul>`;
}
