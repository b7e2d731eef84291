/** A run's comments on its pull request, in GitHub's markdown: what is told, and in which order. Renders only. */
import type { Progress } from "../model/progress.ts";
import type { CheckResult } from "../model/verdict.ts";
import { dateTime } from "../model/time.ts";
import {
  commandsBlock,
  commits,
  latenessOf,
  mergeWarning,
  nextSentence,
  pastCheckpoints,
  stepsTable,
  workflowRuns,
} from "./about-run.ts";
import { charts } from "./chart.ts";
import { codeCell, codeSpan, fence, marker, prose } from "./escape.ts";
import { type Block, document, folded, table } from "./markdown.ts";
import { currentJudgement, reportOf } from "./report.ts";
import type { Report } from "./report-model.ts";
import { hasEnded } from "./report-state.ts";
import { checksTable, patterns, samplesTable, servicesTable, switchSentence, troublesTable } from "./sections.ts";
import { reasonOf } from "./headline.ts";
import { VERDICT_WORD, clockOn, listed, timeOn, withTimesSign } from "./words.ts";

/** One checkpoint's verdict. Empty when the checkpoint was not judged. */
export function checkpointComment(progress: Progress, checkpoint: string): string {
  const event = progress.checkpoints[checkpoint];
  if (event === undefined) return "";
  const report = reportOf(progress, event.at);
  const reason = prose(reasonOf(event.verdict, event.results));
  const late = latenessOf(event);
  const judged = `Judged ${dateTime(event.at)}${late === "" ? "" : `${late}; it was due ${clockOn(event.dueAt, event.at)}`}, over the whole time since the switch.`;
  return assemble(progress, `comment:checkpoint:${checkpoint}`, [
    { text: `**${VERDICT_WORD[event.verdict]}** · T+${checkpoint} · ${prose(report.runbook)} — ${reason}` },
    {
      text: [rehearsalNote(report), judged, switchSentence(report.services, event.at, checkpoint)]
        .filter(Boolean)
        .join(" "),
    },
    { text: mergeWarning(progress) },
    { text: checksTable(event.results) },
    { text: patterns(event.results) },
    { text: nextSentence(report, { name: checkpoint, nextAt: event.nextAt }) },
    { text: rollbackCommand(report) },
    { text: pastCheckpoints(report, checkpoint) },
    { text: workflowRuns(report) },
    { text: commits(progress), name: "the deployed commits" },
    { text: folded("Services: T0, before, now", servicesTable(report, event.at)), name: "the services" },
    { text: folded("Samples of each check", samplesTable(event.results, event.at)), name: "the samples" },
    { text: folded("Errors per minute", charts(event.results)), name: "the charts" },
  ]);
}

/** Where the run stands: one comment, edited in place. It changes only when something that it shows changes. */
export function progressComment(progress: Progress): string {
  const report = reportOf(progress);
  const verdict = report.verdict === undefined ? "" : ` · ${VERDICT_WORD[report.verdict]}`;
  return assemble(progress, "comment:progress", [
    {
      text: `**${prose(report.runbook)}** · ${report.state.word}${verdict} — ${prose(withTimesSign(report.state.sentence))}`,
    },
    { text: [rehearsalNote(report), startedSentence(report)].filter(Boolean).join(" ") },
    { text: leftBehind(report) },
    { text: mergeWarning(progress) },
    { text: stepsTable(report) },
    { text: servicesTable(report) },
    { text: checkpointsTable(report) },
    {
      text:
        report.remarks.length === 0
          ? ""
          : `**Noted before the start**\n\n${report.remarks
              .slice(0, 20)
              .map((remark) => `- ${prose(remark)}`)
              .join("\n")}`,
      name: "the remarks",
    },
    { text: commits(progress), name: "the deployed commits" },
    { text: report.commands.length === 0 ? "" : commandsBlock(report, "**Commands**") },
  ]);
}

/** What a rollback did, service by service; edited while it is under way. */
export function rollbackComment(progress: Progress): string {
  const report = reportOf(progress);
  const { rollback } = report;
  if (rollback === undefined) return "";
  const failed = report.services.filter(({ restoreFailed }) => restoreFailed !== undefined);
  const word = rollback.complete ? "ROLLED BACK" : failed.length > 0 ? "ROLLBACK INCOMPLETE" : "ROLLING BACK";
  const judged = currentJudgement(progress);
  // What is said of pins is said once for all, below.
  const remarks = [...new Set(report.services.flatMap(({ restored }) => restored?.remarks ?? []))].filter(
    (remark) => !/un-?pin/i.test(remark),
  );
  return assemble(progress, "comment:rollback", [
    { text: `**${word}** · ${prose(report.runbook)} — ${prose(withTimesSign(rollback.because))}` },
    {
      text: [rehearsalNote(report), `Decided by ${prose(rollback.by)} at ${dateTime(rollback.at)}.`]
        .filter(Boolean)
        .join(" "),
    },
    { text: restoredTable(progress, report) },
    {
      text:
        failed.length === 0
          ? ""
          : `**A human is needed:** ${listed(failed.map(({ name }) => codeSpan(name)))} could not be put back.`,
    },
    { text: remarks.length === 0 ? "" : remarks.map((remark) => `- ${prose(remark)}`).join("\n") },
    { text: pinNote(report) },
    { text: leftBehind(report) },
    ...(judged === undefined ? [] : evidence(judged.results, report)),
    { text: rollback.complete ? "" : rollbackCommand(report) },
    { text: workflowRuns(report) },
    { text: commits(progress), name: "the deployed commits" },
    { text: judged === undefined ? "" : folded("Errors per minute", charts(judged.results)), name: "the charts" },
  ]);
}

/** A question with its deadline, what happens without an answer, and the commands that answer it. */
export function questionComment(progress: Progress, questionId: string): string {
  const asked = progress.questions[questionId];
  if (asked === undefined) return "";
  const report = reportOf(progress, asked.askedAt);
  const { question } = asked;
  const judged =
    question.about === "rollback" || question.about === "continue" ? currentJudgement(progress) : undefined;
  const reason = judged === undefined ? "" : ` — **${VERDICT_WORD[judged.verdict]}**: ${prose(judged.reason)}`;
  const commands = question.options.map((option) => `runbook answer ${report.run} ${option}`);
  return assemble(progress, `comment:question:${questionId}`, [
    { text: `**ANSWER NEEDED by ${clockOn(question.deadline, asked.askedAt)}** · ${prose(report.runbook)}${reason}` },
    { text: rehearsalNote(report) },
    { text: prose(question.text) },
    { text: `\`\`\`sh\n${commands.join("\n").replaceAll("```", "")}\n\`\`\`` },
    { text: `Without an answer by ${dateTime(question.deadline)}: ${codeSpan(question.fallback)}.` },
    {
      text: asked.answer === undefined ? "" : `Answered: ${codeSpan(asked.answer)} by ${prose(asked.by ?? "unknown")}.`,
    },
    { text: servicesTable(report, asked.askedAt, "Asked at") },
    ...(judged === undefined ? [] : evidence(judged.results, report)),
    { text: workflowRuns(report) },
    { text: commits(progress), name: "the deployed commits" },
    { text: judged === undefined ? "" : folded("Errors per minute", charts(judged.results)), name: "the charts" },
  ]);
}

/** How the run ended, for the endings that no other comment tells. */
export function finishComment(progress: Progress): string {
  const { finished } = progress;
  if (finished === undefined) return "";
  const report = reportOf(progress);
  return assemble(progress, "comment:finished", [
    {
      text: `**${report.state.word.toUpperCase()}** · ${prose(report.runbook)} — ${prose(withTimesSign(finished.because))}`,
    },
    { text: [rehearsalNote(report), `Ended ${dateTime(finished.at)}.`].filter(Boolean).join(" ") },
    { text: lastWords(progress), name: "the last lines of the log" },
    { text: leftBehind(report) },
    { text: advice(progress) },
    { text: report.commands.length === 0 ? "" : commandsBlock(report, "**What you can do**") },
    { text: stepsTable(report) },
    { text: servicesTable(report) },
    { text: pastCheckpoints(report) },
    { text: commits(progress), name: "the deployed commits" },
  ]);
}

/** What a program or a workflow's job wrote last before it was refused. */
function lastWords(progress: Progress): string {
  const refused = Object.values(progress.items).find((item) => item.state === "refused");
  const [, ...lines] = refused?.because?.split("\n") ?? [];
  return lines.length === 0 ? "" : `**Its last lines**\n\n${fence(lines.join("\n"))}`;
}

function assemble(progress: Progress, key: string, blocks: readonly Block[]): string {
  const [headline, ...rest] = blocks;
  const run = prose(progress.run);
  const foot = { text: `<sub>run ${run} · ${codeSpan(`runbook show ${progress.run}`)}</sub>` };
  return document(
    `${marker(progress.run, key)}\n${headline?.text ?? ""}`,
    [...rest, foot],
    `runbook show ${progress.run}`,
  );
}

function evidence(results: readonly CheckResult[], report: Report): readonly Block[] {
  const troubled = results.filter(({ verdict }) => verdict !== "pass");
  return [
    { text: troublesTable(results) },
    { text: patterns(troubled) },
    { text: folded("Samples of each check", samplesTable(troubled, report.asOf)), name: "the samples" },
  ];
}

function rehearsalNote(report: Report): string {
  return report.rehearsal ? "_A rehearsal against a simulated cloud: nothing real was touched._" : "";
}

function startedSentence(report: Report): string {
  const inputs = Object.entries(report.inputs).map(([name, value]) => codeSpan(`${name}=${value}`));
  return `Started ${dateTime(report.startedAt)} by ${prose(report.startedBy)}${inputs.length === 0 ? "" : ` with ${listed(inputs)}`}.`;
}

function rollbackCommand(report: Report): string {
  const stuck = report.services.filter((service) => service.after !== undefined && !service.canBeRestored);
  const note =
    stuck.length === 0
      ? ""
      : `\n\nIt cannot put back ${listed(stuck.map(({ name, restorable }) => `${codeSpan(name)} (${prose(restorable)})`))}.`;
  const block = commandsBlock(report, "**To put production back:**", /^(?:runbook rollback|gcloud run jobs update) /);
  return block === "" ? "" : block + note;
}

function leftBehind(report: Report): string {
  const lines = [
    ...report.halfDone.map((what) => `- half-done: ${prose(what)}`),
    ...(report.unwatched.length === 0
      ? []
      : [`- serving unwatched: ${listed(report.unwatched.map((name) => codeSpan(name)))}`]),
  ];
  return lines.length === 0 ? "" : `**Left behind**\n\n${lines.join("\n")}`;
}

/** What the failure itself says of production and of what to do. */
function advice(progress: Progress): string {
  const failed = Object.values(progress.items).findLast(({ state }) => state === "failed")?.failure;
  return [failed?.state, failed?.next].flatMap((text) => (text === undefined ? [] : [prose(text)])).join(" ");
}

function restoredTable(progress: Progress, report: Report): string {
  const rows = (progress.rollback?.services ?? []).map((name) => {
    const service = report.services.find((each) => each.name === name);
    const restored = service?.restored;
    return [
      codeCell(name),
      codeCell(service?.after ?? "as before"),
      restored === undefined ? `still ${codeCell(service?.after ?? "unknown")}` : codeCell(restored.serving),
      restored === undefined
        ? service?.restoreFailed === undefined
          ? "⏳ not yet"
          : `❌ ${prose(service.restoreFailed)}`
        : `✅ verified ${timeOn(restored.at, report.asOf)}`,
      service?.held === true ? "held" : "–",
    ];
  });
  return table(["Service", "Deployed", "Serves now", "Restored (UTC)", "Hold"], rows);
}

function pinNote(report: Report): string {
  const pinned = report.services.filter(({ platform, restored }) => platform === "cloud-run" && restored !== undefined);
  const held = report.services.filter((service) => service.held);
  return [
    pinned.length === 0
      ? ""
      : `**Do not un-pin yet.** ${listed(pinned.map(({ name }) => codeSpan(name)))} ${pinned.length === 1 ? "is" : "are"} pinned on purpose: the newest revision is the one that was rolled back, and un-pinning would serve it again. The next deploy un-pins after its own revision serves.`,
    held.length === 0
      ? ""
      : `A hold is on ${listed(held.map(({ name }) => codeSpan(name)))}: the next deploy refuses until a person lifts it with ${codeSpan(`runbook release ${report.runbook}`)}.`,
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** After the end no checkpoint is to come. */
function checkpointsTable(report: Report): string {
  const told = report.checkpoints.filter(({ state }) => !hasEnded(report) || state === "judged" || state === "skipped");
  const rows = told.map(({ name, state, verdict, judgedAt, dueAt, lateMs, reason }) => [
    `T+${name}`,
    verdict === undefined ? state : `**${VERDICT_WORD[verdict]}**`,
    dueAt === undefined ? "–" : timeOn(dueAt, report.asOf),
    judgedAt === undefined ? "–" : timeOn(judgedAt, report.asOf) + latenessOf({ lateMs: lateMs ?? 0 }),
    reason === undefined || reason === "" ? "–" : prose(reason, 160),
  ]);
  return table(["Checkpoint", "Verdict", "Due (UTC)", "Judged (UTC)", "Why"], rows);
}
