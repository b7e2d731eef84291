/** `rollout-status`: waits until workloads run what this run deployed; proves that it is new. Changes nothing itself. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import type { KubernetesTarget } from "../model/service.ts";
import {
  formatDuration,
  HOUR,
  type Instant,
  instantSchema,
  latest,
  MINUTE,
  msBetween,
  plusMs,
  SECOND,
} from "../model/time.ts";
import { rolloutBudgetMs, type WorkloadView } from "../ports/kubernetes-rollout.ts";
import { viewWorkload } from "../ports/view-workload.ts";
import { kubernetesService, podsProblem, preflightWorkloads } from "./kubernetes-services.ts";
import { failureGroup, POD_NEEDS, podEvidence, tellFailure, workloadLink } from "./pod-evidence.ts";
import { failingStage, type Stage, stageOf } from "./rollout-stage.ts";
import { toldStalls } from "./rollout-stalls.ts";
import type { Finding, PreflightContext, StepContext, StepKind, StepOutcome, StepService } from "./step.ts";

const argsSchema = z.strictObject({
  "appear-within": durationSchema
    .prefault("5m")
    .describe("How long to wait for the first sign of a new version before it is called a silent no-op (default 5m)."),
});
type Args = z.infer<typeof argsSchema>;

/** Per service: the last counts and when they moved; `switched` once its switch was reported. */
const memoSchema = z.record(
  z.string(),
  z.strictObject({ text: z.string(), movedAt: instantSchema, switched: z.string().exactOptional() }),
);
type Memo = z.infer<typeof memoSchema>;

/** A roll that stands still this much longer than one pod's start is stuck. */
const STILL_MS = 10 * MINUTE;

export const rolloutStatus: StepKind<Args> = {
  uses: "rollout-status",
  summary: "Waits until each Kubernetes workload has rolled out something new; fails early when its new pods do.",
  args: argsSchema,
  platforms: ["kubernetes"],
  needsServices: true,
  needs: POD_NEEDS,
  defaultTimeoutMs: HOUR,
  preflight,
  turn,
};

function preflight(context: PreflightContext<Args>): Promise<readonly Finding[]> {
  return preflightWorkloads(context, (view) => rolloutProblem(view) ?? podsProblem(view));
}

function rolloutProblem({ workload }: WorkloadView): string | undefined {
  const { paused, strategy, partition, replicas } = workload;
  if (paused) return "is paused: a rollout would never finish";
  if (strategy === "OnDelete") return "is updated OnDelete: a rollout waits until somebody deletes its pods";
  if (partition > 0 && partition >= replicas.wanted)
    return `has the partition ${partition} of ${replicas.wanted} pods: a rollout would reach none`;
  return undefined;
}

interface Look {
  readonly service: StepService;
  readonly stage: Stage | { readonly kind: "reported"; readonly text: string };
  readonly memo: Memo[string];
  readonly deadline: Instant | undefined;
}

async function turn(context: StepContext<Args>): Promise<StepOutcome> {
  const memo = memoSchema.parse(context.memo ?? {});
  const looks = await Promise.all(context.services.map((service) => look(context, service, memo[service.name])));
  const switched = looks.flatMap(({ stage }) => (stage.kind === "done" ? [stage.change] : []));
  const summary = looks.map(({ service, stage }) => `${service.name}: ${stage.text}`).join("; ");
  const next: Memo = Object.fromEntries(looks.map(({ service, memo: after }) => [service.name, after]));
  const deadline = latest(looks.flatMap(({ deadline: own }) => own ?? []));
  const wait = {
    kind: "waiting",
    for: summary,
    memo: next,
    ...(deadline === undefined ? {} : { deadline }),
    ...(switched.length > 0 ? { switched } : {}),
  } as const;
  const refusal = await refusalOf(context, looks);
  // A refusal cannot carry switches: what switched in this very turn is reported first.
  if (refusal !== undefined && switched.length === 0) return refusal;
  if (refusal !== undefined) return { ...wait, lookAt: plusMs(context.now, SECOND) };
  const isOver = looks.every(({ stage }) => stage.kind === "done" || stage.kind === "reported");
  if (!isOver) return { ...wait, lookAt: nextLook(context) };
  return { kind: "done", summary, output: outputOf(next), ...(switched.length > 0 ? { switched } : {}) };
}

async function look(context: StepContext<Args>, service: StepService, memo: Memo[string] | undefined): Promise<Look> {
  if (memo?.switched !== undefined) {
    return { service, stage: { kind: "reported", text: memo.text }, memo, deadline: undefined };
  }
  const { target, before } = kubernetesService(service);
  const view = await viewWorkload(context.ports.kubernetes, target, context.signal);
  const seen = stageOf(service.name, before, view, context.now);
  const stage = await withStalls(context, target, seen, memo);
  const isMoving = memo === undefined || memo.text !== stage.text;
  const movedAt = isMoving ? context.now : memo.movedAt;
  return {
    service,
    stage,
    memo: { text: stage.text, movedAt, ...(stage.kind === "done" ? { switched: stage.change.to } : {}) },
    deadline: deadlineOf(context, view, movedAt),
  };
}

/** What stands still is asked for its events: they know of quotas and nodes. */
async function withStalls(
  context: StepContext<Args>,
  target: KubernetesTarget,
  stage: Stage,
  memo: Memo[string] | undefined,
): Promise<Stage> {
  if (stage.kind !== "rolling") return stage;
  const { now, signal, ports } = context;
  const since = memo?.text === stage.text ? memo.movedAt : now;
  const stalls = await toldStalls(ports.kubernetes, target, stage.fresh, since, now, signal);
  return stalls.length > 0 ? failingStage(stalls, stage.fresh) : stage;
}

/** Never in the middle of a roll that still moves, however long it takes. */
function deadlineOf({ startedAt }: StepContext<Args>, { workload }: WorkloadView, movedAt: Instant): Instant {
  const budget = plusMs(startedAt, rolloutBudgetMs(workload));
  const patience = plusMs(movedAt, workload.startupBudgetMs + STILL_MS);
  return budget > patience ? budget : patience;
}

async function refusalOf(context: StepContext<Args>, looks: readonly Look[]): Promise<StepOutcome | undefined> {
  for (const { service, stage } of looks) {
    if (stage.kind === "failing") return failed(context, service, stage);
  }
  const appearMs = context.args["appear-within"];
  if (msBetween(context.startedAt, context.now) < appearMs) return undefined;
  for (const { service, stage } of looks) {
    if (stage.kind !== "unchanged") continue;
    const because =
      `${service.name}: a silent no-op: the workload still runs ${stage.running}, ` +
      `and nothing new has appeared within ${formatDuration(appearMs)}`;
    return { kind: "refused", because };
  }
  return undefined;
}

async function failed(
  context: StepContext<Args>,
  service: StepService,
  stage: Extract<Stage, { kind: "failing" }>,
): Promise<StepOutcome> {
  const { target, before } = kubernetesService(service);
  const [first] = stage.failures;
  if (first === undefined) throw new TypeError("a failing stage names its failures");
  const evidence = await podEvidence(context.ports.kubernetes, target, first, context.signal, context.redaction);
  const because = `${stage.text}: ${tellFailure(first, evidence)} (try: ${first.advice})`;
  const minutes = msBetween(before.takenAt, context.now) / MINUTE;
  return {
    kind: "refused",
    verdict: "fail",
    because: `${service.name}: ${because}`,
    ...workloadLink(target),
    results: [
      {
        check: context.step.id,
        uses: "rollout-status",
        service: service.name,
        verdict: "fail",
        platformFailure: true,
        value:
          first.pod === undefined ? first.reason : `${stage.failures.length}/${stage.pods} new pods: ${first.reason}`,
        baseline: "none",
        sample: `${stage.pods} new pods`,
        because,
        ...workloadLink(target),
        groups: [failureGroup(first, stage.failures.length, minutes, evidence)],
      },
    ],
  };
}

/** Template hashes by service; `template` alone where there is but one service. */
function outputOf(memo: Memo): Readonly<Record<string, string>> {
  const hashes = Object.entries(memo).map(([service, { switched }]) => [service, switched ?? ""] as const);
  const [only] = hashes;
  return { ...Object.fromEntries(hashes), ...(hashes.length === 1 && only !== undefined ? { template: only[1] } : {}) };
}

/** Every 5 s in the first minute, then 10 s, after ten minutes 20 s; a tenth of jitter. */
function nextLook(context: StepContext<Args>): Instant {
  const waited = msBetween(context.startedAt, context.now);
  const pause = waited < MINUTE ? 5 * SECOND : waited < 10 * MINUTE ? 10 * SECOND : 20 * SECOND;
  return plusMs(context.now, Math.round(pause * (0.9 + 0.2 * context.random())));
}
