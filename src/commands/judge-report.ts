/** The one JSON object that `runbook judge --json` prints. Judges nothing. */
import type { Tally, Verdict } from "../model/verdict.ts";
import type { JudgeEvidence, Judgement, StreamJudgement } from "../verdict/evidence.ts";
import { exclusionIn, isExcluded, rise } from "../verdict/explain.ts";
import type { ServiceJudgement } from "../verdict/judge-files.ts";

export interface JudgeCheck {
  /** "all 5xx", "GET /v1/conversations 500", "critical errors", a signature; with its service in front where there are several. */
  readonly group: string;
  readonly verdict: Verdict;
  readonly baseline: Tally;
  readonly candidate: Tally;
  /** Every number that decided, and the threshold it had to reach. */
  readonly evidence:
    Omit<StreamJudgement, "group" | "baseline" | "candidate"> | { readonly symptoms: readonly string[] };
  readonly because: string;
}

export interface JudgeReport {
  readonly verdict: Verdict;
  readonly because: string;
  /** Whether requests of every status gave the totals. */
  readonly totals: "known" | "unknown";
  readonly checks: readonly JudgeCheck[];
  readonly suspects: readonly string[];
  /** Seen after the switch, begun before it or served by the old version: not charged. */
  readonly lateVictims: number;
  readonly entries: {
    readonly baseline: number;
    readonly candidate: number;
    readonly repeated: number;
    readonly skipped: number;
  };
}

export function judgeReport(
  verdict: Verdict,
  judgements: readonly ServiceJudgement[],
  entries: JudgeReport["entries"],
): JudgeReport {
  const named = judgements.length > 1;
  const inFront = (service: string, text: string): string => (named ? `${service}: ${text}` : text);
  const deciding = judgements.filter(({ judgement }) => judgement.verdict === verdict);
  return {
    verdict,
    because: deciding.map(({ service, judgement }) => inFront(service, judgement.because)).join("; "),
    totals: judgements.every(({ evidence }) => evidence.totalsKnown) ? "known" : "unknown",
    checks: judgements.flatMap(({ service, evidence, judgement }) =>
      checksOf(evidence, judgement).map((check) => ({ ...check, group: inFront(service, check.group) })),
    ),
    suspects: judgements.flatMap(({ service, judgement }) =>
      judgement.suspects.map((group) => inFront(service, group)),
    ),
    lateVictims: judgements.reduce((total, { lateVictims }) => total + lateVictims, 0),
    entries,
  };
}

function checksOf(evidence: JudgeEvidence, judgement: Judgement): JudgeCheck[] {
  const rows = judgement.streams.map((stream): JudgeCheck => {
    const { group, baseline, candidate, ...numbers } = stream;
    const verdict = verdictOf(stream, judgement);
    return {
      group,
      verdict,
      baseline: tally(baseline, evidence),
      candidate: tally(candidate, evidence),
      evidence: numbers,
      because: becauseOf(stream, verdict, evidence, judgement),
    };
  });
  if (judgement.symptoms.length === 0) return rows;
  const overall = rows[0];
  const none = { errors: 0, requests: "unknown", minutes: 0 } as const;
  return [
    ...rows,
    {
      group: "traffic",
      verdict: "warn",
      baseline: overall?.baseline ?? none,
      candidate: overall?.candidate ?? none,
      evidence: { symptoms: judgement.symptoms },
      because: judgement.symptoms.join("; "),
    },
  ];
}

/**
 * A group that shows nothing takes part in its service's PASS, for which the overall and the critical stream stand; the
 * overall stream says what the whole says. Beside a WARN or FAIL, a group is good only where its own data says so.
 */
function verdictOf(stream: StreamJudgement, judgement: Judgement): Verdict {
  if (stream.says !== "nothing") return stream.says;
  if (judgement.verdict === "pass" || judgement.verdict === "inconclusive") return judgement.verdict;
  if (
    judgement.verdict === "fail" &&
    !judgement.streams.some(({ says }) => says === "fail") &&
    stream.kind === "overall"
  ) {
    return "fail";
  }
  return judgement.alive && isExcluded(stream, judgement) ? "pass" : "inconclusive";
}

function becauseOf(stream: StreamJudgement, verdict: Verdict, evidence: JudgeEvidence, judgement: Judgement): string {
  if (stream.says !== "nothing") return rise(stream, evidence);
  if (stream.kind === "overall" || verdict === "inconclusive") return judgement.because;
  return isExcluded(stream, judgement) ? exclusionIn(judgement)(stream) : "no rise; too rare to be judged by itself";
}

function tally(side: StreamJudgement["baseline"], { totalsKnown }: JudgeEvidence): Tally {
  return { errors: side.errors, requests: totalsKnown ? side.exposure : "unknown", minutes: side.minutes };
}
