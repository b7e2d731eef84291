/** A check used as a step: looks every minute, refuses early on FAIL, and decides when its time is over. Judges nothing itself. */
import { PortFailure } from "../model/error.ts";
import { type Instant, MINUTE, clockTime, latest, plusMs } from "../model/time.ts";
import { worstVerdict } from "../model/verdict.ts";
import { SETTLING_MS } from "../verdict/settings.ts";
import type { CheckKind, LookContext, Looked, StepContext, StepOutcome } from "./step.ts";

/**
 * Judges the window of `forMs` that begins when the latest switch of the step's services (or, without a switch, the step)
 * has settled; over when that window's data is complete. PASS and WARN are done; INCONCLUSIVE is refused as such and the
 * run's `on-inconclusive` decides. While the data of the window is not all there, it goes on looking until the deadline.
 */
export async function gateTurn<A>(kind: CheckKind<A>, context: StepContext<A>, forMs: number): Promise<StepOutcome> {
  const since = latest(context.services.flatMap(({ switched }) => (switched === undefined ? [] : [switched.at])));
  const windowEnd = plusMs(since ?? context.startedAt, SETTLING_MS + forMs);
  const readyAt = plusMs(windowEnd, kind.settleMs);
  const found = await lookOnce(kind, context, SETTLING_MS + forMs);
  const verdict = worstVerdict(found.results.map((result) => result.verdict));
  if (verdict === "fail") {
    return { kind: "refused", because: becauseOf(found.results, "fail"), verdict, results: found.results };
  }
  const nextLook = plusMs(context.now, MINUTE);
  const mustEnd = nextLook > context.deadline;
  const isOver = context.now >= readyAt && (verdict !== "inconclusive" || isComplete(found, windowEnd));
  if (!isOver && !mustEnd) return waiting(kind, context, found, windowEnd, readyAt);
  if (verdict === "inconclusive" || context.now < readyAt) {
    const because = found.outage ?? becauseOf(found.results, "inconclusive");
    return { kind: "refused", because, verdict: "inconclusive", results: found.results };
  }
  return {
    kind: "done",
    summary: `${verdict}: ${becauseOf(found.results, verdict)}`,
    output: { verdict },
    results: found.results,
  };
}

interface Found {
  readonly results: readonly Looked[];
  /** Why nothing could be measured this time. */
  readonly outage?: string;
}

/** A failure that may pass is a look without results; any other is the step's failure. */
async function lookOnce<A>(kind: CheckKind<A>, context: StepContext<A>, horizonMs: number): Promise<Found> {
  try {
    const look: LookContext<A> = {
      ...context.look,
      horizonMs,
      run: context.run,
      args: context.args,
      services: context.services,
      now: context.now,
      ports: context.ports,
      signal: context.signal,
    };
    return { results: await kind.look(look) };
  } catch (error) {
    if (!(error instanceof PortFailure) || !error.isTransient || context.signal.aborted) throw error;
    return { results: [], outage: `could not be measured: ${error.message}` };
  }
}

/** Whether later looks could see more of the window. Checks that read the present have no later. */
function isComplete({ results, outage }: Found, windowEnd: Instant): boolean {
  const lastMinute = plusMs(windowEnd, -MINUTE);
  return (
    outage === undefined &&
    results.every(({ completeUntil }) => completeUntil === undefined || completeUntil >= lastMinute)
  );
}

function waiting<A>(
  kind: CheckKind<A>,
  context: StepContext<A>,
  found: Found,
  windowEnd: Instant,
  readyAt: Instant,
): StepOutcome {
  const nextLook = plusMs(context.now, MINUTE);
  const until = context.now < readyAt ? `until ${clockTime(readyAt)}` : "for the rest of its data";
  const trouble = found.outage === undefined ? "" : ` (${found.outage})`;
  return {
    kind: "waiting",
    for: `${kind.uses} over the window to ${clockTime(windowEnd)}, ${until}${trouble}`,
    lookAt: context.now < readyAt && readyAt < nextLook ? readyAt : nextLook,
  };
}

/** The reasons of the results that decided, each with its service. */
function becauseOf(results: readonly Looked[], verdict: Looked["verdict"]): string {
  const deciding = results.filter((result) => result.verdict === verdict);
  const reasons = deciding.map(({ service, because }) => (service === undefined ? because : `${service}: ${because}`));
  return reasons.length === 0 ? "nothing was measured" : reasons.join("; ");
}
