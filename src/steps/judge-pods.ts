/** The verdict on the pods of one workload, from what was seen of them and nothing else: pure, so that it can be repeated later. */
import { z } from "zod";
import type { CheckResult } from "../model/verdict.ts";

const containerSchema = z.strictObject({
  name: z.string(),
  digest: z.string(),
  restarts: z.number(),
  restartsSinceSwitch: z.number(),
  /** Why it last ended, where it ever did. */
  lastEnd: z.string().exactOptional(),
  init: z.literal(true).exactOptional(),
});

/** What `check-pods` stores: live pods of the judged version, and the signs that were found in them. */
export const podsEvidenceSchema = z.strictObject({
  uses: z.literal("check-pods"),
  version: z.string(),
  wanted: z.number(),
  /** This run switched it: its failures are the new version's. */
  switched: z.boolean(),
  restartsInGonePods: z.number(),
  otherVersions: z.number(),
  /** How many of them are ready: they still serve. */
  otherVersionsReady: z.number().exactOptional(),
  /** Positive signs against the version; `told` is the first one's sentence, with the pod's own words. */
  failures: z.array(
    z.strictObject({
      pod: z.string(),
      reason: z.string(),
      text: z.string(),
      advice: z.string(),
      told: z.string().exactOptional(),
    }),
  ),
  /** What pods that are not ready wait for. */
  pending: z.string(),
  pods: z.array(
    z.strictObject({
      name: z.string(),
      ready: z.boolean(),
      /** Not ready, and younger than a pod of this workload may take to start. */
      starting: z.literal(true).exactOptional(),
      phase: z.string(),
      containers: z.array(containerSchema),
    }),
  ),
});
export type PodsEvidence = z.infer<typeof podsEvidenceSchema>;

export type PodsVerdict = Pick<CheckResult, "verdict" | "because" | "platformFailure" | "value" | "sample">;

export function judgePods(evidence: PodsEvidence): PodsVerdict {
  return { ...shown(evidence), ...verdictOf(evidence) };
}

function verdictOf(evidence: PodsEvidence): Pick<PodsVerdict, "verdict" | "because" | "platformFailure"> {
  const { failures, pods, wanted, version, switched, otherVersions, otherVersionsReady: otherReady = 0 } = evidence;
  const failing = { verdict: "fail", ...(switched ? { platformFailure: true } : {}) } as const;
  const [first] = failures;
  if (first !== undefined) {
    const told = first.told ?? first.text;
    return { ...failing, because: `${failures.length} of ${pods.length} pods fail: ${told} (try: ${first.advice})` };
  }
  if (pods.length === 0) {
    return {
      verdict: "inconclusive",
      because: `no pod runs ${version} any more; ${otherVersions} run something else`,
    };
  }
  const underWay = rolloutUnderWay(evidence);
  if (underWay !== undefined) return { verdict: "inconclusive", because: underWay };
  if (readyOf(evidence) === 0) {
    const because = `none of its ${pods.length} pods is ready`;
    if (switched || otherReady === 0) return { ...failing, because };
    return { verdict: "warn", because: `${because}; ${plural(otherReady, "pod")} of another version still serve` };
  }
  const symptoms = symptomsOf(evidence);
  if (symptoms.length > 0) return { verdict: "warn", because: symptoms.join("; ") };
  const since = switched ? "since the switch" : "while it was watched";
  return { verdict: "pass", because: `all ${wanted} wanted pods of ${version} are ready; no restart ${since}` };
}

/** Pods of a version that nobody has reported as switched, which are still within their time to start, prove nothing yet. */
function rolloutUnderWay({ switched, pods, wanted, version, otherVersions }: PodsEvidence): string | undefined {
  const starting = pods.filter((pod) => pod.starting === true).length;
  if (switched || starting === 0 || (otherVersions === 0 && starting < pods.length)) return undefined;
  const others = otherVersions === 0 ? "" : `, ${plural(otherVersions, "pod")} of another version`;
  const ready = pods.filter((pod) => pod.ready).length;
  return `its rollout is under way: ${ready} of ${wanted} wanted pods of ${version} ready, ${starting} starting${others}`;
}

/** What is no proof of harm, and no pass either. */
function symptomsOf(evidence: PodsEvidence): readonly string[] {
  const { wanted, otherVersions, pending } = evidence;
  const [count, ready] = [restartsOf(evidence), readyOf(evidence)];
  const lastEnd = evidence.pods
    .flatMap(({ containers }) => containers)
    .find((one) => one.lastEnd !== undefined)?.lastEnd;
  const reason = lastEnd === undefined ? "" : `, the last: ${lastEnd}`;
  return [
    ...(count > 0 ? [`${plural(count, "restart")} since the switch${reason}`] : []),
    ...(ready < wanted ? [`${ready} of ${wanted} wanted pods are ready${pending === "" ? "" : ` (${pending})`}`] : []),
    ...(otherVersions > 0
      ? [`${plural(otherVersions, "pod")} of another version still ${otherVersions === 1 ? "runs" : "run"}`]
      : []),
    ...mixedImages(evidence),
  ];
}

/** One tag, two images: some pods pulled before it moved, and some after. */
function mixedImages({ pods }: PodsEvidence): readonly string[] {
  const digests = new Map<string, Set<string>>();
  for (const { name, digest, init } of pods.flatMap(({ containers }) => containers)) {
    if (digest !== "unknown" && init !== true) digests.set(name, (digests.get(name) ?? new Set()).add(digest));
  }
  return [...digests]
    .filter(([, images]) => images.size > 1)
    .map(([container, images]) => `${container} runs ${images.size} different images under one tag`);
}

function shown(evidence: PodsEvidence): Pick<PodsVerdict, "value" | "sample"> {
  const loops = evidence.failures.filter(({ reason }) => /^(CrashLoopBackOff|crash loop)/.test(reason)).length;
  const restarts = plural(restartsOf(evidence), "restart");
  return {
    value: `${readyOf(evidence)}/${evidence.wanted} pods ready, ${restarts}, ${plural(loops, "crash loop")}`,
    sample: plural(evidence.pods.length, "pod"),
  };
}

function readyOf({ pods }: PodsEvidence): number {
  return pods.filter(({ ready }) => ready).length;
}

function restartsOf({ pods, restartsInGonePods }: PodsEvidence): number {
  const all = pods.flatMap(({ containers }) => containers);
  return all.reduce((sum, { restartsSinceSwitch }) => sum + restartsSinceSwitch, restartsInGonePods);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
