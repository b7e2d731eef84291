/** Everything that steps, platforms and planning may ask of the outside world. */
import type { CloudRunJobs } from "./cloud-run-jobs.ts";
import type { CloudRun } from "./cloud-run.ts";
import type { Command } from "./command.ts";
import type { Deployments } from "./deployments.ts";
import type { Helm } from "./helm.ts";
import type { Http } from "./http.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { Logs } from "./logs.ts";
import type { Metrics } from "./metrics.ts";
import type { Notify } from "./notify.ts";
import type { PullRequests } from "./pull-requests.ts";
import type { Workflows } from "./workflows.ts";

export interface Ports {
  readonly workflows: Workflows;
  readonly pullRequests: PullRequests;
  readonly deployments: Deployments;
  readonly cloudRun: CloudRun;
  readonly cloudRunJobs: CloudRunJobs;
  readonly logs: Logs;
  readonly metrics: Metrics;
  readonly kubernetes: Kubernetes;
  readonly helm: Helm;
  readonly http: Http;
  readonly command: Command;
  readonly notify: Notify;
}
