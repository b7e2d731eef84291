/** Plan + scenario -> the simulated cloud that the plan's deploy will meet. Starts no server. */
import type { Plan } from "../model/plan.ts";
import { instant } from "../model/time.ts";
import { CloudRunJobsState } from "../simulator/cloud-run-jobs-state.ts";
import { CloudRunState } from "../simulator/cloud-run-state.ts";
import { ControlState } from "../simulator/control-state.ts";
import { Faults } from "../simulator/faults.ts";
import { GitHubState } from "../simulator/github-state.ts";
import { KubernetesLogs } from "../simulator/kubernetes-logs.ts";
import { KubernetesState } from "../simulator/kubernetes-state.ts";
import { Traffic } from "../simulator/traffic.ts";
import { World } from "../simulator/world.ts";
import { buildControl } from "./build-control.ts";
import { addFaults } from "./build-faults.ts";
import { buildGitHub } from "./build-github.ts";
import { buildServices } from "./build-services.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import type { Scenario } from "./scenario.ts";

/** Whose token the rehearsal's clients have. */
export const LOGIN = "runbook-bot";

export function buildWorld(plan: Plan, scenario: Scenario, seed: number): SimulatedCloud {
  const world = new World({ now: instant(scenario.start), seed });
  const cloudRun = new CloudRunState(world);
  const kubernetes = new KubernetesState(world);
  const cloud: SimulatedCloud = {
    world,
    faults: new Faults(),
    github: new GitHubState(world, { login: LOGIN }),
    cloudRun,
    cloudRunJobs: new CloudRunJobsState(world),
    traffic: new Traffic(world, cloudRun),
    google: {},
    kubernetes,
    kubernetesLogs: new KubernetesLogs(kubernetes),
    control: new ControlState(world),
  };
  buildServices(cloud, plan, scenario);
  buildGitHub(cloud, plan, scenario);
  buildControl(cloud, plan, scenario);
  addFaults(cloud, scenario, "start");
  return cloud;
}
