/** What answers in a rehearsal where there is no cloud API: probes, commands, helm, and the operator. */
import type { Plan } from "../model/plan.ts";
import { plusMs } from "../model/time.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import { ruleFor } from "./roles.ts";
import type { Scenario } from "./scenario.ts";
import { kubernetesImage } from "./versions.ts";

export function buildControl(cloud: SimulatedCloud, plan: Plan, scenario: Scenario): void {
  const { control, kubernetes, world } = cloud;
  if (scenario.helm === "missing") control.helmVersion = undefined;
  addProbes(cloud, scenario, "start");
  for (const { argv, exit, output, duration } of scenario.commands) {
    control.commands.push({ argv, exitCode: exit, output, durationMs: duration });
  }
  for (const { about, answer, after } of scenario.operator)
    control.answers.push({ about, answer, afterMs: after, by: "the scenario's operator" });
  // What a scenario is about begins after the approval: only those about approvals say otherwise.
  if (!scenario.operator.some(({ about }) => about === "approve")) {
    control.answers.push({ about: "approve", answer: "approve", afterMs: 30_000, by: "the scenario's operator" });
  }
  for (const [service, target] of Object.entries(plan.runbook.services)) {
    if (target.platform !== "kubernetes" || ruleFor(service, scenario, plan).pods?.helm !== true) continue;
    control.releases.push({
      release: target.name,
      namespace: target.namespace,
      revisions: [{ revision: 41, status: "deployed", updatedAt: plusMs(world.now, -7 * 86_400_000) }],
      onRollback: () =>
        void kubernetes.rollout(target.namespace, target.name, {
          image: kubernetesImage(service, target, scenario, plan, "before"),
        }),
    });
  }
}

/** Adds the answers to probes that count from `moment`, which is now. */
export function addProbes(
  { control, world }: SimulatedCloud,
  scenario: Scenario,
  moment: "start" | "last-deploy",
): void {
  for (const { url, status, latency, body, from, until, "counted-from": counted } of scenario.probes) {
    if (counted !== moment) continue;
    control.probes.push({
      urlPrefix: url,
      status,
      latencyMs: latency,
      body,
      ...(from === undefined ? {} : { from: plusMs(world.now, from) }),
      ...(until === undefined ? {} : { until: plusMs(world.now, until) }),
    });
  }
}
