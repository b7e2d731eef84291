/** What the live task list shows, as rows folded from a run's progress: three phases, one list each. Draws nothing. */
import { type Progress, openQuestion } from "../model/progress.ts";
import { formatDuration } from "../model/time.ts";
import { plainLine } from "./escape.ts";
import { currentJudgement, reportOf } from "./report.ts";
import type { CheckpointReport, ServiceReport, StepReport } from "./report-model.ts";
import { VERDICT_WORD, clockOn, time } from "./words.ts";

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
  const isOver = progress.plan.runbook.steps.every(({ id }) =>
    ["done", "skipped"].includes(progress.items[`step:${id}`]?.state ?? ""),
  );
  return isOver ? "monitoring" : "steps";
}

export function rowsOf(phase: PhaseName, progress: Progress): readonly Row[] {
  const report = reportOf(progress);
  switch (phase) {
    case "steps":
      return report.steps.map((step, index) => {
        const group = progress.plan.runbook.steps[index]?.group;
        return { ...stepRow(step), ...(group === undefined ? {} : { group }) };
      });
    case "monitoring":
      return report.checkpoints.map((checkpoint) => checkpointRow(checkpoint, progress));
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

function stepRow(step: StepReport): Row {
  const took = step.durationMs === undefined || step.durationMs < 1_000 ? "" : ` (${formatDuration(step.durationMs)})`;
  const ended = plainLine(`${step.id}  ${step.summary}${/ in \d/.test(step.summary) ? "" : took}`);
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
      return { key, title: plainLine(`${step.id}  ${step.summary || step.uses}`), state: "open" };
    case "not begun":
      return { key, title: plainLine(`${step.id}  ${step.uses}`), state: "open" };
  }
}

function checkpointRow(
  { name, state, verdict, reason = "", judgedAt, dueAt }: CheckpointReport,
  progress: Progress,
): Row {
  const key = `checkpoint:${name}`;
  if (verdict !== undefined && judgedAt !== undefined) {
    const title = plainLine(`T+${name}  ${VERDICT_WORD[verdict]} at ${time(judgedAt)}  ${reason}`);
    return { key, title, state: verdict === "pass" || verdict === "warn" ? "done" : "failed" };
  }
  if (state === "skipped") return { key, title: plainLine(`T+${name}  skipped: ${reason}`), state: "skipped" };
  const due = dueAt === undefined ? "" : `  at ${clockOn(dueAt, progress.startedAt)}`;
  const judged = state === "next" ? currentJudgement(progress) : undefined;
  const now = judged === undefined ? "" : `; production now: ${VERDICT_WORD[judged.verdict]}`;
  return { key, title: plainLine(`T+${name}${due}${now}`), state: "open" };
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
