/** One turn of putting a Kubernetes workload back: by Helm or by its recorded pod template, then verified by what runs. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { KubernetesSnapshot, KubernetesTarget } from "../model/service.ts";
import { instantSchema, plusMs, SECOND } from "../model/time.ts";
import {
  currentRevision,
  digestsOf,
  isRolledOut,
  livePods,
  progressText,
  rolloutBudgetMs,
  servingHash,
  type WorkloadView,
} from "../ports/kubernetes-rollout.ts";
import type { EffectSpec, RestoreOutcome } from "../steps/step.ts";
import type { RestoreContext } from "./platform.ts";

type Context = RestoreContext<KubernetesTarget, KubernetesSnapshot>;
type Effect = EffectSpec<{ generation: number }>;

/** Tags that people push again; a version or a commit as a tag is believed until the digests say otherwise. */
const MOVING_TAG =
  /^(latest|main|master|head|stable|current|release|prod|production|live|staging|stage|dev|development|edge|nightly|canary)$/i;
const LOOK_EVERY_MS = 10 * SECOND;

const memoSchema = z.strictObject({
  how: z.enum(["template", "helm", "pinned"]),
  since: instantSchema,
  deadline: instantSchema,
  generation: z.number(),
});
type Memo = z.infer<typeof memoSchema>;

/** Containers whose image is not named by a digest, and by a tag that moves or by none. */
export function movingImages(images: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(images)
    .filter(([, image]) => !image.includes("@") && MOVING_TAG.test(/:([^/:]+)$/.exec(image)?.[1] ?? "latest"))
    .map(([container]) => container);
}

export async function restoreKubernetes(context: Context, view: WorkloadView): Promise<RestoreOutcome> {
  const { snapshot } = context;
  const memo = memoSchema.safeParse(context.memo);
  if (memo.success) return verify(context, view, memo.data);
  if (runsSnapshot(view, snapshot, false)) {
    const pinned = isPinned(view, snapshot);
    return { kind: "restored", serving: servingHash(view), remarks: pinned ? pinRemarks(snapshot) : [] };
  }
  if (!snapshot.restorable.possible) return { kind: "refused", because: snapshot.restorable.because };
  const other = otherDeploy(context, view);
  if (other !== undefined) return { kind: "refused", because: other };
  const usesHelm = snapshot.releaseRevision !== undefined && movingImages(snapshot.images).length === 0;
  if (usesHelm) return begin(context, view, "helm", helmEffect(context, snapshot.releaseRevision ?? 0));
  const images = pinnedImages(snapshot, movingImages(snapshot.images));
  return begin(
    context,
    view,
    Object.keys(images).length > 0 ? "pinned" : "template",
    templateEffect(context, view, images),
  );
}

/** Somebody else's deploy serves: neither what the run deployed, nor what the snapshot has, nor a mixture with it. */
function otherDeploy({ switched, snapshot, target }: Context, view: WorkloadView): string | undefined {
  const serving = servingHash(view);
  if (switched === undefined || serving === "mixed") return undefined;
  if (serving === switched.to || serving === snapshot.templateHash || isPinned(view, snapshot)) return undefined;
  return `${target.name} now runs ${serving}, which is neither what this run deployed (${switched.to}) nor what ran before`;
}

async function begin(context: Context, view: WorkloadView, how: Memo["how"], effect: Effect): Promise<RestoreOutcome> {
  const { generation } = await context.effect(effect);
  const memo: Memo = {
    how,
    since: context.now,
    deadline: plusMs(context.now, rolloutBudgetMs(view.workload)),
    generation,
  };
  return wait(context, `${context.service}: ${effect.what}, then wait for its pods`, memo);
}

async function verify(context: Context, view: WorkloadView, memo: Memo): Promise<RestoreOutcome> {
  const { service, snapshot, now } = context;
  const { workload } = view;
  const isDone =
    isRolledOut(workload) && workload.observedGeneration >= memo.generation && servingHash(view) !== "mixed";
  if (isDone && runsSnapshot(view, snapshot, memo.how !== "template")) {
    return { kind: "restored", serving: servingHash(view), remarks: remarksOf(snapshot, memo.how) };
  }
  // The same tag, other digests: only now is it known that the tag has moved. By digest, then.
  if (isDone && memo.how !== "pinned" && !runsDigests(view, snapshot)) {
    const images = pinnedImages(snapshot, Object.keys(snapshot.images));
    if (Object.keys(images).length > 0) return begin(context, view, "pinned", templateEffect(context, view, images));
  }
  if (now >= memo.deadline) {
    const ran = isDone ? "what runs is not what ran before" : progressText(workload);
    return { kind: "refused", because: `${service} was not restored within its time: ${ran}` };
  }
  await removeBrokenPods(context, view, memo);
  return wait(context, `${service}: ${progressText(workload)}`, memo);
}

/** A StatefulSet waits for a broken pod to become ready before it replaces it, also by a template that works. */
async function removeBrokenPods({ target, ports, effect }: Context, view: WorkloadView, memo: Memo): Promise<void> {
  const current = currentRevision(view)?.templateHash;
  if (target.kind !== "StatefulSet" || current === undefined || view.workload.generation < memo.generation) return;
  const broken = livePods(view).filter(({ ready, templateHash }) => !ready && templateHash !== current);
  for (const { name, uid } of broken) {
    await effect({
      key: `remove-pod-${uid}`,
      what: `delete the broken pod ${name}, which its StatefulSet waits for`,
      find: async () => {
        const isThere = (await ports.kubernetes.pods(target)).some((pod) => pod.uid === uid && !pod.terminating);
        return isThere ? { found: false } : { found: true, result: { deleted: name } };
      },
      act: async () => {
        await ports.kubernetes.deletePod(target, { name, uid });
        return { deleted: name };
      },
    });
  }
}

function wait({ now }: Context, what: string, memo: Memo): RestoreOutcome {
  return { kind: "waiting", for: what, lookAt: plusMs(now, LOOK_EVERY_MS), memo };
}

/** `anyTemplate`: Helm, or a template with digests in it, need not give the very template back; the digests decide. */
function runsSnapshot(view: WorkloadView, snapshot: KubernetesSnapshot, anyTemplate: boolean): boolean {
  const serving = servingHash(view);
  if (serving === "mixed" || !isRolledOut(view.workload) || !runsDigests(view, snapshot)) return false;
  if (serving === snapshot.templateHash) return true;
  return (anyTemplate || isPinned(view, snapshot)) && knowsDigests(view, snapshot);
}

/** Of every container it is known what ran and what runs: without that, equal digests prove nothing. */
function knowsDigests(view: WorkloadView, snapshot: KubernetesSnapshot): boolean {
  const running = digestsOf(livePods(view));
  return Object.keys(snapshot.images).every(
    (container) => (snapshot.digests[container] ?? []).length > 0 && (running[container] ?? []).length > 0,
  );
}

/** Every container runs only digests that ran before. What had no known digest then is judged by its template. */
function runsDigests(view: WorkloadView, snapshot: KubernetesSnapshot): boolean {
  const running = digestsOf(livePods(view));
  return Object.entries(snapshot.digests).every(([container, before]) =>
    (running[container] ?? []).every((digest) => before.includes(digest)),
  );
}

/** The template names, by digest, what the snapshot says ran. */
function isPinned({ workload }: WorkloadView, snapshot: KubernetesSnapshot): boolean {
  const all = Object.entries(pinnedImages(snapshot, Object.keys(snapshot.images)));
  return all.some(([container, image]) => workload.images[container] === image);
}

/** container -> repository@digest, for those containers whose pods ran exactly one digest. */
function pinnedImages(snapshot: KubernetesSnapshot, containers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    containers.flatMap((container) => {
      const [digest, another] = snapshot.digests[container] ?? [];
      const image = snapshot.images[container];
      if (digest === undefined || another !== undefined || image === undefined) return [];
      return [[container, `${image.replace(/@.*$/, "").replace(/:[^/:]*$/, "")}@${digest}`]];
    }),
  );
}

function templateEffect(context: Context, view: WorkloadView, images: Record<string, string>): Effect {
  const { target, snapshot, ports } = context;
  const pinned = Object.keys(images).length > 0;
  return {
    key: pinned ? "template-by-digest" : "template",
    what: `restore the pod template of revision ${snapshot.revision}${pinned ? ", images by digest" : ""}`,
    find: async () => {
      const workload = await ports.kubernetes.workload(target);
      const revisions = await ports.kubernetes.revisions(target, workload);
      const isThere = pinned
        ? Object.entries(images).every(([container, image]) => workload.images[container] === image)
        : currentRevision({ workload, revisions, pods: [] })?.templateHash === snapshot.templateHash;
      return isThere ? { found: true, result: { generation: workload.generation } } : { found: false };
    },
    act: async () => {
      // Every status update makes a new resourceVersion: what counts is that the spec is still the one looked at.
      const { resourceVersion, generation } = await ports.kubernetes.workload(target);
      if (generation !== view.workload.generation) {
        throw new PortFailure("conflict", `${target.name} was changed while it was about to be restored`);
      }
      const { revision, templateHash } = snapshot;
      const request = { resourceVersion, revision, images, ...(templateHash === undefined ? {} : { templateHash }) };
      return ports.kubernetes.restoreTemplate(target, request);
    },
  };
}

function helmEffect({ target, snapshot, ports }: Context, revision: number): Effect {
  const release = snapshot.release ?? "";
  return {
    key: "helm-rollback",
    what: `helm rollback ${release} ${revision}`,
    find: async () => {
      // Helm has no place for a run's id: what the template names decides.
      const workload = await ports.kubernetes.workload(target);
      const isThere = JSON.stringify(workload.images) === JSON.stringify(snapshot.images);
      return isThere ? { found: true, result: { generation: workload.generation } } : { found: false };
    },
    act: async () => {
      await ports.helm.rollback(target, release, revision);
      return { generation: (await ports.kubernetes.workload(target)).generation };
    },
  };
}

function remarksOf(snapshot: KubernetesSnapshot, how: Memo["how"]): readonly string[] {
  if (how === "helm")
    return [`helm made a new revision of ${snapshot.release ?? "the release"} that equals the old one`];
  const undo = "the next `kubectl rollout undo` would bring the rolled back version again: do not use it";
  return [...(how === "pinned" ? pinRemarks(snapshot) : driftRemarks(snapshot)), undo];
}

function pinRemarks(snapshot: KubernetesSnapshot): readonly string[] {
  const images = Object.values(pinnedImages(snapshot, Object.keys(snapshot.images)));
  return [`runs by digest (${images.join(", ")}), because the tag has moved`, ...driftRemarks(snapshot)];
}

function driftRemarks({ manager, release }: KubernetesSnapshot): readonly string[] {
  if (manager !== "helm") return [];
  return [`Helm was not told: the next upgrade of ${release ?? "the release"} applies its own image again`];
}
