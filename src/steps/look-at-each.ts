/** One result per service: what cannot be measured for one of them hides no other's. Measures nothing itself. */
import { PortFailure } from "../model/error.ts";
import type { CheckResult } from "../model/verdict.ts";
import type { LookContext, Looked, StepService } from "./step.ts";

/**
 * Services that cannot be measured are inconclusive. When the reason may pass and nothing failed elsewhere, the failure
 * is thrown, so that the caller may look again before it publishes.
 */
export async function lookAtEach<A>(
  context: LookContext<A>,
  uses: string,
  look: (context: LookContext<A>, service: StepService) => Promise<Looked>,
): Promise<readonly Looked[]> {
  const results: Looked[] = [];
  let outage: PortFailure | undefined;
  for (const service of context.services) {
    try {
      results.push(await look(context, service));
    } catch (error) {
      if (!(error instanceof PortFailure) || context.signal.aborted) throw error;
      if (error.isTransient) outage ??= error;
      const reason = unmeasured(`could not be measured: ${error.message}`);
      results.push({ check: context.check, uses, service: service.name, ...reason });
    }
  }
  if (outage !== undefined && !results.some((result) => result.verdict === "fail")) throw outage;
  return results;
}

/** Never a pass, never a zero. */
export function unmeasured(
  because: string,
): Pick<CheckResult, "verdict" | "value" | "baseline" | "sample" | "because"> {
  return { verdict: "inconclusive", value: "unknown", baseline: "unknown", sample: "none", because };
}
