/** Which services and which workflow steps of a plan a scenario's words mean. */
import type { Plan } from "../model/plan.ts";
import type { StepSpec } from "../model/runbook.ts";
import type { PlatformName } from "../model/service.ts";
import type { Scenario, ServiceRule } from "./scenario.ts";

/** The names of services of the plan that `which` means; empty where the runbook has none of that role. */
export function servicesMeant(which: string, plan: Plan): readonly string[] {
  const names = Object.keys(plan.runbook.services);
  const on = (platform: PlatformName): readonly string[] =>
    names.filter((name) => plan.runbook.services[name]?.platform === platform);
  switch (which) {
    case "all":
      return names;
    case "cloud-run":
    case "cloud-run-job":
    case "kubernetes":
      return on(which);
    case "first-cloud-run":
      return on("cloud-run").slice(0, 1);
    case "last-cloud-run":
      return on("cloud-run").slice(-1);
    case "first-kubernetes":
      return on("kubernetes").slice(0, 1);
    case "last-kubernetes":
      return on("kubernetes").slice(-1);
    default:
      return names.filter((name) => name === which);
  }
}

/** What the scenario says about one service: later rules win, part by part. */
export function ruleFor(service: string, scenario: Scenario, plan: Plan): Omit<ServiceRule, "which"> {
  const rules = scenario.services.filter(({ which }) => servicesMeant(which, plan).includes(service));
  return Object.assign({}, ...rules) as Omit<ServiceRule, "which">;
}

export function triggerSteps(plan: Plan): readonly StepSpec[] {
  return plan.runbook.steps.filter(({ uses }) => uses === "trigger-workflow");
}

export function workflowRuleFor(
  step: StepSpec,
  scenario: Scenario,
  plan: Plan,
): Scenario["workflows"][number] | undefined {
  const steps = triggerSteps(plan);
  const means = (which: string): boolean =>
    which === "all" ||
    which === step.id ||
    (which === "first" && steps[0] === step) ||
    (which === "last" && steps.at(-1) === step);
  return scenario.workflows.findLast(({ which }) => means(which));
}

const AWAITING: readonly string[] = ["wait-for-revision", "shift-traffic", "rollout-status", "wait-for-execution"];

/** Whether the service gets its new revision by degrees, so that its workflow deploys without traffic. */
export function isCanaried(service: string, { runbook }: Plan): boolean {
  return runbook.steps.some(({ uses, services }) => uses === "shift-traffic" && services.includes(service));
}

/** What its workflow deploys: as the scenario says, or the services whose switch is awaited before the next trigger. */
export function deployedBy(step: StepSpec, plan: Plan, scenario: Scenario): readonly string[] {
  const said = workflowRuleFor(step, scenario, plan)?.deploys;
  if (said !== undefined) return said;
  const { steps } = plan.runbook;
  const after = steps.slice(steps.indexOf(step) + 1);
  const next = after.findIndex(({ uses }) => uses === "trigger-workflow");
  const own = next === -1 ? after : after.slice(0, next);
  const awaited = own.filter(({ uses }) => AWAITING.includes(uses));
  return [...new Set(awaited.flatMap(({ services }) => services))];
}

/** The service that the last workflow deploys last: with it, everything is deployed. */
export function lastDeployed(plan: Plan, scenario: Scenario): string | undefined {
  return triggerSteps(plan)
    .flatMap((step) => deployedBy(step, plan, scenario))
    .at(-1);
}
