/** The services of a plan as they were before the deploy: long running, with their traffic, pods and logs. */
import type { Plan } from "../model/plan.ts";
import { type CloudRunJobTarget, type CloudRunTarget, type KubernetesTarget } from "../model/service.ts";
import { DAY, type Instant, plusMs } from "../model/time.ts";
import type { RunTraffic } from "../simulator/cloud-run-model.ts";
import { hash, token } from "../simulator/world.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import { trafficOf } from "./build-traffic.ts";
import { ruleFor } from "./roles.ts";
import type { Scenario } from "./scenario.ts";
import { commitsOf, digestOfVersion, kubernetesImage } from "./versions.ts";

export function buildServices(cloud: SimulatedCloud, plan: Plan, scenario: Scenario): void {
  for (const [service, target] of Object.entries(plan.runbook.services)) {
    if (target.platform === "cloud-run") buildCloudRun(cloud, service, target, plan, scenario);
    else if (target.platform === "cloud-run-job") buildJob(cloud, target, scenario);
    else buildKubernetes(cloud, service, target, plan, scenario);
  }
}

function buildCloudRun(
  cloud: SimulatedCloud,
  service: string,
  target: CloudRunTarget,
  plan: Plan,
  scenario: Scenario,
): void {
  const rule = ruleFor(service, scenario, plan);
  const number = 800 + (hash(service) % 150);
  const name = `${target.service}-00${number}-${token(cloud.world.random(`revision/${service}`), 3)}`;
  const key = cloud.cloudRun.addService({
    project: target.project,
    region: target.region,
    name: target.service,
    revision: {
      name,
      image: `gcr.io/${target.project}/${target.service}:latest`,
      commit: commitsOf(scenario).before,
      createdAt: plusMs(cloud.world.now, -7 * DAY),
    },
    ...trafficBefore(rule, target.service, name, number, cloud),
  });
  cloud.traffic.setProfile(key, trafficOf(rule, scenario));
}

function buildJob({ cloudRunJobs, world }: SimulatedCloud, target: CloudRunJobTarget, scenario: Scenario): void {
  cloudRunJobs.addJob({
    project: target.project,
    region: target.region,
    name: target.job,
    image: `gcr.io/${target.project}/${target.job}:latest`,
    commit: commitsOf(scenario).before,
    updatedAt: plusMs(world.now, -7 * DAY),
  });
}

/** Traffic as it was left: the tags first, then who has it. Empty: everything to the latest, whichever that is. */
function trafficBefore(
  { pinned, split, tags = [] }: ReturnType<typeof ruleFor>,
  service: string,
  name: string,
  number: number,
  { world }: SimulatedCloud,
): { olderRevisions?: readonly { name: string; createdAt: Instant }[]; traffic?: readonly RunTraffic[] } {
  if (split === undefined && tags.length === 0) {
    return pinned === true ? { traffic: [{ revision: name, percent: 100 }] } : {};
  }
  const older = `${service}-00${number - 1}-${token(world.random(`older/${service}`), 3)}`;
  const tagged = tags.map((tag): RunTraffic => ({ revision: older, percent: 0, tag }));
  const whole = pinned === true ? { revision: name, percent: 100 } : { percent: 100 };
  return {
    olderRevisions: [{ name: older, createdAt: plusMs(world.now, -14 * DAY) }],
    traffic: [
      ...tagged,
      ...(split === undefined
        ? [whole]
        : [
            { revision: name, percent: 100 - split },
            { revision: older, percent: split },
          ]),
    ],
  };
}

function buildKubernetes(
  cloud: SimulatedCloud,
  service: string,
  target: KubernetesTarget,
  plan: Plan,
  scenario: Scenario,
): void {
  const { pods } = ruleFor(service, scenario, plan);
  cloud.kubernetes.addDeployment({
    project: target.project,
    location: target.location ?? "us-central1",
    cluster: target.cluster,
    namespace: target.namespace,
    name: target.name,
    container: service,
    image: kubernetesImage(service, target, scenario, plan, "before"),
    digest: digestOfVersion(service, scenario, "before"),
    selector: { "app.kubernetes.io/name": service, "app.kubernetes.io/instance": target.name },
    replicas: pods?.replicas ?? 3,
    maxSurge: pods?.["max-surge"] ?? "25%",
    maxUnavailable: pods?.["max-unavailable"] ?? "25%",
    startupMs: pods?.startup ?? 30_000,
    graceMs: pods?.grace ?? 30_000,
    ...managedBy(pods?.["managed-by"], target.name),
    ...(pods?.hpa === undefined ? {} : { hpa: pods.hpa }),
    ...(pods?.helm === true ? { helmRelease: target.name } : {}),
  });
  cloud.kubernetesLogs.setVolume(target.namespace, target.name, pods?.["log-lines-per-minute"] ?? 20);
}

/** https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ and Flux's kustomize-controller. */
function managedBy(
  controller: "argo-cd" | "flux" | "config-sync" | undefined,
  name: string,
): { labels?: Readonly<Record<string, string>>; annotations?: Readonly<Record<string, string>> } {
  switch (controller) {
    case undefined:
      return {};
    case "argo-cd":
      return { annotations: { "argocd.argoproj.io/tracking-id": `${name}:apps/Deployment:${name}` } };
    case "config-sync":
      return { annotations: { "configmanagement.gke.io/managed": "enabled" } };
    case "flux":
      return {
        labels: { "kustomize.toolkit.fluxcd.io/name": name, "kustomize.toolkit.fluxcd.io/namespace": "flux-system" },
      };
  }
}
