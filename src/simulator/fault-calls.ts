/** The calls of each simulated API, as faults name them: read off the servers' own tables where these have one. */
import type { FaultApi } from "./faults.ts";
import { GITHUB_ROUTES } from "./github-routes.ts";
import { RESOURCES } from "./kubernetes-discovery.ts";

const CALLS: Readonly<Record<FaultApi, readonly string[]>> = {
  github: [...new Set(GITHUB_ROUTES.map(({ call }) => call))],
  "cloud-run": ["get-service", "update-traffic", "get-revision"],
  logging: ["list-entries"],
  monitoring: ["list-time-series"],
  kubernetes: [
    "get-workload",
    "get-pod",
    "patch-workload",
    "pod-log",
    ...[...RESOURCES.keys()].map((resource) => `list-${resource}`),
  ],
  storage: ["put", "get", "metadata", "list", "delete"],
  http: ["probe"],
  command: ["start", "poll", "stop"],
  helm: ["version", "history", "rollback"],
  notify: ["post"],
};

export function callsOf(api: FaultApi): readonly string[] {
  return CALLS[api];
}
