/** `check-pods`: judges the pods of workloads as they are now: ready, restarts since the switch, crash loops, leftovers. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { PortFailure } from "../model/error.ts";
import { MINUTE, msBetween } from "../model/time.ts";
import type { CheckResult, Verdict } from "../model/verdict.ts";
import type { Pod } from "../ports/kubernetes.ts";
import { currentRevision, digestsOf, type WorkloadView } from "../ports/kubernetes-rollout.ts";
import { gateTurn } from "./gate.ts";
import { failureGroup, POD_NEEDS, podEvidence, tellFailure, workloadLink } from "./pod-evidence.ts";
import { failureOf, type PodFailure, showSymptoms } from "./pod-failures.ts";
import { countRestarts, type RestartSample, restartSampleSchema, restartsOf, totalRestarts } from "./pod-restarts.ts";
import type { CheckKind, LookContext, StepService } from "./step.ts";
import { kubernetesService, podsProblem, preflightWorkloads, viewWorkload } from "./workload-view.ts";

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

async function lookAt(context: Context, service: StepService): Promise<CheckResult> {
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

type Judged = Omit<CheckResult, "check" | "uses" | "service" | "baseline">;

interface Findings {
  readonly hash: string;
  readonly wanted: number;
  /** Live pods of the version that is judged. */
  readonly pods: readonly Pod[];
  readonly ready: number;
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
  const evidence = await context.putEvidence(evidenceOf(findings));
  return { ...(await verdictOf(context, service, findings)), ...shown(findings), evidence };
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
  const restarts = countRestarts(before, pods, service.switched?.rolloutStartedAt ?? context.now);
  await context.saveSample(key, restarts);
  return {
    hash,
    wanted: view.workload.replicas.wanted,
    pods,
    ready: pods.filter(({ ready }) => ready).length,
    // Restarts from before the switch are no evidence against it; a state that lasts is.
    failures: pods.flatMap((pod) => failureOf(pod, context.now, ({ name }) => restartsOf(restarts, pod, name)) ?? []),
    restarts,
    others: live.filter(({ templateHash }) => templateHash !== hash),
  };
}

async function verdictOf(
  context: Context,
  service: StepService,
  findings: Findings,
): Promise<Pick<CheckResult, "verdict" | "because" | "platformFailure" | "groups">> {
  const { failures, pods, ready, wanted, hash } = findings;
  const failing = { verdict: "fail", ...(service.switched === undefined ? {} : { platformFailure: true }) } as const;
  const [first] = failures;
  if (first !== undefined) {
    const { target } = kubernetesService(service);
    const evidence = await podEvidence(context.ports.kubernetes, target, first, context.signal);
    const minutes = msBetween(service.switched?.at ?? first.pod?.createdAt ?? context.now, context.now) / MINUTE;
    return {
      ...failing,
      because: `${failures.length} of ${pods.length} pods fail: ${tellFailure(first, evidence)} (try: ${first.advice})`,
      groups: [failureGroup(first, failures.length, minutes, evidence)],
    };
  }
  if (pods.length === 0) {
    const because = `no pod runs ${hash} any more; ${findings.others.length} run something else`;
    return { verdict: "inconclusive", because };
  }
  if (ready === 0) return { ...failing, because: `none of its ${pods.length} pods is ready` };
  const symptoms = symptomsOf(findings);
  if (symptoms.length > 0) return { verdict: "warn", because: symptoms.join("; ") };
  const since = service.switched === undefined ? "while it was watched" : "since the switch";
  return {
    verdict: "pass" satisfies Verdict,
    because: `all ${wanted} wanted pods of ${hash} are ready; no restart ${since}`,
  };
}

/** What is no proof of harm, and no pass either. */
function symptomsOf({ pods, ready, wanted, restarts, others }: Findings): readonly string[] {
  const count = totalRestarts(restarts);
  const last = pods.flatMap(({ containers }) => containers).find(({ lastTerminated }) => lastTerminated !== undefined);
  const reason = last?.lastTerminated === undefined ? "" : `, the last: ${last.lastTerminated.reason}`;
  const pending = showSymptoms(pods);
  const mixed = Object.entries(digestsOf(pods)).filter(([, digests]) => digests.length > 1);
  return [
    ...(count > 0 ? [`${plural(count, "restart")} since the switch${reason}`] : []),
    ...(ready < wanted ? [`${ready} of ${wanted} wanted pods are ready${pending === "" ? "" : ` (${pending})`}`] : []),
    ...(others.length > 0
      ? [`${plural(others.length, "pod")} of another version still ${others.length === 1 ? "runs" : "run"}`]
      : []),
    ...mixed.map(([container, digests]) => `${container} runs ${digests.length} different images under one tag`),
  ];
}

function shown({ pods, ready, wanted, restarts, failures }: Findings): Pick<CheckResult, "value" | "sample"> {
  const loops = failures.filter(({ reason }) => /^(CrashLoopBackOff|crash loop)/.test(reason)).length;
  return {
    value: `${ready}/${wanted} pods ready, ${plural(totalRestarts(restarts), "restart")}, ${plural(loops, "crash loop")}`,
    sample: plural(pods.length, "pod"),
  };
}

function evidenceOf({
  hash,
  wanted,
  pods,
  restarts,
  others,
  failures,
}: Findings): Parameters<Context["putEvidence"]>[0] {
  return {
    uses: "check-pods",
    version: hash,
    wanted,
    restartsInGonePods: restarts.gone,
    otherVersions: others.length,
    failures: failures.map(({ pod, text }) => ({ pod: pod?.name ?? "", text })),
    pods: pods.map((pod) => ({
      name: pod.name,
      ready: pod.ready,
      phase: pod.phase,
      containers: pod.containers.map(({ name, digest, restarts: count }) => ({
        name,
        digest: digest ?? "unknown",
        restarts: count,
        restartsSinceSwitch: restartsOf(restarts, pod, name),
      })),
    })),
  };
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
