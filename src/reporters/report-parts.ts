/** The parts of a report, each from a run's progress: one step, one service, all checkpoints. Pure. */
import type { ItemProgress, Progress } from "../model/progress.ts";
import { consoleLink } from "../model/console-link.ts";
import { jobVersion, type ServiceSnapshot, type ServiceSwitch, shareOf } from "../model/service.ts";
import { type Instant, clockTime, formatDuration, latest, msBetween, plusMs } from "../model/time.ts";
import { reasonOf } from "./headline.ts";
import type { CheckpointReport, ServiceReport, StepReport } from "./report-model.ts";

export function stepReport(id: string, uses: string, progress: Progress): StepReport {
  const item = progress.items[`step:${id}`];
  if (item === undefined) return { id, uses, state: "not begun", summary: "" };
  const isOver = ["done", "refused", "skipped", "failed"].includes(item.state);
  const workflow = item.args["workflow"];
  const run = /\/actions\/runs\/(\d+)/.exec(item.link ?? "")?.[1];
  return {
    id,
    uses,
    state: item.state,
    summary: summaryOf(item),
    startedAt: item.startedAt,
    since: item.since,
    ...(item.deadline === undefined || isOver ? {} : { deadline: item.deadline }),
    ...(isOver ? { durationMs: msBetween(item.startedAt, item.since) } : {}),
    ...(item.link === undefined ? {} : { link: item.link }),
    ...(run === undefined ? {} : { workflowRun: run }),
    ...(typeof workflow === "string" ? { workflow } : {}),
  };
}

function summaryOf(item: ItemProgress): string {
  switch (item.state) {
    case "started":
      return "";
    case "waiting":
      return item.waitingFor ?? "";
    case "retrying":
      return `${item.failure?.what ?? "a call failed"}; attempt ${item.attempts} again${item.retryAt === undefined ? "" : ` at ${clockTime(item.retryAt)}`}`;
    case "done":
      return item.summary ?? "";
    case "refused":
    case "skipped":
      return item.because?.split("\n", 1)[0] ?? "";
    case "failed":
      return item.failure?.what ?? "";
  }
}

export function serviceReport(name: string, progress: Progress, asOf: Instant): ServiceReport {
  const before = progress.snapshot[name];
  const switched: ServiceSwitch | undefined = progress.switched[name];
  const restored = progress.restored[name];
  const restore = progress.items[`restore:${name}`];
  const superseded = progress.superseded[name];
  const target = progress.plan.runbook.services[name];
  const page = target === undefined ? undefined : consoleLink(target);
  return {
    name,
    platform: before?.platform ?? "unknown",
    ...(page === undefined ? {} : { console: page }),
    before: switched?.from ?? nameOfSnapshot(before),
    beforeImages: before === undefined ? [] : Object.values(before.images),
    ...(switched === undefined
      ? { images: [] }
      : {
          after: switched.to,
          images: switched.images,
          switchedAt: switched.at,
          elapsedMs: msBetween(switched.at, asOf),
          ...(shareOf(switched) < 100 ? { share: shareOf(switched) } : {}),
          ...(switched.commit === undefined ? {} : { commit: switched.commit }),
        }),
    restorable:
      before === undefined ? "unknown" : before.restorable.possible ? before.restorable.how : before.restorable.because,
    canBeRestored: before?.restorable.possible ?? false,
    ...(before?.restorable.possible === false && before.restorable.byHand !== undefined
      ? { byHand: before.restorable.byHand }
      : {}),
    ...(restored === undefined
      ? {}
      : { restored: { serving: restored.serving, at: restored.at, remarks: restored.remarks } }),
    ...(restored === undefined && restore !== undefined && (restore.state === "failed" || restore.state === "refused")
      ? { restoreFailed: summaryOf(restore) }
      : {}),
    held: progress.held.includes(name),
    ...(superseded === undefined ? {} : { supersededBy: superseded.serving }),
  };
}

function nameOfSnapshot(snapshot: ServiceSnapshot | undefined): string {
  if (snapshot === undefined) return "unknown";
  if (snapshot.platform === "cloud-run-job") return jobVersion(snapshot.generation);
  if (snapshot.platform === "kubernetes") return snapshot.templateHash ?? snapshot.revision;
  return (
    snapshot.revision ??
    snapshot.traffic
      .filter((entry) => entry.percent > 0)
      .map((entry) => `${entry.revision} ${entry.percent} %`)
      .join(", ")
  );
}

export function checkpointReports(progress: Progress): readonly CheckpointReport[] {
  const distances = progress.plan.runbook.monitor?.checkpointsMs ?? [];
  const lastSwitch = allSwitched(progress) ? latest(Object.values(progress.switched).map(({ at }) => at)) : undefined;
  const judged = Object.values(progress.checkpoints).sort((a, b) => a.seq - b.seq);
  const isOver = progress.finished !== undefined;
  const told = judged.at(-1)?.nextAt;
  let nextMs: number | undefined;
  return distances.map((distanceMs): CheckpointReport => {
    const name = formatDuration(distanceMs);
    const event = progress.checkpoints[name];
    if (event !== undefined) {
      const { verdict, at: judgedAt, dueAt, lateMs } = event;
      return { name, state: "judged", verdict, reason: reasonOf(verdict, event.results), judgedAt, dueAt, lateMs };
    }
    const item = progress.items[`checkpoint:${name}`];
    if (item?.state === "skipped") return { name, state: "skipped", reason: item.because ?? "" };
    const isNext = nextMs === undefined && !isOver;
    nextMs ??= distanceMs;
    // What was told includes the delay of the data; it is the same for each.
    if (told !== undefined) return { name, state: isNext ? "next" : "later", dueAt: plusMs(told, distanceMs - nextMs) };
    const endsAt = lastSwitch === undefined ? {} : { dueAt: plusMs(lastSwitch, distanceMs), dataComesLater: true };
    return { name, state: isNext ? "next" : "later", ...endsAt };
  });
}

function allSwitched(progress: Progress): boolean {
  const stepsAreOver = progress.plan.runbook.steps.every(({ id }) =>
    ["done", "skipped"].includes(progress.items[`step:${id}`]?.state ?? ""),
  );
  return stepsAreOver || Object.keys(progress.plan.runbook.services).every((name) => name in progress.switched);
}
