/** The one sentence of a judgement: why this verdict, with the numbers that decided. Decides nothing itself. */
import { MINUTE, clockTime, formatDuration, instant, msOf } from "../model/time.ts";
import type { Verdict } from "../model/verdict.ts";
import type { JudgeEvidence, Judgement, StreamJudgement } from "./evidence.ts";
import { catastropheAt } from "./guard.ts";

type Facts = Omit<Judgement, "verdict" | "because">;

export function explain(evidence: JudgeEvidence, facts: Facts, verdict: Verdict): string {
  switch (verdict) {
    case "fail":
      return whyFail(evidence, facts);
    case "warn":
      return whyWarn(evidence, facts);
    case "pass":
      return `${pillarsOf(facts).map(exclusionIn(facts)).join("; ")} (95 %)`;
    case "inconclusive":
      return whyInconclusive(evidence, facts);
  }
}

function whyFail(evidence: JudgeEvidence, { streams }: Facts): string {
  const { settling } = evidence;
  const at = settling === undefined ? undefined : catastropheAt(settling);
  if (settling !== undefined && at !== undefined) {
    const until = instant(msOf(settling.from) + (at + 1) * MINUTE);
    return `at least half of the new revision's requests failed in each of three minutes until ${clockTime(until)}`;
  }
  const [worst, ...others] = strongest(streams.filter((stream) => stream.says === "fail"));
  if (worst === undefined) return "the errors rose";
  const since = worst.failedAt === undefined ? "" : `, certain since ${clockTime(worst.failedAt)}`;
  return `${rise(worst, evidence)}${since}${more(others)}`;
}

function whyWarn(evidence: JudgeEvidence, { streams, symptoms }: Facts): string {
  const [worst, ...others] = strongest(streams.filter((stream) => stream.says === "warn"));
  const spoken = worst === undefined ? [] : [`${rise(worst, evidence)}${more(others)}; not enough for a FAIL`];
  return [...spoken, ...symptoms].join("; ");
}

function whyInconclusive(evidence: JudgeEvidence, facts: Facts): string {
  const { settings, gaps } = evidence;
  const thin = facts.streams.find((stream) => stream.baseline.minutes < settings.minBaselineMinutes);
  if (thin !== undefined) {
    return `the baseline has only ${thin.baseline.minutes} clean minutes of the ${settings.minBaselineMinutes} needed`;
  }
  const pillars = pillarsOf(facts);
  if (!pillars.some((stream) => stream.candidate.exposure > 0)) {
    const awaited = facts.expectedRequests;
    return typeof awaited === "number" && awaited >= 1
      ? `no requests at all since the switch settled, where ${Math.round(awaited)} were to be expected`
      : "nothing was measured yet since the switch settled";
  }
  if (facts.shared !== undefined) {
    const risen = rise(facts.shared, { totalsKnown: evidence.totalsKnown });
    return `an outage of both: what serves beside it has risen too (${risen}), which says nothing for or against the new version`;
  }
  if (gaps.length > 0) return gaps.join("; ");
  if (!facts.alive) return notAlive(evidence, facts);
  const open = pillars.filter((stream) => !isExcluded(stream, facts));
  return `${open.map(exclusionIn(facts)).join("; ")}: too little data yet for a PASS, which must exclude a rise above x${short(facts.tolerance.ratio)}`;
}

function notAlive({ settings, candidateEntries }: JudgeEvidence, facts: Facts): string {
  const requests = facts.streams.find((stream) => stream.kind === "overall")?.candidate.exposure;
  if (typeof facts.expectedRequests === "number" && requests !== undefined) {
    const needed = Math.ceil(Math.max(settings.minRequests, settings.aliveShare * facts.expectedRequests));
    const beside = facts.streams.find((stream) => stream.kind === "overall")?.baseline.exposure ?? 0;
    return requests < needed
      ? `only ${requests} requests since the switch settled; ${needed} are needed to judge`
      : `only ${beside} requests beside it over the same minutes; ${settings.minRequests} are needed to compare`;
  }
  return candidateEntries === "unknown"
    ? "it is not known whether the new version logs at all, so no errors prove nothing"
    : `only ${candidateEntries} log entries of any kind from the new version; ${settings.minEntries} are needed to judge`;
}

/** The streams on which a PASS rests. */
export function pillarsOf({ streams }: Pick<Facts, "streams">): StreamJudgement[] {
  return streams.filter((stream) => stream.kind === "overall" || stream.kind === "critical");
}

/** Whether the data excludes a rise that matters at this distance from the switch. */
export function isExcluded(stream: StreamJudgement, { tolerance }: Pick<Facts, "tolerance">): boolean {
  return (
    (stream.ratioBound !== "unbounded" && stream.ratioBound <= tolerance.ratio) ||
    (stream.absoluteBound !== "unbounded" && stream.absoluteBound <= tolerance.absolute)
  );
}

export function exclusionIn({ tolerance }: Pick<Facts, "tolerance">): (stream: StreamJudgement) => string {
  return (stream) => {
    const what = stream.kind === "critical" ? "critical errors" : "errors";
    const { ratioBound, absoluteBound } = stream;
    if (ratioBound !== "unbounded" && (ratioBound <= tolerance.ratio || absoluteBound === "unbounded")) {
      return `any rise${stream.kind === "critical" ? " of critical errors" : ""} above x${short(ratioBound)} is excluded`;
    }
    if (absoluteBound === "unbounded") return `no rate of ${what} is excluded`;
    return `more than ${short(absoluteBound)} ${what} a minute are excluded`;
  };
}

/** Strongest evidence first, the single groups before the overall stream: they say more. */
function strongest(streams: readonly StreamJudgement[]): StreamJudgement[] {
  return streams.toSorted(
    (a, b) =>
      Number(a.kind === "overall") - Number(b.kind === "overall") ||
      b.lnEFail - a.lnEFail ||
      b.lnEWarn - a.lnEWarn ||
      (a.group < b.group ? -1 : 1),
  );
}

export function rise(
  { group, baseline, candidate, ratio }: StreamJudgement,
  { totalsKnown, concurrent }: Pick<JudgeEvidence, "totalsKnown" | "concurrent">,
): string {
  const now = `${group}: ${candidate.errors} in ${formatDuration(candidate.minutes * MINUTE)}`;
  if (concurrent === true) {
    if (baseline.errors === 0) return `${now}, none beside it over the same minutes`;
    return `${now}, x${short(ratio)} of the share of requests that fail beside it over the same minutes`;
  }
  if (baseline.errors === 0) return `${now}, none in ${formatDuration(baseline.minutes * MINUTE)} before`;
  if (!totalsKnown) return `${now}, x${short(ratio)} of the rate before`;
  // Both, because errors that do not depend on traffic rise per request when the traffic falls.
  const perMinute = candidate.errors / candidate.minutes / (baseline.errors / baseline.minutes);
  return `${now}, x${short(ratio)} of the share of requests before (x${short(perMinute)} a minute)`;
}

function more(others: readonly StreamJudgement[]): string {
  return others.length === 0 ? "" : ` (and ${others.length} more)`;
}

/** Two significant digits below 10, whole numbers above. */
export function short(value: number): string {
  if (value >= 9.95) return String(Math.round(value));
  return String(Number(value.toPrecision(2)));
}
