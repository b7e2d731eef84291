/** `check-logs`: judges what the new version itself writes as errors, by signature, against what the old one wrote. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import type { ServiceSwitch, ServiceTarget } from "../model/service.ts";
import { MINUTE, clockTime, formatDuration, msBetween } from "../model/time.ts";
import type { CheckResult, GroupFinding } from "../model/verdict.ts";
import type { LogQuery } from "../ports/logs.ts";
import type { Counts, JudgeEvidence, Judgement } from "../verdict/evidence.ts";
import { judgeErrors } from "../verdict/required.ts";
import { sum } from "../verdict/windows.ts";
import { LOG_DELAY_MS, baselineReadyAt } from "./errors-before.ts";
import { count, kindOf } from "./errors-result.ts";
import { gateTurn } from "./gate.ts";
import { logFindings } from "./log-findings.ts";
import { lookAtEach, unmeasured } from "./look-at-each.ts";
import { digestOfVerdict } from "./judgement-digest.ts";
import { signaturesAfter, signaturesBefore } from "./signatures.ts";
import { type SignatureFacts, evidenceOfSignatures, watchedSpan } from "./signatures-evidence.ts";
import type { CheckKind, LookContext, Looked, StepService } from "./step.ts";

/** What a deploy must never bring: the code does not load, or the container does not start. */
export const CRITICAL_SIGNATURES = [
  "ImportError",
  "ModuleNotFoundError",
  "cannot import name",
  "SyntaxError",
  "container failed to start",
  "CrashLoopBackOff",
  "exec format error",
] as const;

const MOST_GATE_MS = 45 * MINUTE;
const MAX_GROUPS = 10;

const argsSchema = z.strictObject({
  for: durationSchema
    .refine((ms) => ms <= MOST_GATE_MS, { error: "at most 45m: longer watches belong in monitor.checkpoints" })
    .prefault("5m")
    .describe("As a step: how long to judge after the switch has settled (default 5m)."),
  critical: z
    .array(z.string().min(3))
    .min(1)
    .prefault([...CRITICAL_SIGNATURES])
    .describe("Texts that must not appear in the new version's log at any severity, unless they did before."),
});
type Args = z.infer<typeof argsSchema>;

export const checkLogs: CheckKind<Args> = {
  uses: "check-logs",
  summary: "Judges the errors that the new version logs, by signature, against those of the old one.",
  args: argsSchema,
  platforms: ["cloud-run", "kubernetes"],
  needsServices: true,
  needs: ["google:logging.logEntries.list"],
  defaultTimeoutMs: 60 * MINUTE,
  settleMs: LOG_DELAY_MS,
  preflight: (context) => logFindings(context, { log: "application" }),
  turn: (context) => gateTurn(checkLogs, context, context.args.for),
  look: (context) => lookAtEach(context, "check-logs", lookAtService),
};

async function lookAtService(context: LookContext<Args>, service: StepService): Promise<Looked> {
  const { name, target, switched } = service;
  const row = { check: context.check, uses: "check-logs", service: name };
  if (switched === undefined) return { ...row, ...unmeasured("it has not switched to what this run deployed") };
  const readyAt = baselineReadyAt(switched, LOG_DELAY_MS);
  if (context.now < readyAt) return { ...row, ...unmeasured(`its baseline is complete at ${clockTime(readyAt)}`) };
  const { critical } = context.args;
  const before = await signaturesBefore(context, name, target, switched, critical);
  const after = await signaturesAfter(context, name, target, switched, before, critical);
  const counted = { before, after, switchedAt: switched.at, horizonMs: context.horizonMs };
  const facts: SignatureFacts = {
    ...counted,
    judgedServices: context.judgedServices,
    candidateEntries: await entriesOf(context, name, target, switched, watchedSpan(counted)),
  };
  const evidence = evidenceOfSignatures(facts);
  const judged = judgeErrors(evidence);
  const span = watchedSpan(facts);
  return {
    ...row,
    ...rowOf(facts, evidence, judged.judgement, critical),
    link: context.ports.logs.link({
      target,
      log: "application",
      since: span.from,
      until: span.until > span.from ? span.until : context.now,
      minSeverity: "ERROR",
      version: switched.to,
    }),
    evidence,
    judgement: digestOfVerdict(judged),
  };
}

/** Whether the new version logs at all: one page of any severity, asked for until there is enough. */
async function entriesOf(
  context: LookContext<Args>,
  service: string,
  target: ServiceTarget,
  switched: ServiceSwitch,
  span: { readonly from: LogQuery["since"]; readonly until: LogQuery["until"] },
): Promise<number> {
  if (span.until <= span.from) return 0;
  const key = `${service}/entries`;
  const known = enoughSchema.safeParse(await context.loadSample(key));
  if (known.success && known.data.to === switched.to) return known.data.entries;
  const query = { target, log: "application", since: span.from, until: span.until, version: switched.to } as const;
  const { logs } = context.ports;
  let entries = (await logs.page(query, undefined, context.signal)).records.length;
  if (entries < ENOUGH_ENTRIES && target.platform === "cloud-run") {
    entries += (await logs.page({ ...query, log: "requests" }, undefined, context.signal)).records.length;
  }
  if (entries >= ENOUGH_ENTRIES) await context.saveSample(key, { to: switched.to, entries });
  return entries;
}

const ENOUGH_ENTRIES = 20;
const enoughSchema = z.strictObject({ to: z.string(), entries: z.number() });

type Row = Pick<CheckResult, "verdict" | "value" | "baseline" | "sample" | "completeUntil" | "because" | "groups">;

function rowOf(facts: SignatureFacts, evidence: JudgeEvidence, judgement: Judgement, texts: readonly string[]): Row {
  const critical = judgement.streams.find((stream) => stream.kind === "critical");
  const signatures = judgement.streams.filter((stream) => stream.kind === "signature");
  const seen = signatures.filter((stream) => stream.candidate.errors > 0);
  const early = criticalGroups(facts, judgement, texts);
  const known = seen.filter((stream) => stream.baseline.errors > 0).length;
  const fresh = seen.length - known + early.filter(({ kind }) => kind === "new").length;
  const past = signatures.filter((stream) => stream.baseline.errors > 0).length;
  const span = watchedSpan(facts);
  const length = formatDuration(msBetween(span.from, span.until));
  const entries = evidence.candidateEntries === "unknown" ? 0 : evidence.candidateEntries;
  return {
    verdict: judgement.verdict,
    value: `${count(critical?.candidate.errors ?? 0)} critical (${named(texts)}), ${known} known and ${fresh} new signatures`,
    baseline: `${count(critical?.baseline.errors ?? 0)} critical, ${past} ${past === 1 ? "signature" : "signatures"} over ${formatDuration((critical?.baseline.minutes ?? 0) * MINUTE)}`,
    sample: `at least ${count(entries)} log entries in ${length}`,
    completeUntil: facts.after.until,
    because: judgement.because,
    groups: [...early, ...groupsOf(facts, judgement)].slice(0, MAX_GROUPS),
  };
}

/** What "critical" means here: "ImportError, ModuleNotFoundError, cannot import name and 4 more". */
function named(texts: readonly string[]): string {
  const shown = texts.slice(0, 3).join(", ");
  return texts.length > 3 ? `${shown} and ${texts.length - 3} more` : shown;
}

/** Before the switch has settled no signature is judged yet, but a critical one is: it is shown from its first line on. */
function criticalGroups(
  { before, after }: SignatureFacts,
  judgement: Judgement,
  texts: readonly string[],
): GroupFinding[] {
  const critical = judgement.streams.find((stream) => stream.kind === "critical");
  const judged = judgement.streams.filter(({ kind, candidate }) => kind === "signature" && candidate.errors > 0);
  if (critical === undefined || critical.candidate.errors === 0) return [];
  const errors = (counts: Counts): number => sum(counts.map(([, number]) => number));
  return after.signatures.names
    .filter((group) => !judged.some((stream) => stream.group === group))
    .flatMap((group): GroupFinding[] => {
      const example = after.signatures.example(group);
      const now = errors(after.signatures.counts(group));
      const then = errors(before.signatures.counts(group));
      const text = `${group} ${example ?? ""}`.toLowerCase();
      if (now === 0 || !texts.some((one) => text.includes(one.toLowerCase()))) return [];
      return [
        {
          group,
          kind: then === 0 ? "new" : "risen",
          baseline: { errors: then, requests: "unknown", minutes: critical.baseline.minutes },
          candidate: { errors: now, requests: "unknown", minutes: critical.candidate.minutes },
          ...(example === undefined ? {} : { example }),
        },
      ];
    });
}

function groupsOf({ before, after }: SignatureFacts, judgement: Judgement): GroupFinding[] {
  return judgement.streams
    .filter((stream) => stream.kind === "signature" && stream.candidate.errors > 0)
    .toSorted((a, b) => b.lnEFail - a.lnEFail || b.candidate.errors - a.candidate.errors)
    .slice(0, MAX_GROUPS)
    .map((stream) => {
      const example = after.signatures.example(stream.group) ?? before.signatures.example(stream.group);
      const { errors, minutes } = stream.baseline;
      return {
        group: stream.group,
        kind: kindOf(stream),
        baseline: { errors, requests: "unknown", minutes },
        candidate: { errors: stream.candidate.errors, requests: "unknown", minutes: stream.candidate.minutes },
        ...(example === undefined ? {} : { example }),
      };
    });
}
