/** What the streams of one kind share: their pooled dispersion and their part of the false-alarm budget. */
import { type Exposure, pooledDispersion } from "./dispersion.ts";
import type { JudgeEvidence, StreamKind } from "./evidence.ts";
import { dense, repeated, windowOf } from "./windows.ts";

export interface Family {
  /** For sparse streams; absent for the kinds that have a single stream. */
  readonly pool: number | undefined;
  /** One stream's weight as of the candidate minute with this index. */
  readonly weightAt: (index: number) => number;
}

/**
 * The budget: fixed for the overall and the critical stream, divided by the number of groups seen so far for routes and
 * signatures (half of the signatures' share is kept for those still to come), and divided by the judged services.
 */
export function familyOf(evidence: JudgeEvidence, kind: StreamKind, exposureOf: (window: string) => Exposure): Family {
  const share = evidence.settings.weights[kind] / evidence.judgedServices;
  if (kind === "overall" || kind === "critical") return { pool: undefined, weightAt: () => share };
  const members = evidence.streams.filter((stream) => stream.kind === kind);
  const seenBy = groupsSeenBy(evidence, members);
  const divisor = kind === "signature" ? 2 : 1;
  return {
    pool: pooledDispersion(
      members.map(({ baseline }) => {
        const errors = dense(baseline.errors, windowOf(evidence, baseline.window));
        return { errors, exposure: exposureOf(baseline.window) };
      }),
    ),
    weightAt: (index) => share / (divisor * Math.max(1, seenBy[index] ?? 1)),
  };
}

/** For each minute of the candidate window: how many of the groups were seen until its end, the baseline included. */
function groupsSeenBy(evidence: JudgeEvidence, members: JudgeEvidence["streams"]): number[] {
  const minutes = Math.max(0, ...members.map(({ candidate }) => windowOf(evidence, candidate.window).exposure.length));
  const arrivals = repeated(0, minutes);
  for (const { baseline, candidate } of members) {
    const wasThere = baseline.errors.some(([, count]) => count > 0);
    const first = wasThere ? 0 : candidate.errors.find(([, count]) => count > 0)?.[0];
    if (first !== undefined && first < minutes) arrivals[first] = (arrivals[first] ?? 0) + 1;
  }
  let seen = 0;
  return arrivals.map((count) => (seen += count));
}
