/** A published verdict beside what its stored evidence gives: found, recomputed and compared. Asks no cloud, prints nothing. */
import { JournalError, type State } from "../journal/state.ts";
import { messageOf, RunbookError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { Progress } from "../model/progress.ts";
import { formatDuration, type Instant, parseDuration } from "../model/time.ts";
import { type CheckResult, type Verdict, worstVerdict } from "../model/verdict.ts";
import { type Rejudged, rejudge } from "../steps/rejudge.ts";

/** Which verdict, and which of its checks are shown. */
export interface ExplainedPart {
  /** "T+20m", "20m", "now" or a step's id. */
  readonly what?: string | undefined;
  readonly check?: string | undefined;
  readonly service?: string | undefined;
}

/** What was published at one moment. */
export interface Published {
  /** "T+20m", "the last look", "step backend-errors". */
  readonly title: string;
  readonly verdict: Verdict;
  readonly at: Instant;
  readonly results: readonly CheckResult[];
}

/**
 * - `agrees`: the evidence alone gives the same words, and where its digest was kept, the same bytes.
 * - `observed`: the check reads the present off the platform; its evidence is what was seen, and it is intact.
 * - `unmeasured`: nothing was measured and nothing was claimed.
 * - `disagrees`: anything else.
 */
export interface ExplainedCheck {
  readonly result: CheckResult;
  readonly finding: "agrees" | "observed" | "unmeasured" | "disagrees";
  /** One sentence. */
  readonly why: string;
  readonly stored?: Json;
  readonly rejudged?: Rejudged;
}

export interface Explanation extends Published {
  readonly run: string;
  readonly runbook: string;
  readonly checks: readonly ExplainedCheck[];
  /** The worst of the recomputed verdicts. */
  readonly recomputed: Verdict;
  readonly agrees: boolean;
}

export async function explanationOf(state: State, progress: Progress, options: ExplainedPart): Promise<Explanation> {
  const published = publishedAt(progress, options.what ?? "now");
  const all: ExplainedCheck[] = [];
  for (const result of published.results) all.push(await explained(state, result));
  const recomputed = worstVerdict(all.map(({ rejudged, result }) => rejudged?.verdict ?? result.verdict));
  return {
    run: progress.run,
    runbook: progress.plan.runbook.name,
    ...published,
    recomputed,
    agrees: recomputed === published.verdict && all.every(({ finding }) => finding !== "disagrees"),
    checks: shown(all, options),
  };
}

/** What is left out of the screen is recomputed all the same. */
function shown(checks: readonly ExplainedCheck[], { check, service }: ExplainedPart): readonly ExplainedCheck[] {
  const wanted = checks.filter(
    ({ result }) =>
      (check === undefined || result.check === check) && (service === undefined || result.service === service),
  );
  if (wanted.length > 0 || checks.length === 0) return wanted;
  throw new RunbookError({
    what: `No check ${[check, service].filter(Boolean).join(" of ")} was judged then.`,
    state: "Nothing was touched.",
    next: `Judged were: ${checks.map(({ result }) => nameOf(result)).join(", ")}.`,
  });
}

export function nameOf({ check, service }: CheckResult): string {
  return [check, service].filter(Boolean).join(" ");
}

export function publishedAt(progress: Progress, what: string): Published {
  const found = checkpointAt(progress, what) ?? lookAt(progress, what) ?? gateAt(progress, what);
  if (found !== undefined) return found;
  const judged = [
    ...Object.keys(progress.checkpoints).map((name) => `T+${name}`),
    ...(progress.production === undefined ? [] : ["now"]),
    ...progress.plan.runbook.steps.map(({ id }) => id).filter((id) => progress.items[`step:${id}`]?.results),
  ];
  throw new RunbookError({
    what: `Run ${progress.run} has no verdict called ${what}.`,
    state: "Nothing was touched.",
    next:
      judged.length === 0
        ? `Nothing was judged in it yet; \`runbook status ${progress.run}\` says where it stands.`
        : `It has: ${judged.join(", ")}; for example \`runbook explain ${progress.run} ${judged[0]}\`.`,
  });
}

function checkpointAt({ checkpoints }: Progress, what: string): Published | undefined {
  const ms = parseDuration(what.replace(/^T\+/i, ""));
  const event = ms === undefined ? undefined : checkpoints[formatDuration(ms)];
  return event && { title: `T+${event.checkpoint}`, verdict: event.verdict, at: event.at, results: event.results };
}

function lookAt({ production }: Progress, what: string): Published | undefined {
  if (what !== "now" || production === undefined) return undefined;
  const { verdict, at, results } = production;
  return { title: "the last look that changed a verdict", verdict, at, results };
}

function gateAt({ items }: Progress, what: string): Published | undefined {
  const item = items[`step:${what}`];
  if (item?.results === undefined || item.results.length === 0) return undefined;
  const verdict = item.verdict ?? worstVerdict(item.results.map((result) => result.verdict));
  return { title: `step ${what}`, verdict, at: item.since, results: item.results };
}

async function explained(state: State, result: CheckResult): Promise<ExplainedCheck> {
  const disagrees = (why: string): ExplainedCheck => ({ result, finding: "disagrees", why });
  if (result.evidence === undefined) {
    return result.verdict === "inconclusive"
      ? { result, finding: "unmeasured", why: "nothing was measured, so there is no evidence to store" }
      : disagrees(`it says ${result.verdict.toUpperCase()}, and no evidence was stored`);
  }
  let stored: Json | undefined;
  try {
    stored = await state.evidence.get(result.evidence);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return disagrees(`the stored evidence was ALTERED: it does not match its own digest (${messageOf(error)})`);
  }
  if (stored === undefined) return disagrees("its evidence is not in this state any more");
  return compared(result, stored);
}

function compared(result: CheckResult, stored: Json): ExplainedCheck {
  let rejudged: Rejudged | undefined;
  try {
    rejudged = rejudge(result.uses, stored);
  } catch {
    return { result, stored, finding: "disagrees", why: "its evidence is not what this version of the check stores" };
  }
  if (rejudged === undefined) {
    return {
      result,
      stored,
      finding: "observed",
      why: "its evidence is what was seen, intact; no statistic is between",
    };
  }
  const known = { result, stored, rejudged };
  if (rejudged.verdict !== result.verdict) {
    const why = `the evidence gives ${rejudged.verdict.toUpperCase()} (${rejudged.because}), not ${result.verdict.toUpperCase()}`;
    return { ...known, finding: "disagrees", why };
  }
  if (rejudged.because !== result.because) {
    return { ...known, finding: "disagrees", why: `the evidence gives other numbers: ${rejudged.because}` };
  }
  if (result.judgement === undefined) {
    return { ...known, finding: "agrees", why: "the same verdict and the same words from the stored evidence alone" };
  }
  return rejudged.digest === result.judgement
    ? { ...known, finding: "agrees", why: "recomputed from the stored evidence alone: it agrees bit for bit" }
    : { ...known, finding: "disagrees", why: "the verdict is the same, and some number behind it is not" };
}
