/** A run's progress as the report that every screen shows. Pure; it judges nothing anew. */
import { type Progress, openQuestion } from "../model/progress.ts";
import { STANDARD, redact } from "../model/redact.ts";
import type { Instant } from "../model/time.ts";
import type { CheckResult, Verdict } from "../model/verdict.ts";
import { reasonOf } from "./headline.ts";
import type { Command, Report, ServiceReport } from "./report-model.ts";
import { checkpointReports, serviceReport, stepReport } from "./report-parts.ts";
import { stateOf } from "./report-state.ts";

/** `asOf` defaults to the run's last event. */
export function reportOf(progress: Progress, asOf: Instant = progress.updatedAt): Report {
  const { plan } = progress;
  const redaction = plan.runbook.report.redact ?? STANDARD;
  const steps = plan.runbook.steps.map((step) => stepReport(step.id, step.uses, progress));
  const services = Object.keys(plan.runbook.services).map((name) => serviceReport(name, progress, asOf));
  const checkpoints = checkpointReports(progress);
  const asked = openQuestion(progress);
  const judged = currentJudgement(progress);
  const verdict = progress.finished?.verdict ?? judged?.verdict;
  const unwatched = unwatchedServices(progress, services);
  return {
    run: progress.run,
    runbook: plan.runbook.name,
    rehearsal: plan.rehearsal,
    ...(plan.runbook.repository === undefined ? {} : { repository: plan.runbook.repository }),
    ...(plan.pullRequest === undefined ? {} : { pullRequest: plan.pullRequest }),
    startedBy: redact(plan.startedBy, redaction),
    startedAt: progress.startedAt,
    asOf,
    inputs: Object.fromEntries(Object.entries(plan.inputs).map(([name, value]) => [name, redact(value, redaction)])),
    state: stateOf(progress, steps, checkpoints, unwatched),
    ...(verdict === undefined ? {} : { verdict }),
    ...(judged === undefined || judged.verdict !== verdict ? {} : { verdictReason: judged.reason }),
    steps,
    services,
    checkpoints,
    ...(asked === undefined ? {} : { question: { ...asked.question, askedAt: asked.askedAt } }),
    ...rollbackReport(progress),
    remarks: progress.remarks,
    halfDone: halfDone(progress),
    unwatched,
    commands: commandsOf(progress, services),
    abandonedPosts: Object.keys(progress.abandonedPosts),
  };
}

/**
 * The newest judgement of the run: a checkpoint's, the look of a minute's, or that of a step that refused. A FAIL is never taken
 * back, and a checkpoint whose window ended before it is no news about it.
 */
export function currentJudgement(
  progress: Progress,
): { verdict: Verdict; reason: string; results: readonly CheckResult[]; at: Instant } | undefined {
  const events = [...Object.values(progress.checkpoints), ...(progress.production ? [progress.production] : [])];
  const failed = progress.firstFail === undefined ? [] : events.filter(({ verdict }) => verdict === "fail");
  const newest = (failed.length > 0 ? failed : events).sort((a, b) => a.seq - b.seq).at(-1);
  const refused = Object.values(progress.items).find((item) => item.state === "refused" && item.verdict !== undefined);
  if (refused?.verdict !== undefined && (newest === undefined || refused.since > newest.at)) {
    const { verdict, because = "", results = [], since } = refused;
    return { verdict, reason: because, results, at: since };
  }
  if (newest === undefined) return undefined;
  const { verdict, results, at } = newest;
  return { verdict, reason: reasonOf(verdict, results), results, at };
}

function rollbackReport(progress: Progress): Pick<Report, "rollback"> {
  const decided = progress.rollback;
  if (decided === undefined) return {};
  const complete = decided.services.every((name) => name in progress.restored);
  return { rollback: { because: decided.because, by: decided.by, at: decided.at, complete } };
}

function halfDone(progress: Progress): readonly string[] {
  if (progress.finished !== undefined) return progress.finished.halfDone;
  return Object.values(progress.effects)
    .filter(({ state, item }) => state === "intended" && !item.startsWith("post:"))
    .map(({ what }) => `in doubt: ${what}`);
}

function unwatchedServices(progress: Progress, services: readonly ServiceReport[]): readonly string[] {
  const ended = progress.finished;
  const isWatched = ended === undefined ? progress.paused === undefined : ended.outcome === "completed";
  if (isWatched) return [];
  return services
    .filter(
      ({ after, restored, supersededBy }) =>
        after !== undefined && restored === undefined && supersededBy === undefined,
    )
    .map(({ name }) => name);
}

function commandsOf(progress: Progress, services: readonly ServiceReport[]): readonly Command[] {
  const { run, finished, paused } = progress;
  const name = progress.plan.runbook.name;
  const asked = openQuestion(progress)?.question;
  const commands: Command[] = (finished === undefined ? (asked?.options ?? []) : []).map((option) => ({
    does: `answer: ${option}`,
    command: `runbook answer ${run} ${option}`,
  }));
  if (finished === undefined && paused !== undefined) {
    commands.push({ does: "carry on", command: `runbook resume ${run}` });
  }
  const isMonitoring = finished === undefined && Object.keys(progress.switched).length > 0;
  if (isMonitoring && progress.rollback === undefined && asked === undefined) {
    commands.push({ does: "judge now", command: `runbook check --run ${run}` });
  }
  const deployed = services.filter((service) => service.after !== undefined && service.restored === undefined);
  const left = halfDone(progress);
  const touched = deployed.length > 0 || left.length > 0;
  const isSuperseded = finished?.outcome === "superseded";
  if (!isSuperseded && (deployed.some(isPutBack) || left.some((what) => !tellsOf(what, services)))) {
    commands.push({ does: "put production back", command: `runbook rollback ${name} --run ${run}` });
  }
  for (const { name: service, byHand } of isSuperseded ? [] : deployed) {
    if (byHand !== undefined) commands.push({ does: `put ${service} back by hand`, command: byHand });
  }
  if (!touched && finished?.outcome === "stopped") {
    commands.push({ does: "try again, when that is mended", command: `runbook deploy ${name}` });
  }
  return commands;
}

/** A rollback tries whatever has traffic; of a job it knows beforehand that it cannot. */
function isPutBack({ platform }: ServiceReport): boolean {
  return platform !== "cloud-run-job";
}

/** Whether a line of what is half-done is of a service that no rollback puts back. */
function tellsOf(what: string, services: readonly ServiceReport[]): boolean {
  return services.some((service) => !isPutBack(service) && what.startsWith(`${service.name} serves `));
}
