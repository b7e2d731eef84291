/** What `runbook status` prints, and the opening and closing words of every screen: plain text of at most one screen. */
import type { Progress } from "../model/progress.ts";
import { type Instant, formatDuration, msBetween } from "../model/time.ts";
import type { Report, ServiceReport } from "./report-model.ts";
import { columns, lines } from "./columns.ts";
import { hanging } from "./display-width.ts";
import { plainLine } from "./escape.ts";
import { currentJudgement, reportOf } from "./report.ts";
import { sparks } from "./sparkline.ts";
import { VERDICT_WORD, clockOn, listed, tPlus, timeOn } from "./words.ts";

const EXIT_WORDS: Readonly<Record<number, string>> = {
  0: "PASS or WARN, or switched and unjudged as asked",
  1: "FAIL: restored, or never switched",
  2: "usage or invalid runbook; nothing was touched",
  3: "INCONCLUSIVE; production is kept",
  4: "not authorised",
  5: "FAIL still serving, or something is half-done: a human is needed",
  6: "locked or held",
  7: "superseded by another deploy",
  130: "interrupted: paused, and can be resumed",
  143: "terminated: paused, and can be resumed",
};

/** Where one run stands at `now`: for `runbook status ID`. */
export function statusText(report: Report, now: Instant): string {
  return lines([headOf(report), "", stateLine(report), ...waitLines(report, now), ...bodyOf(report, now)]);
}

/** The runs, newest first as given: for `runbook status`. */
export function statusTable(runs: readonly Report[]): string {
  if (runs.length === 0) return "no runs\n";
  const rows = runs.map((report) => [
    report.run,
    report.runbook,
    report.state.word,
    report.verdict === undefined ? "–" : VERDICT_WORD[report.verdict],
    nextOf(report) ?? "–",
  ]);
  return lines(columns([["RUN", "RUNBOOK", "STATE", "VERDICT", "NEXT"], ...rows]));
}

/** Opens a run in the foreground; no line is longer than `width`, so that a live list below them stays in its place. */
export function openingText(progress: Progress, width = Number.POSITIVE_INFINITY): string {
  const report = reportOf(progress);
  const services = report.services.map(({ name, before, restorable, canBeRestored }) => [
    `  ${name}`,
    before,
    canBeRestored ? `restorable: ${restorable}` : `NOT restorable: ${restorable}`,
  ]);
  const isNew = Object.keys(progress.items).length === 0;
  const cut = (line: string): string => (line.length <= width ? line : `${line.slice(0, width - 1)}…`);
  return lines([
    ...hanging("", headOf(report), width),
    ...columns(services).map(cut),
    ...report.remarks.flatMap((remark) => hanging("  ! ", plainLine(remark), width)),
    ...(isNew ? [] : hanging("", plainLine(`carrying on: ${report.state.sentence}`), width)),
    "",
  ]);
}

/** Code 1 says FAIL of a judged run, and only that nothing was switched of one that stopped before. */
function exitWords({ finished }: Progress, exitCode: number): string {
  const isUnjudged = finished?.outcome === "stopped" || finished?.outcome === "aborted";
  if (exitCode === 1 && isUnjudged) return "stopped before anything was switched; production is as it was";
  return EXIT_WORDS[exitCode] ?? "unknown";
}

/** Closes it: how it ended, what is left, what to do, and what the exit code means; lines are wrapped at `width`. */
export function closingText(progress: Progress, exitCode: number, width = Number.POSITIVE_INFINITY): string {
  const report = reportOf(progress);
  return lines(
    [
      "",
      stateLine(report),
      ...bodyOf(report, report.asOf, errorLines(progress)),
      `  exit ${exitCode}: ${exitWords(progress, exitCode)}`,
    ].flatMap((line) => fitted(line, width)),
  );
}

/** The rest of a line that is too long stands under its text, not under its name. */
function fitted(line: string, width: number): readonly string[] {
  const head = /^(?: {2}\S+ {2,})?/.exec(line)?.[0] ?? "";
  return hanging(head, line.slice(head.length), width);
}

/** Errors per minute around each switch, as text: at most three services. */
function errorLines(progress: Progress): readonly string[] {
  const drawn = sparks(currentJudgement(progress)?.results ?? [], 3);
  const rows = drawn.map((spark, index) => [index === 0 ? "errors   " : "", spark.subject, spark.drawn, spark.told]);
  return columns(rows).map((row) => `  ${row}`);
}

function headOf(report: Report): string {
  const inputs = Object.entries(report.inputs).map(([name, value]) => `${name}=${value}`);
  const about = [
    `started ${timeOn(report.startedAt, report.asOf)} UTC by ${report.startedBy}`,
    ...inputs,
    ...(report.pullRequest === undefined ? [] : [`${report.repository ?? ""}#${report.pullRequest}`]),
    ...(report.rehearsal ? ["rehearsal"] : []),
  ];
  return `${report.runbook}  run ${report.run}  ${about.join(", ")}`;
}

function stateLine(report: Report): string {
  const verdict = report.verdict === undefined ? "" : `${VERDICT_WORD[report.verdict]}  `;
  return `${verdict}${report.runbook} is ${report.state.word}: ${report.state.sentence}`;
}

/** Where nothing goes forward any more, a step that was under way waits for nothing. */
const HALTED: readonly Report["state"]["word"][] = [
  "completed",
  "rolling back",
  "rolled back",
  "failing",
  "stopped",
  "superseded",
  "aborted",
];

function waitLines(report: Report, now: Instant): readonly string[] {
  if (HALTED.includes(report.state.word)) return [];
  return report.steps
    .filter(({ state }) => state === "waiting" || state === "retrying" || state === "started")
    .map(({ id, summary, since = now, deadline }) => {
      const until = deadline === undefined ? "" : `, until ${timeOn(deadline, now)} (${leftText(now, deadline)})`;
      return `  waits      ${id}${summary === "" ? "" : `: ${summary}`}, since ${timeOn(since, now)}${until}`;
    });
}

function leftText(now: Instant, until: Instant): string {
  const ms = msBetween(now, until);
  return ms >= 0 ? `${formatDuration(ms)} left` : `${formatDuration(-ms)} ago`;
}

function bodyOf(report: Report, now: Instant, errors: readonly string[] = []): readonly string[] {
  const judged = report.checkpoints.flatMap(({ name, verdict, state }) =>
    verdict === undefined ? (state === "skipped" ? [`T+${name} skipped`] : []) : [`T+${name} ${VERDICT_WORD[verdict]}`],
  );
  const next = nextOf(report, now);
  return [
    ...(report.verdictReason === undefined ? [] : [`  why        ${report.verdictReason}`]),
    ...columns(report.services.map((service) => serviceRow(service, now))).map((row) => `  ${row}`),
    ...errors,
    ...(judged.length === 0 ? [] : [`  judged     ${judged.join(", ")}`]),
    ...(next === undefined ? [] : [`  next       ${next}`]),
    ...report.halfDone.map((what) => `  half-done  ${what}`),
    ...(report.unwatched.length === 0
      ? []
      : [
          `  unwatched  ${listed(report.unwatched)} ${report.unwatched.length === 1 ? "serves" : "serve"} what this run deployed`,
        ]),
    ...(report.abandonedPosts.length === 0 ? [] : [`  not told   ${listed(report.abandonedPosts)}`]),
    ...report.commands.map(({ does, command }) => `  to ${does.replace(/^answer: /, "answer ")}: ${command}`),
  ];
}

export function serviceRow(service: ServiceReport, now: Instant): readonly string[] {
  const { name, after, restored, switchedAt, supersededBy } = service;
  const short = (revision: string): string =>
    revision.startsWith(`${name}-`) ? revision.slice(name.length + 1) : revision;
  const before = short(service.before);
  if (restored !== undefined && after === undefined) {
    return [name, before, `had begun to change: restored ${timeOn(restored.at, now)}${service.held ? ", held" : ""}`];
  }
  if (after === undefined || switchedAt === undefined) return [name, before, "not switched"];
  const moved = `${before} → ${short(after)}`;
  if (restored !== undefined) {
    const hold = service.held ? ", held" : "";
    return [name, `${short(after)} → ${short(restored.serving)}`, `restored ${timeOn(restored.at, now)}${hold}`];
  }
  if (service.restoreFailed !== undefined) return [name, moved, `NOT restored: ${service.restoreFailed}`];
  if (supersededBy !== undefined) return [name, moved, `superseded by ${supersededBy}`];
  if (service.share !== undefined) return [name, moved, `with ${service.share} % since ${timeOn(switchedAt, now)}`];
  return [name, moved, `T0 ${timeOn(switchedAt, now)}, ${tPlus(switchedAt, now)}`];
}

function nextOf(report: Report, now: Instant = report.asOf): string | undefined {
  if (report.question !== undefined) return `an answer until ${clockOn(report.question.deadline, now)}`;
  if (report.rollback !== undefined) return undefined;
  const next = report.checkpoints.find(({ state }) => state === "next");
  if (next?.dueAt === undefined) return undefined;
  const ms = msBetween(now, next.dueAt);
  const isPast = next.dataComesLater === true ? ", waits for its data" : ", due now";
  return `T+${next.name} at ${clockOn(next.dueAt, now)}${ms > 0 ? `, in ${formatDuration(ms)}` : isPast}`;
}
