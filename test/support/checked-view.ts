/** One look at a workload whose kept revisions are held against a list read anew. Waits for nothing. */
import { expect } from "vitest";
import type { KubernetesTarget } from "../../src/model/service.ts";
import { currentRevision, type WorkloadView } from "../../src/ports/kubernetes-rollout.ts";
import type { Kubernetes, Workload } from "../../src/ports/kubernetes.ts";
import { viewWorkload } from "../../src/ports/view-workload.ts";

export async function checkedView(kubernetes: Kubernetes, target: KubernetesTarget): Promise<WorkloadView> {
  const view = await viewWorkload(kubernetes, target, new AbortController().signal);
  // No list is kept of a workload whose last change is not observed: this one is read.
  const anew = await kubernetes.revisions(target, { ...view.workload, observedGeneration: -1 });
  const isStill = namedBy(await kubernetes.workload(target)) === namedBy(view.workload);
  if (isStill) expect(currentRevision(view)).toEqual(currentRevision({ ...view, revisions: anew }));
  return view;
}

function namedBy({ uid, generation, revision }: Workload): string {
  return JSON.stringify([uid, generation, revision]);
}
