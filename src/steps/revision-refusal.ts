/** What a step says of a revision that it refuses: a FAIL where the revision has failed and takes requests. Decides nothing. */
import type { StepOutcome } from "./step.ts";

export interface RevisionRefusal {
  readonly because: string;
  /** The revision has failed and takes requests; in short what it failed of. */
  readonly failing?: string;
}

export function refusedRevision(
  step: { readonly id: string; readonly uses: string },
  service: string,
  { because, failing }: RevisionRefusal,
): StepOutcome {
  const refused = { kind: "refused", because: `${service}: ${because}` } as const;
  if (failing === undefined) return refused;
  return {
    ...refused,
    verdict: "fail",
    results: [
      {
        check: step.id,
        uses: step.uses,
        service,
        verdict: "fail",
        platformFailure: true,
        value: failing,
        baseline: "none",
        sample: "1 revision",
        because,
      },
    ],
  };
}
