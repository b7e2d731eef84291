/** What a rehearsal's workflow does to one service: the deploy as the scenario has it. */
import type { Plan } from "../model/plan.ts";
import type { PodBehaviour } from "../simulator/kubernetes-model.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import { ruleFor } from "./roles.ts";
import type { Scenario, ServiceRule } from "./scenario.ts";
import { commitsOf, digestOfVersion, kubernetesImage } from "./versions.ts";

export function deployService(cloud: SimulatedCloud, service: string, plan: Plan, scenario: Scenario): void {
  const target = plan.runbook.services[service];
  const rule = ruleFor(service, scenario, plan);
  if (target === undefined || rule.deploy?.unchanged === true) return;
  if (target.platform === "cloud-run") {
    cloud.cloudRun.deploy(`${target.project}/${target.region}/${target.service}`, {
      image: `gcr.io/${target.project}/${target.service}:latest`,
      commit: commitsOf(scenario).after,
      outcome: rule.deploy?.ready === "never" ? "fails" : "ready",
      ...(rule.deploy?.reason === undefined ? {} : { reason: rule.deploy.reason }),
      ...(rule.deploy?.message === undefined ? {} : { message: rule.deploy.message }),
    });
    return;
  }
  const isRestart = rule.pods?.["rolls-by"] === "restart";
  const image = kubernetesImage(service, target, scenario, plan, "after");
  cloud.kubernetes.rollout(target.namespace, target.name, {
    image,
    digest: digestOfVersion(service, scenario, "after"),
    behaviour: behaviourOf(rule.deploy),
    ...(isRestart ? { restartOnly: true } : {}),
  });
}

function behaviourOf(deploy: ServiceRule["deploy"]): PodBehaviour {
  const kind = deploy?.pods ?? "healthy";
  if (kind !== "crash") return { kind };
  return {
    kind: "crash",
    afterMs: deploy?.["crash-after"] ?? 20_000,
    reason: "Error",
    log: deploy?.["crash-log"] ?? [],
  };
}
