/** Kubernetes as a platform: what runs, what was running, and putting it back. Judges no health. */
import { PortFailure } from "../model/error.ts";
import type { KubernetesSnapshot, KubernetesTarget, Restorable } from "../model/service.ts";
import type { Instant } from "../model/time.ts";
import type { Workload } from "../ports/kubernetes.ts";
import { commitOfImages, currentRevision, digestsOf, livePods, servingHash } from "../ports/kubernetes-rollout.ts";
import type { Ports } from "../ports/ports.ts";
import { viewWorkload } from "../ports/view-workload.ts";
import { movingImages, restoreKubernetes } from "./kubernetes-restore.ts";
import type { Platform } from "./platform.ts";

export const kubernetesPlatform: Platform<KubernetesTarget, KubernetesSnapshot> = {
  needs: ({ kind }) => ({
    capture: ["kubernetes:workload=get", "kubernetes:revisions=list", "kubernetes:pods=list"],
    restore: ["kubernetes:workload=patch", ...(kind === "StatefulSet" ? (["kubernetes:pods=delete"] as const) : [])],
  }),
  capture,
  serving: async (target, ports, signal) => servingHash(await viewWorkload(ports.kubernetes, target, signal)),
  versionOf: (snapshot) => snapshot.templateHash,
  restore: async (context) =>
    restoreKubernetes(context, await viewWorkload(context.ports.kubernetes, context.target, context.signal)),
};

async function capture(
  target: KubernetesTarget,
  ports: Ports,
  now: Instant,
  signal: AbortSignal,
): Promise<KubernetesSnapshot> {
  const view = await viewWorkload(ports.kubernetes, target, signal);
  const { workload } = view;
  const hash = servingHash(view);
  const digests = digestsOf(livePods(view).filter(({ templateHash }) => hash === "mixed" || templateHash === hash));
  const helm = await helmRelease(target, ports, workload);
  const commit = commitOfImages(workload.images);
  const seen = {
    generation: workload.generation,
    revision: workload.revision,
    ...(hash === "mixed" ? {} : { templateHash: hash }),
    images: workload.images,
    digests: Object.fromEntries(Object.entries(digests).map(([name, list]) => [name, [...list]])),
    manager: workload.manager,
    ...(workload.release === undefined ? {} : { release: workload.release }),
    ...(helm.revision === undefined ? {} : { releaseRevision: helm.revision }),
  };
  return {
    platform: "kubernetes",
    takenAt: now,
    ...seen,
    replicas: { wanted: workload.replicas.wanted, ready: workload.replicas.ready },
    ...(commit === undefined ? {} : { commit }),
    restorable: restorable({ ...seen, owner: workload.owner }, helm.problem, currentRevision(view) !== undefined),
  };
}

/** The Helm revision that is deployed now, or why it is not known. */
async function helmRelease(
  target: KubernetesTarget,
  ports: Ports,
  { manager, release }: Workload,
): Promise<{ revision?: number; problem?: string }> {
  if (manager !== "helm") return {};
  if (release === undefined) return { problem: "the workload does not name its release" };
  try {
    if ((await ports.helm.version()) === undefined) return { problem: "there is no helm here" };
    const deployed = (await ports.helm.history(target, release)).findLast(({ status }) => status === "deployed");
    return deployed === undefined
      ? { problem: `no revision of ${release} is deployed` }
      : { revision: deployed.revision };
  } catch (error) {
    if (error instanceof PortFailure) return { problem: error.message };
    throw error;
  }
}

type Seen = Pick<
  KubernetesSnapshot,
  "revision" | "templateHash" | "images" | "digests" | "manager" | "release" | "releaseRevision"
> & { readonly owner: string | undefined };

/** Who undoes what others change. */
const REVERTERS: Readonly<Partial<Record<Workload["manager"], string>>> = {
  "argo-cd": "Argo CD",
  flux: "Flux",
  "config-sync": "Config Sync",
};

function restorable(seen: Seen, helmProblem: string | undefined, isObserved: boolean): Restorable {
  const { manager, release, revision } = seen;
  const reverter = REVERTERS[manager];
  if (reverter !== undefined) {
    return { possible: false, because: `${reverter} applies it from Git and would undo a restoration: revert there` };
  }
  if (manager === "operator") {
    const because = `the operator of ${seen.owner ?? "its owner"} makes it, and would undo a restoration: revert there`;
    return { possible: false, because };
  }
  if (seen.templateHash === undefined || !isObserved) {
    return { possible: false, because: "a rollout is under way: no single version runs that could be put back" };
  }
  const moving = movingImages(seen.images);
  const unknown = moving.filter((container) => seen.digests[container]?.length !== 1);
  if (unknown.length > 0) {
    const what = `the tag of ${unknown.map((name) => seen.images[name]).join(", ")} moves`;
    return { possible: false, because: `${what}, and its pods run no single known digest to restore` };
  }
  const byDigest = moving.length > 0 ? `, ${moving.join(" and ")} by digest, because the tag moves` : "";
  if (manager === "helm" && moving.length === 0 && helmProblem === undefined) {
    return { possible: true, how: `helm rollback ${release ?? ""} ${seen.releaseRevision ?? ""}` };
  }
  const drift =
    manager === "helm"
      ? `; Helm${helmProblem === undefined ? "" : ` (${helmProblem})`} is not told and applies its own again on the next upgrade`
      : "";
  return {
    possible: true,
    how: `the pod template of revision ${revision}, guarded by its resourceVersion${byDigest}${drift}`,
  };
}
