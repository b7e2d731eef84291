/** One look at a Kubernetes workload: three bounded reads, in the order in which they fit together. Decides nothing. */
import type { KubernetesTarget } from "../model/service.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { WorkloadView } from "./kubernetes-rollout.ts";

/** The workload is read last: what it says of itself is then at least as new as its pods. */
export async function viewWorkload(
  kubernetes: Kubernetes,
  target: KubernetesTarget,
  signal: AbortSignal,
): Promise<WorkloadView> {
  const pods = await kubernetes.pods(target, signal);
  const revisions = await kubernetes.revisions(target, signal);
  return { workload: await kubernetes.workload(target, signal), revisions, pods };
}
