/** Whether the data is alive, and the symptoms that silence and slowness are. Counts no errors. */
import type { JudgeEvidence, StreamJudgement } from "./evidence.ts";
import { expectedRequests } from "./expected-requests.ts";
import { windowOf } from "./windows.ts";

export type Expected = number | "unknown";

export function expectedOf(evidence: JudgeEvidence): Expected {
  const overall = evidence.streams.find((stream) => stream.kind === "overall");
  if (!evidence.totalsKnown || overall === undefined) return "unknown";
  if (evidence.concurrent === true) return 0;
  return expectedRequests(windowOf(evidence, overall.baseline.window), windowOf(evidence, overall.candidate.window));
}

/** Zero errors out of nothing prove nothing: a broken filter must not pass. */
export function isAlive(evidence: JudgeEvidence, streams: readonly StreamJudgement[], expected: Expected): boolean {
  const { settings, candidateEntries } = evidence;
  const requests = requestsOf(streams);
  if (expected !== "unknown" && requests !== undefined) {
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
    symptoms.push(`requests at ${share} % of the ${Math.round(expected)} that the same hour before lets expect`);
  }
  const { baselineMs, candidateMs } = latencyP95 ?? { baselineMs: "unknown", candidateMs: "unknown" };
  if (
    baselineMs !== "unknown" &&
    candidateMs !== "unknown" &&
    candidateMs > settings.latencyRatio * baselineMs &&
    candidateMs > baselineMs + settings.latencyFloorMs
  ) {
    symptoms.push(`p95 latency ${Math.round(candidateMs)} ms against ${Math.round(baselineMs)} ms before`);
  }
  return symptoms;
}

function requestsOf(streams: readonly StreamJudgement[]): number | undefined {
  return streams.find((stream) => stream.kind === "overall")?.candidate.exposure;
}
