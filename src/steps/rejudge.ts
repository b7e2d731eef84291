/** A check's verdict once more, from its stored evidence alone: asks nobody, reads no clock, believes nothing it is given. */
import type { Json } from "../model/json.ts";
import type { Verdict } from "../model/verdict.ts";
import { judgeMetric, metricEvidenceSchema } from "../verdict/metric-rule.ts";
import { type ErrorsVerdict, errorsEvidenceSchema, judgeErrors } from "../verdict/required.ts";
import { judgeProbes } from "./http-check.ts";
import { judgePods, podsEvidenceSchema } from "./judge-pods.ts";
import { digestOfVerdict } from "./judgement-digest.ts";

export interface Rejudged {
  readonly verdict: Verdict;
  readonly because: string;
  /** Of the whole judgement, for checks that store one. */
  readonly digest?: string;
  readonly errors?: ErrorsVerdict;
}

/** Undefined for a check that is not known here. Throws when the evidence is not what the check stores. */
export function rejudge(uses: string, stored: Json): Rejudged | undefined {
  switch (uses) {
    case "check-errors":
    case "check-logs": {
      const errors = judgeErrors(errorsEvidenceSchema.parse(stored));
      return { verdict: errors.verdict, because: errors.because, digest: digestOfVerdict(errors), errors };
    }
    case "query-metric":
      return judgeMetric(metricEvidenceSchema.parse(stored));
    case "http-check":
      return judgeProbes(stored);
    case "check-pods":
      return judgePods(podsEvidenceSchema.parse(stored));
    default:
      return undefined;
  }
}
