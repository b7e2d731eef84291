/** What the live task list shows, as rows folded from a run's progress: three phases, one list each. Draws nothing. */
import { type Progress, openQuestion } from "../model/progress.ts";
import { type Instant, formatDuration, msBetween, plusMs } from "../model/time.ts";
import { plainLine } from "./escape.ts";
import { currentJudgement, reportOf } from "./report.ts";
import type { CheckpointReport, ServiceReport, StepReport } from "./report-model.ts";
import { VERDICT_WORD, clockOn, time, withTimesSign } from "./words.ts";

/** `question`: nothing is drawn, so that the person can be asked. */
export type PhaseName = "steps" | "monitoring" | "rollback" | "question" | "over";

export interface Row {
  readonly key: string;
  readonly title: string;
  readonly state: "open" | "done" | "failed" | "skipped";
  /** Rows that follow each other with the same number are drawn side by side, under one heading. */
  readonly group?: number;
}

export function phaseOf(progress: Progress): PhaseName {
  if (progress.finished !== undefined) return "over";
  if (openQuestion(progress) !== undefined) return "question";
  if (progress.rollback !== undefined) return "rollback";
  // The rollback that was answered is decided at once; nothing goes forward before.
  if (Object.values(progress.questions).some(({ answer }) => answer === "rollback")) return "question";
  const isOver = progress.plan.runbook.steps.every(({ id }) =>
    ["done", "skipped"].includes(progress.items[`step:${id}`]?.state ?? ""),
  );
  return isOver ? "monitoring" : "steps";
}

/** When the checkpoint of that name is judged, as the crank says while it waits for it. */
export interface Promised {
  readonly name: string;
  readonly at: Instant;
}

export function rowsOf(phase: PhaseName, progress: Progress, promised?: Promised): readonly Row[] {
  const report = reportOf(progress);
  switch (phase) {
    case "steps":
      return report.steps.map((step, index) => {
        const group = progress.plan.runbook.steps[index]?.group;
        const width = Math.min(WIDEST_NAME, Math.max(...report.steps.map(({ id }) => id.length)));
        return { ...stepRow(step, width), ...(group === undefined ? {} : { group }) };
      });
    case "monitoring":
      return delayed(report.checkpoints, promised).map((checkpoint) => checkpointRow(checkpoint, progress));
    case "rollback":
      return (progress.rollback?.services ?? []).flatMap((name) => {
        const service = report.services.find((each) => each.name === name);
        return service === undefined ? [] : [restoreRow(service, progress)];
      });
    case "question":
    case "over":
      return [];
  }
}

/** Longer names stand out of the column. */
const WIDEST_NAME = 28;

function stepRow(step: StepReport, width: number): Row {
  const took = step.durationMs === undefined || step.durationMs < 1_000 ? "" : ` (${formatDuration(step.durationMs)})`;
  const ended = named(step.id, width, `${step.summary}${/ in \d/.test(step.summary) ? "" : took}`);
  const key = `step:${step.id}`;
  switch (step.state) {
    case "done":
      return { key, title: ended, state: "done" };
    case "refused":
    case "failed":
      return { key, title: ended, state: "failed" };
    case "skipped":
      return { key, title: ended, state: "skipped" };
    case "started":
    case "waiting":
    case "retrying":
      return { key, title: named(step.id, width, step.summary || step.uses), state: "open" };
    case "not begun":
      return { key, title: named(step.id, width, step.uses), state: "open" };
  }
}

/** The name in a column of its own, which `plainLine` would fold. */
function named(name: string, width: number, text: string): string {
  return `${plainLine(name).padEnd(width)}  ${plainLine(withTimesSign(text))}`.trimEnd();
}

/** What is known of one holds for all that nothing was told of: their data comes as late. */
function delayed(checkpoints: readonly CheckpointReport[], promised?: Promised): readonly CheckpointReport[] {
  const known = checkpoints.find(({ name, state }) => state === "next" && name === promised?.name)?.dueAt;
  if (known === undefined || promised === undefined) return checkpoints;
  const ms = msBetween(known, promised.at);
  return checkpoints.map((checkpoint) =>
    checkpoint.dueAt === undefined || (checkpoint.dataComesLater !== true && checkpoint.name !== promised.name)
      ? checkpoint
      : { ...checkpoint, dueAt: plusMs(checkpoint.dueAt, ms) },
  );
}

function checkpointRow(
  { name, state, verdict, reason = "", judgedAt, dueAt }: CheckpointReport,
  progress: Progress,
): Row {
  const key = `checkpoint:${name}`;
  const row = (text: string, state: Row["state"]): Row => ({ key, title: named(`T+${name}`, 5, text), state });
  if (verdict !== undefined && judgedAt !== undefined) {
    const text = `${VERDICT_WORD[verdict]} at ${time(judgedAt)}  ${reason}`;
    return row(text, verdict === "pass" || verdict === "warn" ? "done" : "failed");
  }
  if (state === "skipped") return row(`skipped: ${reason}`, "skipped");
  const due = dueAt === undefined ? "" : `at ${clockOn(dueAt, progress.startedAt)}`;
  const judged = state === "next" ? currentJudgement(progress) : undefined;
  return row(`${due}${judged === undefined ? "" : `; production now: ${VERDICT_WORD[judged.verdict]}`}`, "open");
}

function restoreRow(service: ServiceReport, progress: Progress): Row {
  const key = `restore:${service.name}`;
  if (service.restored !== undefined) {
    const { serving, at } = service.restored;
    return {
      key,
      title: plainLine(`restore ${service.name}  serves ${serving} again, verified ${time(at)}`),
      state: "done",
    };
  }
  if (service.restoreFailed !== undefined) {
    return { key, title: plainLine(`restore ${service.name}  ${service.restoreFailed}`), state: "failed" };
  }
  const waitingFor = progress.items[key]?.waitingFor ?? `to ${service.before}`;
  return { key, title: plainLine(`restore ${service.name}  ${waitingFor}`), state: "open" };
}
