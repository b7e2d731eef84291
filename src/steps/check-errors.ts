/** `check-errors`: judges the failed requests of each service since its switch against its own past. Cloud Run only. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { type CloudRunTarget, type ServiceSwitch, shareOf } from "../model/service.ts";
import { MINUTE, clockTime, floorToMinute, plusMs } from "../model/time.ts";
import type { LogQuery } from "../ports/logs.ts";
import type { JudgeEvidence } from "../verdict/evidence.ts";
import { type ErrorsEvidence, type ErrorsVerdict, judgeErrors } from "../verdict/required.ts";
import { rolloutMinute } from "./baseline-window.ts";
import { canaryRow, canarySpan, evidenceOfCanary } from "./canary-evidence.ts";
import { sideBySide } from "./errors-canary.ts";
import { candidateErrors } from "./errors-after.ts";
import { type ErrorFilter, METRIC_DELAY_MS, baselineErrors, baselineReadyAt } from "./errors-before.ts";
import { type ErrorFacts, evidenceOfErrors, judgedSpan, type Span, totalsKnown } from "./errors-evidence.ts";
import { errorsRow } from "./errors-result.ts";
import { gateTurn } from "./gate.ts";
import { digestOfVerdict } from "./judgement-digest.ts";
import { lookAtEach, unmeasured } from "./look-at-each.ts";
import { logFindings } from "./log-findings.ts";
import { requiredSuccesses, requireSchema } from "./required-successes.ts";
import type { CheckKind, LookContext, Looked, StepService } from "./step.ts";
import { windowLatency } from "./window-latency.ts";

const MOST_GATE_MS = 45 * MINUTE;

const argsSchema = z.strictObject({
  for: durationSchema
    .refine((ms) => ms <= MOST_GATE_MS, { error: "at most 45m: longer watches belong in monitor.checkpoints" })
    .prefault("5m")
    .describe("As a step: how long to judge after the switch has settled (default 5m)."),
  statuses: z
    .array(z.string().regex(/^[45](xx|\d\d)$/, { error: 'expected a status ("503") or a class ("4xx", "5xx")' }))
    .min(1)
    .prefault(["5xx"])
    .describe('Which statuses are errors: classes or single ones (default ["5xx"]).'),
  require: z
    .array(requireSchema)
    .max(20)
    .prefault([])
    .describe(
      "Successes that must be seen after the switch: fewer are inconclusive, none where there were many a warning.",
    ),
});
type Args = z.infer<typeof argsSchema>;

export const checkErrors: CheckKind<Args> = {
  uses: "check-errors",
  summary: "Judges failed requests since the switch against the service's own past.",
  args: argsSchema,
  platforms: ["cloud-run"],
  needsServices: true,
  needs: ["google:logging.logEntries.list", "google:monitoring.timeSeries.list"],
  defaultTimeoutMs: 60 * MINUTE,
  settleMs: METRIC_DELAY_MS,
  samples: ({ statuses }) => `check-errors ${statuses.join(" ")}`,
  preflight: (context) => logFindings(context, { log: "requests" }),
  turn: (context) => gateTurn(checkErrors, context, context.args.for),
  look: (context) => lookAtEach(context, "check-errors", lookAtService),
};

async function lookAtService(context: LookContext<Args>, service: StepService): Promise<Looked> {
  const { target, switched } = service;
  const row = { check: context.check, uses: "check-errors", service: service.name };
  if (target.platform !== "cloud-run") return { ...row, ...unmeasured("it has no request log") };
  if (switched === undefined) return { ...row, ...unmeasured("it has not switched to what this run deployed") };
  const readyAt = baselineReadyAt(switched, METRIC_DELAY_MS);
  if (context.now < readyAt) return { ...row, ...unmeasured(`its baseline is complete at ${clockTime(readyAt)}`) };
  const filter = errorFilterOf(context.args.statuses);
  if (shareOf(switched) < 100)
    return { ...row, ...(await lookAtCanary(context, service.name, target, switched, filter)) };
  const facts = await gatherFacts(context, service.name, target, switched, filter);
  const evidence = evidenceOfErrors(facts);
  const stored = await withDemands(context, service.name, target, switched, evidence);
  const judged = judgeErrors(stored);
  return {
    ...row,
    ...errorsRow(facts, evidence, judged.judgement),
    ...verdictRow(stored, judged),
    link: linkOf(context, target, switched, judgedSpan(facts), filter),
  };
}

/** Two revisions serve at once: they are compared with each other over the same minutes. */
async function lookAtCanary(
  context: LookContext<Args>,
  service: string,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  filter: ErrorFilter,
): Promise<Omit<Looked, "check" | "uses" | "service">> {
  const past = await baselineErrors(context, service, target, switched, filter);
  const sides = await sideBySide(context, service, target, switched, filter);
  const { horizonMs, judgedServices, args } = context;
  const span = canarySpan({ switched, sides, horizonMs });
  const isFull = isFullBy(switched, horizonMs, span);
  const p95 = (revision: string): Promise<number | "unknown"> =>
    windowLatency(context, { service, target, span, isFull, revision });
  const latencyP95 = { baselineMs: await p95(switched.from), candidateMs: await p95(switched.to) };
  const label = args.statuses.join(", ");
  const facts = { switched, sides, past, horizonMs, judgedServices, latencyP95, label };
  const stored = await withDemands(context, service, target, switched, evidenceOfCanary(facts));
  const judged = judgeErrors(stored);
  return {
    ...canaryRow(facts, judged.judgement),
    ...verdictRow(stored, judged),
    link: linkOf(context, target, switched, span, filter),
  };
}

function verdictRow(
  evidence: ErrorsEvidence,
  judged: ErrorsVerdict,
): Pick<Looked, "verdict" | "because" | "evidence" | "judgement"> {
  return { verdict: judged.verdict, because: judged.because, evidence, judgement: digestOfVerdict(judged) };
}

/** The requests that were judged; before there are any, all since the switch. */
function linkOf(
  context: LookContext<Args>,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  span: Span,
  { minStatus }: ErrorFilter,
): string {
  const { from, until } = span.until > span.from ? span : { from: switched.at, until: context.now };
  return context.ports.logs.link({ ...requestsOf(target, from, until), minStatus, version: switched.to });
}

async function withDemands(
  context: LookContext<Args>,
  service: string,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  errors: JudgeEvidence,
): Promise<ErrorsEvidence> {
  const required = await requiredSuccesses(context, service, target, switched, context.args.require);
  return required.length === 0 ? errors : { v: 1, errors, required: [...required] };
}

async function gatherFacts(
  context: LookContext<Args>,
  service: string,
  target: CloudRunTarget,
  switched: ServiceSwitch,
  filter: ErrorFilter,
): Promise<ErrorFacts> {
  const before = await baselineErrors(context, service, target, switched, filter);
  const after = await candidateErrors(context, service, target, switched, rolloutMinute(switched), filter);
  const facts = { before, after, switchedAt: switched.at, horizonMs: context.horizonMs };
  const span = judgedSpan(facts);
  const isOpen = span.until > span.from;
  return {
    ...facts,
    judgedServices: context.judgedServices,
    candidateEntries:
      !totalsKnown(facts) && isOpen
        ? await entriesOf(context, { ...requestsOf(target, span.from, span.until), version: switched.to })
        : "unknown",
    candidateP95: await windowLatency(context, {
      service,
      target,
      span,
      isFull: isFullBy(switched, context.horizonMs, span),
      revision: switched.to,
    }),
    label: context.args.statuses.join(", "),
  };
}

function requestsOf(target: CloudRunTarget, since: LogQuery["since"], until: LogQuery["until"]): LogQuery {
  return { target, log: "requests", since, until };
}

/** One page of any status: whether the new revision answers requests at all. */
async function entriesOf(context: LookContext<Args>, query: LogQuery): Promise<number> {
  return (await context.ports.logs.page(query, undefined, context.signal)).records.length;
}

/** Whether the data of the whole window T0 + N is there. */
function isFullBy({ at }: ServiceSwitch, horizonMs: number, { until }: Span): boolean {
  return until >= floorToMinute(plusMs(at, horizonMs));
}

/** "5xx" is a class, "503" a status. */
export function errorFilterOf(statuses: readonly string[]): ErrorFilter {
  const least = (status: string): number => Number(status.replaceAll("x", "0"));
  return {
    minStatus: Math.min(...statuses.map(least)),
    counts: (status) =>
      statuses.some((wanted) =>
        wanted.endsWith("xx") ? Math.floor(status / 100) === least(wanted) / 100 : status === Number(wanted),
      ),
  };
}
