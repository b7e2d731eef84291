/** What a rehearsal's workflow does to one service, and what happens to that service afterwards, as the scenario has it. */
import type { Plan } from "../model/plan.ts";
import type { CloudRunJobTarget, KubernetesTarget, ServiceTarget } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import type { PodBehaviour } from "../simulator/kubernetes-model.ts";
import { addFaults } from "./build-faults.ts";
import { addProbes } from "./build-control.ts";
import { trafficOf } from "./build-traffic.ts";
import { isCanaried, lastDeployed, ruleFor } from "./roles.ts";
import type { Scenario, ServiceRule } from "./scenario.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import { commitsOf, digestOfVersion, kubernetesImage } from "./versions.ts";

type Rule = Omit<ServiceRule, "which">;
type Later = NonNullable<Rule["later"]>[number];

export function deployService(cloud: SimulatedCloud, service: string, plan: Plan, scenario: Scenario): void {
  const target = plan.runbook.services[service];
  const rule = ruleFor(service, scenario, plan);
  if (target === undefined) return;
  if (rule.deploy?.unchanged !== true) carryOut(cloud, service, target, plan, scenario);
  const deployedAt = cloud.world.now;
  for (const later of rule.later ?? []) {
    cloud.world.after(later.after, () => happen(later, cloud, service, target, plan, scenario, deployedAt));
  }
  if (service !== lastDeployed(plan, scenario)) return;
  addFaults(cloud, scenario, "last-deploy");
  addProbes(cloud, scenario, "last-deploy");
}

function carryOut(cloud: SimulatedCloud, service: string, target: ServiceTarget, plan: Plan, scenario: Scenario): void {
  const rule = ruleFor(service, scenario, plan);
  if (target.platform === "kubernetes") {
    const digest = digestOfVersion(service, scenario, "after");
    const image = kubernetesImage(service, target, scenario, plan, "after");
    roll(cloud, target, rule, { image, digest, behaviour: behaviourOf(rule.deploy) });
    return;
  }
  if (target.platform === "cloud-run-job") return runJob(cloud, target, rule, commitsOf(scenario).after);
  const key = `${target.project}/${target.region}/${target.service}`;
  cloud.cloudRun.deploy(key, {
    image: `gcr.io/${target.project}/${target.service}:latest`,
    commit: commitsOf(scenario).after,
    ...(isCanaried(service, plan) ? { noTraffic: true } : {}),
    outcome: rule.deploy?.ready === "never" ? "fails" : "ready",
    ...(rule.deploy?.reason === undefined ? {} : { reason: rule.deploy.reason }),
    ...(rule.deploy?.message === undefined ? {} : { message: rule.deploy.message }),
    log: rule.deploy?.log ?? [],
  });
  cloud.traffic.setProfile(key, trafficOf(rule, scenario, cloud.world.now));
}

/** As `gcloud run jobs deploy --execute-now` does; by its schedule it may have run the former template just before. */
function runJob({ cloudRunJobs }: SimulatedCloud, target: CloudRunJobTarget, rule: Rule, commit: string): void {
  const key = `${target.project}/${target.region}/${target.job}`;
  if (rule.job?.["runs-before"] === true) cloudRunJobs.execute(key);
  cloudRunJobs.deploy(key, { image: `gcr.io/${target.project}/${target.job}:latest`, commit });
  cloudRunJobs.execute(key, {
    ...(rule.job === undefined ? {} : { tasks: rule.job.tasks, durationMs: rule.job.duration }),
    ...(rule.deploy?.["failed-tasks"] === undefined ? {} : { failedTasks: rule.deploy["failed-tasks"] }),
    cancelled: rule.deploy?.["execution-cancelled"] === true,
    log: rule.deploy?.log ?? [],
  });
}

function happen(
  later: Later,
  cloud: SimulatedCloud,
  service: string,
  target: ServiceTarget,
  plan: Plan,
  scenario: Scenario,
  deployedAt: Instant,
): void {
  const rule = ruleFor(service, scenario, plan);
  const perMinute = later["requests-per-minute"];
  const by = later["deployed-by"];
  if (target.platform === "kubernetes") {
    if (by === undefined) return;
    const digest = digestOfVersion(service, scenario, "another");
    roll(cloud, target, rule, { image: kubernetesImage(service, target, scenario, plan, "another"), digest });
    return;
  }
  if (target.platform === "cloud-run-job") {
    if (by !== undefined) runJob(cloud, target, rule, commitsOf(scenario).another);
    return;
  }
  const key = `${target.project}/${target.region}/${target.service}`;
  if (perMinute !== undefined) {
    const traffic = { ...rule, traffic: { ...quiet, ...rule.traffic, "requests-per-minute": perMinute } };
    cloud.traffic.setProfile(key, trafficOf(traffic, scenario, deployedAt));
  }
  if (by === undefined) return;
  cloud.cloudRun.deploy(key, {
    image: `gcr.io/${target.project}/${target.service}:latest`,
    commit: commitsOf(scenario).another,
    by,
  });
}

const quiet: NonNullable<Rule["traffic"]> = {
  "requests-per-minute": 0,
  "daily-amplitude": 0,
  routes: [{ method: "GET", path: "/v1/health", share: 1 }],
  errors: [],
  "log-lines-per-minute": 6,
};

function roll(
  cloud: SimulatedCloud,
  target: KubernetesTarget,
  rule: Rule,
  request: { image: string; digest: string; behaviour?: PodBehaviour },
): void {
  const isRestart = rule.pods?.["rolls-by"] === "restart";
  cloud.kubernetes.rollout(target.namespace, target.name, { ...request, ...(isRestart ? { restartOnly: true } : {}) });
}

function behaviourOf(deploy: Rule["deploy"]): PodBehaviour {
  const kind = deploy?.pods ?? "healthy";
  if (kind !== "crash") return { kind };
  const times = deploy?.["crash-times"];
  const pods = deploy?.["crash-pods"];
  return {
    kind: "crash",
    afterMs: deploy?.["crash-after"] ?? 20_000,
    reason: deploy?.["crash-reason"] ?? "Error",
    log: deploy?.["crash-log"] ?? [],
    ...(times === undefined ? {} : { times }),
    ...(pods === undefined ? {} : { pods }),
  };
}
