/** The parts of a simulated cloud, held together. */
import type { CloudRunState } from "../simulator/cloud-run-state.ts";
import type { CloudRunJobsState } from "../simulator/cloud-run-jobs-state.ts";
import type { ControlState } from "../simulator/control-state.ts";
import type { Faults } from "../simulator/faults.ts";
import type { GitHubState } from "../simulator/github-state.ts";
import type { Observe } from "../simulator/grpc-api.ts";
import type { KubernetesLogs } from "../simulator/kubernetes-logs.ts";
import type { KubernetesState } from "../simulator/kubernetes-state.ts";
import type { Traffic } from "../simulator/traffic.ts";
import type { World } from "../simulator/world.ts";

export interface SimulatedCloud {
  readonly world: World;
  readonly faults: Faults;
  readonly github: GitHubState;
  readonly cloudRun: CloudRunState;
  readonly cloudRunJobs: CloudRunJobsState;
  readonly traffic: Traffic;
  /** Sees every message of the simulated Google Cloud before it is written, where somebody looks. */
  readonly google: { observe?: Observe };
  readonly kubernetes: KubernetesState;
  readonly kubernetesLogs: KubernetesLogs;
  readonly control: ControlState;
}
