/** The Kubernetes services of a step: their targets, and what preflight finds of their workloads. Waits for nothing. */
import { PortFailure } from "../model/error.ts";
import type { KubernetesSnapshot, KubernetesTarget } from "../model/service.ts";
import type { WorkloadView } from "../ports/kubernetes-rollout.ts";
import { viewWorkload } from "../ports/view-workload.ts";
import type { Finding, PreflightContext, StepService } from "./step.ts";

/** One finding per Kubernetes service of which `problemOf` says something, or which cannot be read. */
export async function preflightWorkloads<A>(
  context: PreflightContext<A>,
  problemOf: (view: WorkloadView) => string | undefined,
): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    context.services.map(async ({ name, target }): Promise<readonly Finding[]> => {
      if (target.platform !== "kubernetes") return [];
      try {
        const problem = problemOf(await viewWorkload(context.ports.kubernetes, target, context.signal));
        return problem === undefined ? [] : [{ severity: "error", what: `${name}: ${target.name} ${problem}` }];
      } catch (error) {
        if (!(error instanceof PortFailure) || (error.kind !== "not-found" && error.kind !== "unauthorised"))
          throw error;
        return [{ severity: error.kind === "not-found" ? "error" : "unauthorised", what: `${name}: ${error.message}` }];
      }
    }),
  );
  return findings.flat();
}

export function podsProblem({ workload, pods }: WorkloadView): string | undefined {
  const { wanted } = workload.replicas;
  return wanted > 0 && pods.length === 0 ? `wants ${wanted} pods, but its selector matches none` : undefined;
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
