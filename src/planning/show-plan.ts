/** A plan as text for a terminal: what will be done, to what, judged when, and undone how. Pure; draws no colours. */
import { excerptOf } from "../language/problems.ts";
import type { Plan } from "../model/plan.ts";
import type { MonitorSpec, RollbackPolicy, Runbook, StepSpec } from "../model/runbook.ts";
import type { ServiceTarget } from "../model/service.ts";
import { formatDuration } from "../model/time.ts";
import { plannedCondition } from "./condition.ts";

/** Step kinds that change something outside: marked, so that a reader sees at a glance what a deploy does. */
const CHANGING: ReadonlySet<string> = new Set(["trigger-workflow", "run-command", "rollback", "shift-traffic"]);

/** Lines of at most `columns` characters (at least 60). */
export function planText(plan: Plan, columns = 80): string {
  const width = Math.max(60, columns);
  const { runbook } = plan;
  const blocks = [
    heading(plan, width),
    services(runbook, width),
    steps(plan, width),
    runbook.monitor === undefined
      ? ["Not judged afterwards: the runbook has no `monitor:`."]
      : monitor(runbook.monitor, width),
    ending(plan, width),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function heading({ runbook, file, digest, inputs, pullRequest, rehearsal }: Plan, width: number): readonly string[] {
  const facts = [
    `${file} (sha256 ${digest.slice(0, 12)})`,
    ...Object.entries(inputs).map(([name, value]) => `${name}=${excerptOf(value)}`),
    ...(pullRequest === undefined ? [] : [`${runbook.repository ?? ""}#${pullRequest}`]),
  ];
  const title = rehearsal ? `${runbook.name} (a rehearsal: nothing real is touched)` : runbook.name;
  return [title, ...wrap(runbook.description ?? "", width, 2), ...wrap(facts.join(" · "), width, 2)];
}

function services({ services }: Runbook, width: number): readonly string[] {
  const names = columnOf(Object.keys(services));
  return [
    "Services, captured before anything is touched",
    ...Object.entries(services).flatMap(([name, target]) =>
      hanging(`  ${name.padEnd(names)}  `, targetText(target), width),
    ),
  ];
}

function targetText(target: ServiceTarget): string {
  switch (target.platform) {
    case "cloud-run":
      return `Cloud Run ${target.service} in ${target.project}, ${target.region}`;
    case "cloud-run-job":
      return `Cloud Run job ${target.job} in ${target.project}, ${target.region}`;
    case "kubernetes":
      return `${target.kind} ${target.name} in ${target.cluster}, ${target.namespace}`;
  }
}

function steps(plan: Plan, width: number): readonly string[] {
  const { steps } = plan.runbook;
  const ids = columnOf(steps.map((step) => step.id));
  const kinds = columnOf(steps.map((step) => step.uses));
  return [
    "Steps, in this order (! changes something)",
    ...steps.flatMap((step, index) => {
      const isFirstBeside = step.group !== undefined && steps[index - 1]?.group !== step.group;
      const mark = CHANGING.has(step.uses) ? "!" : " ";
      const limit = step.timeoutMs === undefined ? "" : `at most ${formatDuration(step.timeoutMs)}`;
      const title = `  ${String(index + 1).padStart(2)} ${mark} ${step.id.padEnd(ids)}  ${step.uses.padEnd(kinds)}  ${limit}`;
      const beside = steps.filter(({ group }) => group === step.group).length;
      const heading = isFirstBeside ? [`     side by side, the next ${beside}:`] : [];
      return [...heading, title.trimEnd(), ...wrap(detailsOf(step, plan), width, 7)];
    }),
  ];
}

function detailsOf(step: StepSpec, plan: Plan): string {
  return [
    conditionText(step, plan),
    step.services.join(", "),
    argumentsText(step.with),
    step.onInconclusive === "ask" ? "" : `${step.onInconclusive} when inconclusive`,
    step.irreversible ? "irreversible: from here on a rollback asks first" : "",
  ]
    .filter((text) => text !== "")
    .join(" · ");
}

function conditionText(step: StepSpec, plan: Plan): string {
  if (step.if === undefined) return "";
  const known = plannedCondition(step, plan);
  if (known === undefined) return `only if ${excerptOf(step.if.trim())}`;
  return excerptOf(known.holds ? `runs: ${known.because}` : `skipped: ${known.because}`);
}

/** "workflow gcp_backend.yml, ref main, environment prod": nested blocks are told without their braces. */
function argumentsText(args: Readonly<Record<string, unknown>>): string {
  return Object.entries(args)
    .map(([key, value]) => {
      if (Array.isArray(value)) return `${key} ${value.map((inner) => scalarText(inner)).join(", ")}`;
      if (typeof value === "object" && value !== null) return argumentsText(value as Record<string, unknown>);
      return `${key} ${scalarText(value)}`;
    })
    .filter((text) => text !== "")
    .join(", ");
}

function scalarText(value: unknown): string {
  return excerptOf(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
}

const BASELINES: Readonly<Record<string, string>> = {
  "same-hour-yesterday": "each service's own two hours around the same moment a day earlier",
  "last-week": "each service's own day that began seven days before its rollout",
};

function monitor(monitor: MonitorSpec, width: number): readonly string[] {
  const points = monitor.checkpointsMs.map(
    (ms) => `T+${formatDuration(ms)}${ms === monitor.foregroundUntilMs ? " (deploy returns)" : ""}`,
  );
  const ids = columnOf(monitor.checks.map((check) => check.id));
  return [
    `Judged against ${BASELINES[monitor.baselineMode ?? "past"] ?? `${formatDuration(monitor.baselineMs)} of each service's own past`}`,
    ...hanging("  at ", `${points.join(", ")}; T is each service's own switch`, width),
    ...monitor.checks.flatMap((check) => {
      const details = [check.services.join(", "), argumentsText(check.with)].filter((text) => text !== "").join(" · ");
      return hanging(`  ${check.id.padEnd(ids)}  `, details, width);
    }),
  ];
}

function ending({ runbook, pullRequest }: Plan, width: number): readonly string[] {
  const reports = [
    runbook.report.pullRequest && pullRequest !== undefined
      ? `comments on ${runbook.repository ?? ""}#${pullRequest}`
      : "",
    runbook.report.commitStatus ? "a status on the deployed commit" : "",
    runbook.report.deployment ? `the deployment to ${runbook.report.environment ?? "production"}` : "",
    runbook.notify.webhook === undefined ? "" : runbook.notify.secret === undefined ? "a webhook" : "a signed webhook",
    runbook.notify.slack === undefined ? "" : "Slack",
  ].filter((text) => text !== "");
  return [
    ...hanging("On FAIL  ", failText(runbook.rollback), width),
    ...hanging("Reports  ", reports.length === 0 ? "here only" : reports.join(", "), width),
  ];
}

function failText({ onFail, automaticUntilMs, askTimeoutMs, askDefault }: RollbackPolicy): string {
  const unanswered = askDefault === "keep" ? "production is kept as it is" : "the services are put back";
  const ask = `ask; without an answer within ${formatDuration(askTimeoutMs)} ${unanswered}`;
  switch (onFail) {
    case "never":
      return "production is kept as it is; the command that rolls back is told";
    case "ask":
      return ask;
    case "automatic":
      return `put the services back until T+${formatDuration(automaticUntilMs)}; later ${ask}`;
  }
}

function columnOf(words: readonly string[]): number {
  return Math.max(0, ...words.map((word) => word.length));
}

function wrap(text: string, width: number, indent: number): readonly string[] {
  return text === "" ? [] : hanging(" ".repeat(indent), text, width);
}

/** The text after its label, further lines aligned under its first word. Words longer than the line are left whole. */
function hanging(label: string, text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && label.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each, index) => `${index === 0 ? label : " ".repeat(label.length)}${each}`.trimEnd());
}
