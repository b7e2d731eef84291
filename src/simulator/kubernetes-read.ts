/** Reading the simulated cluster: which objects a resource holds now, and what a pod's log says. */
import {
  hpaObject,
  type ApiObject,
  deploymentObject,
  eventObject,
  podObject,
  replicaSetObject,
} from "./kubernetes-objects.ts";
import type { KubernetesState } from "./kubernetes-state.ts";

/** All objects of a resource ("pods"), of every namespace, ordered by name. */
export function objectsOf(state: KubernetesState, resource: string): readonly ApiObject[] {
  const raw = (state.objects.get(resource) ?? []) as ApiObject[];
  return [...modelled(state, resource), ...raw].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function modelled(state: KubernetesState, resource: string): readonly ApiObject[] {
  switch (resource) {
    case "deployments":
      return state.deployments.map(deploymentObject);
    case "replicasets":
      return state.deployments.flatMap((deployment) =>
        deployment.replicaSets.map((replicaSet) => replicaSetObject(deployment, replicaSet)),
      );
    case "pods":
      return state.deployments.flatMap(({ pods }) => pods.filter(({ goneAt }) => goneAt === undefined).map(podObject));
    case "events":
      return state.events.map(eventObject);
    case "horizontalpodautoscalers":
      return state.deployments.flatMap((deployment) => hpaObject(deployment) ?? []);
    case "namespaces":
      return [...new Set(state.deployments.map(({ options }) => options.namespace))].map((name) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name },
      }));
    default:
      return [];
  }
}

/** Lines of a container's log; the previous instance's end with what it wrote as it died. */
export function podLog(
  state: KubernetesState,
  namespace: string,
  name: string,
  previous: boolean,
): readonly string[] | "no-previous" | undefined {
  const pod = state.deployments
    .flatMap(({ pods }) => pods)
    .find((pod) => pod.name === name && pod.deployment.options.namespace === namespace && pod.goneAt === undefined);
  if (pod === undefined) return undefined;
  const crash = state.crashes.findLast((crash) => crash.pod === pod);
  const banner = `INFO:     Started server process [1] (${pod.deployment.options.container})`;
  if (previous) return crash === undefined ? "no-previous" : [banner, ...crash.lines];
  // Between two instances the log is still that of the dead one.
  if (pod.startedAt === undefined) return crash === undefined ? [] : [banner, ...crash.lines];
  return pod.ready ? [banner, "INFO:     Application startup complete."] : [banner];
}
