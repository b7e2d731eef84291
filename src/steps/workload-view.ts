/** One look at a Kubernetes workload for the step kinds: three bounded reads. Decides nothing. */
import type { KubernetesSnapshot, KubernetesTarget } from "../model/service.ts";
import type { Kubernetes } from "../ports/kubernetes.ts";
import type { WorkloadView } from "../ports/kubernetes-rollout.ts";
import type { StepService } from "./step.ts";

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

/** The language lets only Kubernetes services through to these step kinds. */
export function kubernetesService({ name, target, before }: StepService): {
  readonly target: KubernetesTarget;
  readonly before: KubernetesSnapshot;
} {
  if (target.platform !== "kubernetes" || before.platform !== "kubernetes") {
    throw new TypeError(`${name} is not a Kubernetes workload`);
  }
  return { target, before };
}
