/** Lists what a workload's templates were: ReplicaSets or ControllerRevisions in the port's words. Keeps nothing. */
import type { V1PodTemplateSpec } from "@kubernetes/client-node";
import type { KubernetesTarget } from "../model/service.ts";
import type { WorkloadRevision } from "../ports/kubernetes.ts";
import type { Api } from "./kubernetes-client.ts";
import { type Identity, isOwnedBy } from "./kubernetes-identity.ts";
import { imagesOf, instantOf, required } from "./kubernetes-objects.ts";
import { pages } from "./kubernetes-pages.ts";

/** Oldest first, complete. */
export async function readRevisions(
  api: Api,
  target: KubernetesTarget,
  identity: Identity,
): Promise<readonly WorkloadRevision[]> {
  if (target.kind !== "Deployment") return readControllerRevisions(api, target, identity);
  const { selector, uid } = identity;
  const sets = await pages((page) =>
    api.apps.listNamespacedReplicaSet({ namespace: target.namespace, labelSelector: selector, ...page }),
  );
  return sets
    .filter(({ metadata }) => isOwnedBy(metadata?.ownerReferences, uid))
    .map(({ metadata, spec }) => ({
      name: metadata?.name ?? "",
      revision: metadata?.annotations?.["deployment.kubernetes.io/revision"] ?? "",
      templateHash: metadata?.labels?.["pod-template-hash"] ?? "",
      createdAt: required(instantOf(metadata?.creationTimestamp), "a ReplicaSet has no creationTimestamp"),
      images: imagesOf(spec?.template),
    }))
    .toSorted((a, b) => Number(a.revision) - Number(b.revision));
}

async function readControllerRevisions(
  api: Api,
  target: KubernetesTarget,
  { selector, uid }: Identity,
): Promise<readonly WorkloadRevision[]> {
  const { namespace } = target;
  const revisions = await pages((page) =>
    api.apps.listNamespacedControllerRevision({ namespace, labelSelector: selector, ...page }),
  );
  return revisions
    .filter(({ metadata }) => isOwnedBy(metadata?.ownerReferences, uid))
    .toSorted((a, b) => a.revision - b.revision)
    .map(({ metadata, data }) => {
      const name = metadata?.name ?? "";
      // A StatefulSet's pods carry the revision's name, a DaemonSet's only its hash.
      const hash = target.kind === "StatefulSet" ? name : (metadata?.labels?.["controller-revision-hash"] ?? name);
      return {
        name,
        revision: name,
        templateHash: hash,
        createdAt: required(instantOf(metadata?.creationTimestamp), "a ControllerRevision has no creationTimestamp"),
        images: imagesOf((data as { spec?: { template?: V1PodTemplateSpec } } | undefined)?.spec?.template),
      };
    });
}
