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
  const looked = await Promise.all(
    context.services.map(async (service) => {
      try {
        return { result: await look(context, service) };
      } catch (error) {
        if (!(error instanceof PortFailure) || context.signal.aborted) throw error;
        const reason = unmeasured(`could not be measured: ${error.message}`);
        const result: Looked = { check: context.check, uses, service: service.name, ...reason };
        return { result, ...(error.isTransient ? { outage: error } : {}) };
      }
    }),
  );
  const outage = looked.find((one) => one.outage !== undefined)?.outage;
  if (outage !== undefined && !looked.some(({ result }) => result.verdict === "fail")) throw outage;
  return looked.map(({ result }) => result);
}

/** Never a pass, never a zero. */
export function unmeasured(
  because: string,
): Pick<CheckResult, "verdict" | "value" | "baseline" | "sample" | "because"> {
  return { verdict: "inconclusive", value: "unknown", baseline: "unknown", sample: "none", because };
}
