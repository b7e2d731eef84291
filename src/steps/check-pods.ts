/** `check-pods`: judges the pods of workloads as they are now: ready, restarts since the switch, crash loops, leftovers. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { PortFailure } from "../model/error.ts";
import { type Instant, MINUTE, msBetween } from "../model/time.ts";
import type { CheckResult } from "../model/verdict.ts";
import type { Pod } from "../ports/kubernetes.ts";
import { currentRevision, PLACING_MS, type WorkloadView } from "../ports/kubernetes-rollout.ts";
import { viewWorkload } from "../ports/view-workload.ts";
import { gateTurn } from "./gate.ts";
import { judgePods, type PodsEvidence } from "./judge-pods.ts";
import { kubernetesService, podsProblem, preflightWorkloads } from "./kubernetes-services.ts";
import { failureGroup, POD_NEEDS, podEvidence, tellFailure, workloadLink } from "./pod-evidence.ts";
import { failureOf, type PodFailure, showSymptoms } from "./pod-failures.ts";
import { countRestarts, type RestartSample, restartSampleSchema, restartsOf } from "./pod-restarts.ts";
import type { CheckKind, LookContext, Looked, StepService } from "./step.ts";

const argsSchema = z.strictObject({
  for: durationSchema
    .prefault("0s")
    .describe("As a step: how long to go on looking (default: until all pods are ready)."),
});
type Args = z.infer<typeof argsSchema>;
type Context = LookContext<Args>;

export const checkPods: CheckKind<Args> = {
  uses: "check-pods",
  summary:
    "Judges the pods of Kubernetes workloads: ready ones, restarts since the switch, crash loops, old pods left.",
  args: argsSchema,
  platforms: ["kubernetes"],
  needsServices: true,
  needs: POD_NEEDS,
  defaultTimeoutMs: 30 * MINUTE,
  settleMs: 0,
  preflight: (context) => preflightWorkloads(context, podsProblem),
  turn: (context) => gateTurn(checkPods, context, context.args.for),
  look: (context) => Promise.all(context.services.map((service) => lookAt(context, service))),
};

async function lookAt(context: Context, service: StepService): Promise<Looked> {
  const { target } = kubernetesService(service);
  const base = {
    check: context.check,
    uses: "check-pods",
    service: service.name,
    baseline: "none",
    ...workloadLink(target),
  };
  try {
    const view = await viewWorkload(context.ports.kubernetes, target, context.signal);
    return { ...base, ...(await judge(context, service, view)) };
  } catch (error) {
    // One workload that cannot be read says nothing about the others.
    if (!(error instanceof PortFailure) || error.kind === "aborted") throw error;
    return { ...base, verdict: "inconclusive", value: "unknown", sample: "0 pods", because: error.message };
  }
}

type Judged = Omit<Looked, "check" | "uses" | "service" | "baseline">;

interface Findings {
  readonly hash: string;
  readonly wanted: number;
  /** Names of pods that may still be starting. */
  readonly starting: ReadonlySet<string>;
  /** Live pods of the version that is judged. */
  readonly pods: readonly Pod[];
  readonly failures: readonly PodFailure[];
  readonly restarts: RestartSample;
  /** Live pods of other versions. */
  readonly others: readonly Pod[];
}

async function judge(context: Context, service: StepService, view: WorkloadView): Promise<Judged> {
  const hash = service.switched?.to ?? currentRevision(view)?.templateHash;
  const unseen = { value: "unknown", sample: "0 pods", verdict: "inconclusive" } as const;
  if (hash === undefined) return { ...unseen, because: "its last change is not observed by the cluster yet" };
  if (view.workload.replicas.wanted === 0)
    return { ...unseen, because: "it is scaled to zero: there is nothing to observe" };
  if (view.pods.length === 0) {
    return {
      ...unseen,
      because: `its selector ${view.workload.selector} matches no pods, though ${view.workload.replicas.wanted} are wanted`,
    };
  }
  const findings = await findingsOf(context, service, view, hash);
  const failed = await wordsOfFailure(context, service, findings);
  const evidence = evidenceOf(findings, service.switched !== undefined, failed?.told);
  return { ...judgePods(evidence), evidence, ...(failed === undefined ? {} : { groups: [failed.group] }) };
}

async function findingsOf(context: Context, service: StepService, view: WorkloadView, hash: string): Promise<Findings> {
  // A pod that failed and was replaced (evicted) is gone; everything else that is not on its way out counts.
  const live = view.pods.filter(
    ({ terminating, phase }) => !terminating && phase !== "Failed" && phase !== "Succeeded",
  );
  const pods = live.filter(({ templateHash }) => templateHash === hash);
  const key = `pods:${service.name}:${hash}`;
  const stored = await context.loadSample(key);
  const before = stored === undefined ? undefined : restartSampleSchema.parse(stored);
  // Without a switch, too, pods that were made since the run began are its roll's, or at least have no older restarts.
  const newSince = service.switched?.rolloutStartedAt ?? kubernetesService(service).before.takenAt;
  const restarts = countRestarts(before, pods, newSince);
  await context.saveSample(key, restarts);
  return {
    hash,
    wanted: view.workload.replicas.wanted,
    starting: startingOf(pods, view.workload.startupBudgetMs + PLACING_MS, context.now),
    pods,
    // Restarts from before the switch are no evidence against it; a state that lasts is.
    failures: pods.flatMap((pod) => failureOf(pod, context.now, ({ name }) => restartsOf(restarts, pod, name)) ?? []),
    restarts,
    others: live.filter(({ templateHash }) => templateHash !== hash),
  };
}

function startingOf(pods: readonly Pod[], budgetMs: number, now: Instant): ReadonlySet<string> {
  const starting = pods.filter(
    ({ ready, scheduledAt, createdAt }) => !ready && msBetween(scheduledAt ?? createdAt, now) < budgetMs,
  );
  return new Set(starting.map(({ name }) => name));
}

/** What the first failing pod says of itself, as a sentence and as a finding. */
async function wordsOfFailure(
  context: Context,
  service: StepService,
  { failures: [first, ...others] }: Findings,
): Promise<{ readonly told: string; readonly group: NonNullable<CheckResult["groups"]>[number] } | undefined> {
  if (first === undefined) return undefined;
  const { target } = kubernetesService(service);
  const words = await podEvidence(context.ports.kubernetes, target, first, context.signal, context.redaction);
  const minutes = msBetween(service.switched?.at ?? first.pod?.createdAt ?? context.now, context.now) / MINUTE;
  return { told: tellFailure(first, words), group: failureGroup(first, 1 + others.length, minutes, words) };
}

function evidenceOf(findings: Findings, switched: boolean, told: string | undefined): PodsEvidence {
  const { hash, wanted, starting, pods, restarts, others, failures } = findings;
  return {
    uses: "check-pods",
    version: hash,
    wanted,
    switched,
    restartsInGonePods: restarts.gone,
    otherVersions: others.length,
    otherVersionsReady: others.filter(({ ready }) => ready).length,
    failures: failures.map(({ pod, reason, text, advice }, index) => ({
      pod: pod?.name ?? "",
      reason,
      text,
      advice,
      ...(index === 0 && told !== undefined ? { told } : {}),
    })),
    pending: showSymptoms(pods),
    pods: pods.map((pod) => ({
      name: pod.name,
      ready: pod.ready,
      ...(starting.has(pod.name) ? { starting: true } : {}),
      phase: pod.phase,
      containers: pod.containers.map(({ name, digest, init, restarts: count, lastTerminated }) => ({
        name,
        digest: digest ?? "unknown",
        restarts: count,
        restartsSinceSwitch: restartsOf(restarts, pod, name),
        ...(init ? { init: true } : {}),
        ...(lastTerminated === undefined ? {} : { lastEnd: lastTerminated.reason }),
      })),
    })),
  };
}
