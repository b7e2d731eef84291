/** Whether a scenario means anything to a runbook; decides from the plan alone. */
import type { Plan } from "../model/plan.ts";
import type { Runbook } from "../model/runbook.ts";
import type { Need, Scenario } from "./scenario.ts";

/** What the scenario needs and the plan does not have; empty: it applies. */
export function missingNeeds(scenario: Scenario, plan: Plan): readonly Need[] {
  return scenario.needs.filter((need) => !has(plan, need));
}

function has({ runbook }: Plan, need: Need): boolean {
  switch (need) {
    case "workflow":
      return runbook.steps.some(({ uses }) => uses === "trigger-workflow");
    case "two-workflows":
      return runbook.steps.filter(({ uses }) => uses === "trigger-workflow").length > 1;
    case "two-cloud-run":
      return Object.values(runbook.services).filter(({ platform }) => platform === "cloud-run").length > 1;
    case "canary":
      return isCanary(runbook);
    case "all-at-once":
      return !isCanary(runbook);
    case "cloud-run":
    case "cloud-run-job":
    case "kubernetes":
      return Object.values(runbook.services).some(({ platform }) => platform === need);
    case "monitor":
      return runbook.monitor !== undefined;
    case "rollback-question":
      return runbook.rollback.onFail === "ask";
    case "keeps-by-default":
      return runbook.rollback.onFail === "ask" && runbook.rollback.askDefault === "keep";
    case "check-errors":
    case "check-logs":
    case "check-pods":
    case "http-check":
      return runbook.monitor?.checks.some(({ uses }) => uses === need) ?? false;
  }
}

/** Its moments come by degrees: what a scenario times from the deploy meets other shares of the traffic. */
function isCanary({ steps }: Runbook): boolean {
  return steps.some(({ uses }) => uses === "shift-traffic");
}
