/** The calls of each simulated API, as faults name them: read off the servers' own tables where these have one. */
import type { FaultApi } from "./faults.ts";
import { ACTIONS_ROUTES } from "./github-actions-routes.ts";
import { CONVERSATION_ROUTES } from "./github-conversation-routes.ts";
import { REPOSITORY_ROUTES } from "./github-repository-routes.ts";
import { RESOURCES } from "./kubernetes-discovery.ts";

const ROUTES = [...REPOSITORY_ROUTES, ...ACTIONS_ROUTES, ...CONVERSATION_ROUTES];

const CALLS: Readonly<Record<FaultApi, readonly string[]>> = {
  github: [...new Set(ROUTES.map(({ call }) => call))],
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
