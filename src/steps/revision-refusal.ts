/** What a step says of a revision, or an execution, that it refuses: a FAIL where the new version itself has failed in production. Decides nothing. */
import type { StepOutcome } from "./step.ts";

export interface RevisionRefusal {
  readonly because: string;
  /** It has failed, and serves or ran; in short what it failed of. */
  readonly failing?: string;
}

/** How it is told besides: of what there is one, and what it wrote last. */
export interface RefusalDetails {
  readonly sample?: string;
  readonly words?: readonly string[];
}

export function refusedRevision(
  step: { readonly id: string; readonly uses: string },
  service: string,
  { because, failing }: RevisionRefusal,
  { sample = "1 revision", words = [] }: RefusalDetails = {},
): StepOutcome {
  const refused = { kind: "refused", because: [`${service}: ${because}`, ...words].join("\n") } as const;
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
        sample,
        because,
      },
    ],
  };
}
