/** Whether the data is alive, and the symptoms that silence and slowness are. Counts no errors. */
import type { JudgeEvidence, StreamJudgement } from "./evidence.ts";
import { expectedRequests } from "./expected-requests.ts";
import { windowOf } from "./windows.ts";

export type Expected = number | "unknown";

export function expectedOf(evidence: JudgeEvidence): Expected {
  const overall = evidence.streams.find((stream) => stream.kind === "overall");
  if (!evidence.totalsKnown || overall === undefined) return "unknown";
  if (evidence.concurrent === true) return evidence.expectedRequests ?? 0;
  return expectedRequests(windowOf(evidence, overall.baseline.window), windowOf(evidence, overall.candidate.window));
}

/** Zero errors out of nothing prove nothing: a broken filter must not pass. */
export function isAlive(evidence: JudgeEvidence, streams: readonly StreamJudgement[], expected: Expected): boolean {
  const { settings, candidateEntries } = evidence;
  const requests = requestsOf(streams);
  if (expected !== "unknown" && requests !== undefined) {
    // Two versions side by side are compared: both must have answered.
    if (evidence.concurrent === true && baselineRequestsOf(streams) < settings.minRequests) return false;
    return requests >= Math.max(settings.minRequests, settings.aliveShare * expected);
  }
  return candidateEntries !== "unknown" && candidateEntries >= settings.minEntries;
}

export function symptomsOf(evidence: JudgeEvidence, streams: readonly StreamJudgement[], expected: Expected): string[] {
  const { settings, latencyP95 } = evidence;
  const symptoms: string[] = [];
  const requests = requestsOf(streams);
  if (
    requests !== undefined &&
    expected !== "unknown" &&
    expected >= settings.minRequests &&
    requests < settings.collapseShare * expected
  ) {
    const share = Math.round((100 * requests) / expected);
    const source = evidence.concurrent === true ? "its share of the traffic lets" : "the same hour before lets";
    symptoms.push(`requests at ${share} % of the ${Math.round(expected)} that ${source} expect`);
  }
  const { baselineMs, candidateMs } = latencyP95 ?? { baselineMs: "unknown", candidateMs: "unknown" };
  if (
    baselineMs !== "unknown" &&
    candidateMs !== "unknown" &&
    candidateMs > settings.latencyRatio * baselineMs &&
    candidateMs > baselineMs + settings.latencyFloorMs
  ) {
    const then = evidence.concurrent === true ? "beside it" : "before";
    symptoms.push(`p95 latency ${Math.round(candidateMs)} ms against ${Math.round(baselineMs)} ms ${then}`);
  }
  return symptoms;
}

function requestsOf(streams: readonly StreamJudgement[]): number | undefined {
  return streams.find((stream) => stream.kind === "overall")?.candidate.exposure;
}

function baselineRequestsOf(streams: readonly StreamJudgement[]): number {
  return streams.find((stream) => stream.kind === "overall")?.baseline.exposure ?? 0;
}
