/** A file that was found to be right, as the model's Runbook: names as the model has them, every default filled in. */
import type { BaselineMode, CheckSpec, MonitorSpec, Position, Runbook, StepSpec } from "../model/runbook.ts";
import type { KubernetesTarget, ServiceTarget } from "../model/service.ts";
import { DAY, HOUR, MINUTE } from "../model/time.ts";
import type { FlatStep } from "./groups.ts";
import type { RunbookFile } from "./schema.ts";
import { readPattern } from "./safe-pattern.ts";
import type { Path } from "./source.ts";

type PositionOf = (path: Path) => Position;

/** What a file may leave to the environment that it is read in. */
export interface Defaults {
  /** GOOGLE_CLOUD_PROJECT */
  readonly project?: string | undefined;
}

export function buildRunbook(
  file: RunbookFile,
  flat: readonly FlatStep[],
  positionOf: PositionOf,
  defaults: Defaults,
): Runbook {
  const steps = file.steps.map((step, index) => stepOf(step, flat[index], positionOf));
  return {
    name: file.name,
    ...present("description", file.description),
    ...present("repository", file.repository),
    inputs: mapValues(file.inputs, (input) => ({
      ...present("description", input.description),
      ...present("default", input.default),
      ...present("options", input.options),
    })),
    services: mapValues(file.services, (service) => targetOf(service, defaults)),
    steps,
    ...present("monitor", file.monitor && monitorOf(file.monitor, steps, positionOf)),
    ...present(
      "schedule",
      file.schedule && {
        cron: file.schedule.cron.trim(),
        timeZone: file.schedule["time-zone"],
        windowMs: file.schedule.window,
      },
    ),
    rollback: {
      onFail: file.rollback["on-fail"],
      automaticUntilMs: file.rollback["automatic-until"],
      askTimeoutMs: file.rollback["ask-timeout"],
      askDefault: file.rollback["ask-default"],
    },
    report: {
      pullRequest: file.report["pull-request"] ?? file.repository !== undefined,
      commitStatus: file.report["commit-status"] ?? false,
      deployment: file.report.deployment ?? false,
      ...present("environment", file.report.environment),
      ...present(
        "redact",
        file.report.redact && { keep: file.report.redact.keep, also: file.report.redact.also.map(boundedPattern) },
      ),
    },
    notify: {
      ...present("webhook", file.notify.webhook),
      ...present("secret", file.notify.secret),
      ...present("slack", file.notify.slack),
    },
  };
}

function boundedPattern(written: string): string {
  const read = readPattern(written);
  if ("refused" in read) throw new RangeError("a pattern that is refused was let through");
  return read.source;
}

function stepOf(step: RunbookFile["steps"][number], written: FlatStep | undefined, positionOf: PositionOf): StepSpec {
  return {
    id: step.id,
    uses: step.uses,
    ...present("group", written?.group),
    ...present("if", step.if === undefined ? undefined : String(step.if)),
    services: step.services ?? [],
    with: step.with ?? {},
    ...present("timeoutMs", step.timeout),
    onInconclusive: step["on-inconclusive"] ?? "ask",
    irreversible: step.irreversible ?? false,
    position: positionOf(written?.path ?? ["steps"]),
  };
}

function targetOf(service: RunbookFile["services"][string], defaults: Defaults): ServiceTarget {
  const cloudRun = service["cloud-run"];
  if (cloudRun !== undefined) {
    return { platform: "cloud-run", ...cloudRun, project: projectOf(cloudRun.project, defaults) };
  }
  const job = service["cloud-run-job"];
  if (job !== undefined) return { platform: "cloud-run-job", ...job, project: projectOf(job.project, defaults) };
  const { kubernetes } = service;
  if (kubernetes === undefined) throw new RangeError("a service without a platform was let through");
  return {
    platform: "kubernetes",
    project: projectOf(kubernetes.project, defaults),
    cluster: kubernetes.cluster,
    ...present("location", kubernetes.location),
    ...present("context", kubernetes.context),
    namespace: kubernetes.namespace,
    ...workloadOf(kubernetes),
  };
}

function projectOf(named: string | undefined, { project }: Defaults): string {
  const found = named ?? project;
  if (found === undefined) throw new RangeError("a service without a project was let through");
  return found;
}

function workloadOf(
  target: NonNullable<RunbookFile["services"][string]["kubernetes"]>,
): Pick<KubernetesTarget, "kind" | "name"> {
  if (target.deployment !== undefined) return { kind: "Deployment", name: target.deployment };
  if (target.statefulset !== undefined) return { kind: "StatefulSet", name: target.statefulset };
  if (target.daemonset !== undefined) return { kind: "DaemonSet", name: target.daemonset };
  throw new RangeError("a service without a workload was let through");
}

function monitorOf(
  monitor: NonNullable<RunbookFile["monitor"]>,
  steps: readonly StepSpec[],
  positionOf: PositionOf,
): MonitorSpec {
  const taken = new Set([...steps.map((step) => step.id), ...monitor.checks.flatMap((check) => check.id ?? [])]);
  return {
    ...baselineOf(monitor.baseline),
    checkpointsMs: monitor.checkpoints,
    foregroundUntilMs: monitor["foreground-until"] ?? defaultForeground(monitor.checkpoints),
    checks: monitor.checks.map((check, index): CheckSpec => ({
      id: check.id ?? freeName(check.uses, taken),
      uses: check.uses,
      services: check.services ?? [],
      with: check.with ?? {},
      position: positionOf(["monitor", "checks", index]),
    })),
  };
}

/** Two hours around a moment, or a whole day of the same weekday. */
function baselineOf(baseline: number | BaselineMode): Pick<MonitorSpec, "baselineMs" | "baselineMode"> {
  if (typeof baseline === "number") return { baselineMs: baseline };
  return { baselineMs: baseline === "last-week" ? DAY : 2 * HOUR, baselineMode: baseline };
}

/** The last checkpoint within twenty minutes, else the first. */
function defaultForeground(checkpoints: readonly number[]): number {
  return checkpoints.findLast((ms) => ms <= 20 * MINUTE) ?? checkpoints[0] ?? 20 * MINUTE;
}

/** "check-logs", then "check-logs-2": never a name that a step or another check has. */
function freeName(uses: string, taken: Set<string>): string {
  let name = uses;
  for (let number = 2; taken.has(name); number++) name = `${uses}-${number}`;
  taken.add(name);
  return name;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** A record of one key, or of none where the value is undefined: optional properties stay absent. */
function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
