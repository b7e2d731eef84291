/** The parts of a pull-request comment about the run itself: workflow runs, commits, checkpoints, what is next, commands. */
import type { EventOf } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";
import { type Instant, MINUTE, formatDuration } from "../model/time.ts";
import { codeCell, codeSpan, link, prose, tableCell } from "./escape.ts";
import { table } from "./markdown.ts";
import type { CheckpointReport, Report, StepReport } from "./report-model.ts";
import { isCutShort } from "./report-state.ts";
import { otherPulls } from "./pulls.ts";
import { VERDICT_WORD, clockOn, counted, listed, shortSha, timeOn, took, withTimesSign } from "./words.ts";

/** The workflow runs with their ids, in the order of the steps. */
export function workflowRuns(report: Report): string {
  const runs = report.steps.filter(({ workflowRun }) => workflowRun !== undefined);
  const lines = runs.map((step) => {
    const label = `${step.workflow === undefined ? "" : `${codeSpan(step.workflow)} `}run ${step.workflowRun}`;
    const told = step.summary.replace(`workflow run ${step.workflowRun} `, "").replace(`run ${step.workflowRun} `, "");
    return `- ${link(label, step.link)}: ${prose(told)}${tookOf(step)}`;
  });
  return lines.length === 0 ? "" : ["**Workflow runs**", "", ...lines].join("\n");
}

function tookOf(step: StepReport): string {
  if (step.durationMs === undefined || / in \d+(h|m|s)/.test(step.summary)) return "";
  return ` (${formatDuration(step.durationMs)})`;
}

export function stepsTable(report: Report): string {
  const rows = report.steps.map((step) => [
    codeCell(step.id),
    isCutShort(step, report) ? "⏹️ cut short" : STEP_SIGN[step.state],
    step.startedAt === undefined ? "–" : timeOn(step.startedAt, report.asOf),
    took(step.durationMs),
    step.summary === "" ? "–" : link(tableCell(withTimesSign(step.summary)), step.link),
  ]);
  return table(["Step", "State", "Began (UTC)", "Took", "What"], rows, 60);
}

const STEP_SIGN: Readonly<Record<StepReport["state"], string>> = {
  "not begun": "–",
  started: "▶️ under way",
  waiting: "⏳ waiting",
  retrying: "🔁 retrying",
  done: "✅ done",
  refused: "❌ refused",
  skipped: "⏭️ skipped",
  failed: "❌ failed",
};

/** The commits that each switch brought; services with the same range share a paragraph. */
export function commits(progress: Progress): string {
  const compared = Object.values(progress.commits);
  const ranges = new Map<string, EventOf<"commits-compared">[]>();
  for (const each of compared) {
    const key = [each.before ?? "", each.after, each.containsMerge].map((word) => wholeSha(word, compared)).join(" ");
    ranges.set(key, [...(ranges.get(key) ?? []), each]);
  }
  return [...ranges.values()].map((group) => commitRange(group, progress)).join("\n\n");
}

/** An image's tag names a commit by its first digits only; another service may know all of them. */
function wholeSha(sha: string, compared: readonly EventOf<"commits-compared">[]): string {
  const known = compared.flatMap(({ before = "", after }) => [before, after]);
  return known.find((other) => sha.length >= 7 && other.length > sha.length && other.startsWith(sha)) ?? sha;
}

function commitRange(group: readonly EventOf<"commits-compared">[], progress: Progress): string {
  const [first] = group.toSorted((a, b) => b.after.length - a.after.length);
  if (first === undefined) return "";
  const services = listed(group.map(({ service }) => codeSpan(service)));
  const repository = progress.plan.runbook.repository;
  const home = repository === undefined ? undefined : `https://github.com/${repository}`;
  const after = shaLink(first.after, home);
  const size =
    first.before === undefined
      ? "what served before has no known commit"
      : first.status === "unknown"
        ? `after ${shaLink(first.before, home)}; the two could not be compared`
        : first.status === "identical"
          ? "the same commit as before"
          : link(
              `${first.status}: ${counted(first.aheadBy, "commit")} since`,
              home && isSha(first.before) && isSha(first.after)
                ? `${home}/compare/${first.before}...${first.after}`
                : undefined,
            ) + ` ${shaLink(first.before, home)}`;
  const titles = first.commits.slice(-8).map(({ sha, title }) => `- ${shaLink(sha, home)} ${prose(title, 100)}`);
  const left = Math.max(first.aheadBy, first.commits.length) - titles.length;
  return [
    `**Deployed** on ${services}: ${after}, ${size}. ${mergeSentence(first, progress, home)}`,
    ...(titles.length === 0
      ? []
      : [[...(left > 0 ? [`- ${counted(left, "earlier commit")} not listed`] : []), ...titles].join("\n")]),
    ...pullsSentence(first, progress),
  ].join("\n\n");
}

/** Numbers in code: a link, or a bare one, would leave a mark on each of these pull requests. */
function pullsSentence(compared: EventOf<"commits-compared">, progress: Progress): readonly string[] {
  const others = otherPulls(compared, progress);
  if (others === undefined) return [];
  if (others === "unknown") return ["The pull requests of these commits could not be read."];
  const told = others.shown.map(({ number, title }) => `${codeSpan(`#${number}`)} ${prose(title, 80)}`);
  const more = others.left > 0 ? [`${others.left} more`] : [];
  const besides = progress.plan.pullRequest === undefined ? "They bring" : "Besides this pull request they bring";
  return [`${besides} ${listed([...told, ...more])}.`];
}

/** To stand near the top: a verdict tells nothing of a change that is not deployed. Empty unless that is certain. */
export function mergeWarning(progress: Progress): string {
  const without = Object.values(progress.commits).filter(({ containsMerge }) => containsMerge === "no");
  const [first] = without;
  const { pullRequest, runbook } = progress.plan;
  if (first === undefined || pullRequest === undefined) return "";
  const home = runbook.repository === undefined ? undefined : `https://github.com/${runbook.repository}`;
  const deployed = listed([...new Set(without.map(({ after }) => after))].map((after) => shaLink(after, home)));
  const services = listed(without.map(({ service }) => codeSpan(service)));
  return `⚠️ **The deployed commit does NOT contain this pull request's ${mergeName(first, home)}**: ${deployed} is deployed on ${services}. What is judged here says nothing about this pull request's change.`;
}

function mergeSentence(compared: EventOf<"commits-compared">, progress: Progress, home: string | undefined): string {
  if (progress.plan.pullRequest === undefined) return "";
  const merge = mergeName(compared, home);
  switch (compared.containsMerge) {
    case "yes":
      return `It contains this pull request's ${merge}.`;
    case "no":
      return `**It does NOT contain this pull request's ${merge}.**`;
    case "unknown":
      return "Whether it contains this pull request's merge commit is unknown.";
  }
}

function mergeName({ mergeCommit }: EventOf<"commits-compared">, home: string | undefined): string {
  return mergeCommit === undefined ? "merge commit" : `merge commit ${shaLink(mergeCommit, home)}`;
}

function shaLink(sha: string, home: string | undefined): string {
  return link(codeSpan(shortSha(sha)), home && isSha(sha) ? `${home}/commit/${sha}` : undefined);
}

/** Whatever else was told for a commit could lead out of the repository. */
function isSha(sha: string): boolean {
  return /^[0-9a-f]{7,40}$/i.test(sha);
}

/** What came before this one: verdicts with their true times, and which were late or skipped. */
export function pastCheckpoints(report: Report, except?: string): string {
  const lines = report.checkpoints
    .filter(({ name, state }) => name !== except && (state === "judged" || state === "skipped"))
    .map((checkpoint) => `- ${pastCheckpoint(checkpoint, report.asOf)}`);
  return lines.length === 0 ? "" : ["**Other checkpoints**", "", ...lines].join("\n");
}

export function pastCheckpoint(checkpoint: CheckpointReport, day: Instant): string {
  const { name, verdict, judgedAt, reason = "" } = checkpoint;
  if (verdict === undefined || judgedAt === undefined)
    return `T+${name}: skipped${reason === "" ? "" : `, ${prose(reason)}`}`;
  return `T+${name}: **${VERDICT_WORD[verdict]}** at ${clockOn(judgedAt, day)}${latenessOf(checkpoint)}`;
}

/** A checkpoint is called late from the first whole minute on. */
export function latenessOf({ lateMs = 0 }: Pick<CheckpointReport, "lateMs">): string {
  return lateMs >= MINUTE ? ` (${formatDuration(Math.floor(lateMs / MINUTE) * MINUTE)} late)` : "";
}

/** What comes after the checkpoint named `after`, or after now. */
export function nextSentence(
  report: Report,
  after?: { readonly name: string; readonly nextAt?: Instant | undefined },
): string {
  if (report.rollback !== undefined) return "**Next:** the rollback, told in a comment of its own.";
  if (report.question !== undefined) {
    return `**Next:** an answer, until ${clockOn(report.question.deadline, report.asOf)}; without one: ${codeSpan(report.question.fallback)}.`;
  }
  const at = after === undefined ? -1 : report.checkpoints.findIndex(({ name }) => name === after.name);
  const left = report.checkpoints
    .slice(at + 1)
    .filter(({ state }) => after !== undefined || state === "next" || state === "later");
  const [next, ...later] = left;
  if (next === undefined)
    return report.checkpoints.length === 0 ? "" : "**Next:** nothing; this was the last checkpoint.";
  const due = after?.nextAt ?? next.dueAt;
  const then = later.length === 0 ? "" : `, then ${listed(later.map(({ name }) => `T+${name}`))}`;
  const data =
    after?.nextAt === undefined && next.dataComesLater === true ? ", told as soon as its data is complete" : "";
  return `**Next:** T+${next.name}${due === undefined ? "" : ` at ${clockOn(due, report.asOf)}${data}`}${then}.`;
}

/** Commands to paste, each on its own line. */
export function commandsBlock(report: Report, title: string, only?: RegExp): string {
  const commands = report.commands.filter(({ command }) => only?.test(command) ?? true);
  if (commands.length === 0) return "";
  const width = Math.max(...commands.map(({ command }) => command.length));
  const lines = commands.map(({ does, command }) =>
    commands.length === 1 ? command : `${command.padEnd(width)}  # ${does}`,
  );
  return `${title}\n\n\`\`\`sh\n${lines.join("\n").replaceAll("```", "")}\n\`\`\``;
}
