/** One look at a Kubernetes workload: three bounded reads at most, in the order in which they fit together. Decides nothing. */
import type { KubernetesTarget } from "../model/service.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { WorkloadView } from "./kubernetes-rollout.ts";

/**
 * Pods before the workload: what it says of itself is then at least as new as its pods. Its revisions after it: whatever
 * revision it names was there before it was named, so that a list read later knows it, or knows that it has been replaced.
 */
export async function viewWorkload(
  kubernetes: Kubernetes,
  target: KubernetesTarget,
  signal: AbortSignal,
): Promise<WorkloadView> {
  const pods = await kubernetes.pods(target, signal);
  const workload = await kubernetes.workload(target, signal);
  return { workload, revisions: await kubernetes.revisions(target, workload, signal), pods };
}
