/** What a deploy touches: the target of a service, and the snapshot from which it can be put back. */
import { z } from "zod";
import { instantSchema } from "./time.ts";

export const cloudRunTargetSchema = z.strictObject({
  platform: z.literal("cloud-run"),
  project: z.string(),
  region: z.string(),
  service: z.string(),
});
export type CloudRunTarget = z.infer<typeof cloudRunTargetSchema>;

/** Run to completion, by executions of its own; it takes no traffic. */
export const cloudRunJobTargetSchema = z.strictObject({
  platform: z.literal("cloud-run-job"),
  project: z.string(),
  region: z.string(),
  job: z.string(),
});
export type CloudRunJobTarget = z.infer<typeof cloudRunJobTargetSchema>;

export const kubernetesTargetSchema = z.strictObject({
  platform: z.literal("kubernetes"),
  /** The Google Cloud project whose Cloud Logging holds the pods' logs. */
  project: z.string(),
  cluster: z.string(),
  /** Zone or region of the cluster; needed only where there is no kubeconfig context for it. */
  location: z.string().optional(),
  /** The kubeconfig context; default: the one whose cluster's name ends with `cluster`. */
  context: z.string().optional(),
  namespace: z.string(),
  kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]),
  name: z.string(),
});
export type KubernetesTarget = z.infer<typeof kubernetesTargetSchema>;

export const serviceTargetSchema = z.discriminatedUnion("platform", [
  cloudRunTargetSchema,
  cloudRunJobTargetSchema,
  kubernetesTargetSchema,
]);
export type ServiceTarget = z.infer<typeof serviceTargetSchema>;
export type PlatformName = ServiceTarget["platform"];

/** The identity under which locks and holds are kept: the same for every runbook that names the same thing. */
export function identityOf(target: ServiceTarget): string {
  switch (target.platform) {
    case "cloud-run":
      return `cloud-run/${target.project}/${target.region}/${target.service}`;
    case "cloud-run-job":
      return `cloud-run-job/${target.project}/${target.region}/${target.job}`;
    case "kubernetes":
      return `kubernetes/${target.cluster}/${target.namespace}/${target.kind.toLowerCase()}/${target.name}`;
  }
}

/** Whether and how a service can be put back, decided before anything is touched. */
export const restorableSchema = z.discriminatedUnion("possible", [
  z.strictObject({ possible: z.literal(true), how: z.string() }),
  z.strictObject({
    possible: z.literal(false),
    because: z.string(),
    /** What stands in its way may pass: it is read again before a restoration is given up. */
    mayPass: z.literal(true).exactOptional(),
    /** A command with which a person puts it back. */
    byHand: z.string().exactOptional(),
  }),
]);
export type Restorable = z.infer<typeof restorableSchema>;

/** One entry of a Cloud Run traffic vector with LATEST resolved to a name. Tag-only entries have percent 0. */
export const trafficEntrySchema = z.strictObject({
  revision: z.string(),
  percent: z.number(),
  tag: z.string().optional(),
  /** The entry said "latest", not this revision by name. */
  latest: z.boolean(),
  /** Where a tag's revision answers, whatever its share; of observed entries. */
  url: z.string().optional(),
});
export type TrafficEntry = z.infer<typeof trafficEntrySchema>;

export const cloudRunSnapshotSchema = z.strictObject({
  platform: z.literal("cloud-run"),
  takenAt: instantSchema,
  /** int64 as text, as the API has it. */
  generation: z.string(),
  /** The one revision with 100 % of the traffic; absent when traffic is split. */
  revision: z.string().optional(),
  /** The revision created last, whether or not it serves: a deploy makes another one. */
  newestRevision: z.string().optional(),
  traffic: z.array(trafficEntrySchema),
  images: z.array(z.string()),
  commit: z.string().optional(),
  /** No LATEST entry with traffic: a deploy would get 0 %. */
  pinned: z.boolean(),
  restorable: restorableSchema,
});
export type CloudRunSnapshot = z.infer<typeof cloudRunSnapshotSchema>;

export const cloudRunJobSnapshotSchema = z.strictObject({
  platform: z.literal("cloud-run-job"),
  takenAt: instantSchema,
  /** int64 as text, as the API has it. */
  generation: z.string(),
  /** The execution created last; absent when there never was one. */
  newestExecution: z.string().optional(),
  images: z.array(z.string()),
  commit: z.string().optional(),
  restorable: restorableSchema,
});
export type CloudRunJobSnapshot = z.infer<typeof cloudRunJobSnapshotSchema>;

/** The version of a job, as switches and reports have it: what its next execution runs. */
export function jobVersion(generation: string): string {
  return `generation-${generation}`;
}

export const kubernetesSnapshotSchema = z.strictObject({
  platform: z.literal("kubernetes"),
  takenAt: instantSchema,
  generation: z.number(),
  /** `deployment.kubernetes.io/revision`, or the ControllerRevision's name. */
  revision: z.string(),
  /** The ReplicaSet (pod-template-hash) that runs. */
  templateHash: z.string().optional(),
  /** container name -> image reference as written in the template. */
  images: z.record(z.string(), z.string()),
  /** container name -> the digests that really run, from the pods' imageID. */
  digests: z.record(z.string(), z.array(z.string())),
  replicas: z.strictObject({ wanted: z.number(), ready: z.number() }),
  manager: z.enum(["plain", "helm", "argo-cd", "flux", "config-sync", "operator"]),
  /** Helm release name where the manager is Helm. */
  release: z.string().optional(),
  /** The Helm revision that was deployed, where Helm could be asked: the one to roll back to. */
  releaseRevision: z.number().optional(),
  commit: z.string().optional(),
  restorable: restorableSchema,
});
export type KubernetesSnapshot = z.infer<typeof kubernetesSnapshotSchema>;

export const serviceSnapshotSchema = z.discriminatedUnion("platform", [
  cloudRunSnapshotSchema,
  cloudRunJobSnapshotSchema,
  kubernetesSnapshotSchema,
]);
export type ServiceSnapshot = z.infer<typeof serviceSnapshotSchema>;

/** One stage of a canary: so much of the traffic, in percent, since then (by API timestamps). */
export const canaryStageSchema = z.strictObject({ at: instantSchema, percent: z.number() });
export type CanaryStage = z.infer<typeof canaryStageSchema>;

/** A service's switch to what this run deployed. `at` comes from API timestamps; it is the service's T0. */
export const serviceSwitchSchema = z.strictObject({
  service: z.string(),
  at: instantSchema,
  /** What served before: a revision, or a pod-template-hash. */
  from: z.string(),
  /** What serves since: a revision, or a pod-template-hash. */
  to: z.string(),
  /** When the new revision or the new pods began to appear; the baseline ends here. */
  rolloutStartedAt: instantSchema,
  images: z.array(z.string()),
  commit: z.string().optional(),
  /**
   * Absent: all of the traffic at once. Else the stages so far, ascending; `at` is the last one's. Until that one has
   * 100 %, `from` and `to` serve side by side.
   */
  stages: z.array(canaryStageSchema).min(1).optional(),
});
export type ServiceSwitch = z.infer<typeof serviceSwitchSchema>;

/** How much of the traffic the new version has, in percent. */
export function shareOf({ stages }: Pick<ServiceSwitch, "stages">): number {
  return stages?.at(-1)?.percent ?? 100;
}
