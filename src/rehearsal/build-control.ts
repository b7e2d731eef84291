/** What answers in a rehearsal where there is no cloud API: probes, commands, helm, and the operator. */
import type { Plan } from "../model/plan.ts";
import { plusMs } from "../model/time.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import { offset } from "./offset.ts";
import { ruleFor } from "./roles.ts";
import type { Scenario } from "./scenario.ts";
import { kubernetesImage } from "./versions.ts";

export function buildControl({ control, kubernetes, world }: SimulatedCloud, plan: Plan, scenario: Scenario): void {
  if (scenario.helm === "missing") control.helmVersion = undefined;
  for (const { url, status, latency, body, from, until } of scenario.probes) {
    control.probes.push({
      urlPrefix: url,
      status,
      latencyMs: latency,
      body,
      ...(from === undefined ? {} : { from: offset(scenario, from) }),
      ...(until === undefined ? {} : { until: offset(scenario, until) }),
    });
  }
  for (const { argv, exit, output, duration } of scenario.commands) {
    control.commands.push({ argv, exitCode: exit, output, durationMs: duration });
  }
  for (const { about, answer, after } of scenario.operator)
    control.answers.push({ about, answer, afterMs: after, by: "the scenario's operator" });
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
