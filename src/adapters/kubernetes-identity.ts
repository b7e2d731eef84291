/** What makes lists of pods and revisions a workload's own: its selector and its uid. Lists nothing itself. */
import type { V1DaemonSet, V1Deployment, V1OwnerReference, V1StatefulSet } from "@kubernetes/client-node";
import type { KubernetesTarget } from "../model/service.ts";
import type { Workload } from "../ports/kubernetes.ts";
import type { Api } from "./kubernetes-client.ts";
import { required, selectorText } from "./kubernetes-objects.ts";

/** The workload's own selector and uid: what belongs to it is matched by one and owned by the other. */
export type Identity = Pick<Workload, "selector" | "uid">;

/**
 * The identities that the last reads of workloads gave: pods are listed before the workload is read, and need not read it
 * once more. One that was deleted and made again is known anew by its next read; until then its pods are what the old
 * selector matches.
 */
export class Identities {
  readonly #known = new Map<string, Identity>();

  keep<T extends Identity>(target: KubernetesTarget, workload: T): T {
    this.#known.set(JSON.stringify(target), { selector: workload.selector, uid: workload.uid });
    return workload;
  }

  async of(api: Api, target: KubernetesTarget): Promise<Identity> {
    return this.#known.get(JSON.stringify(target)) ?? this.keep(target, await readIdentity(api, target));
  }
}

export async function readIdentity({ apps }: Api, target: KubernetesTarget): Promise<Identity> {
  const { namespace, name } = target;
  const read = {
    Deployment: () => apps.readNamespacedDeployment({ name, namespace }),
    StatefulSet: () => apps.readNamespacedStatefulSet({ name, namespace }),
    DaemonSet: () => apps.readNamespacedDaemonSet({ name, namespace }),
  };
  return identityOf(await read[target.kind]());
}

function identityOf({ metadata, spec }: V1Deployment | V1StatefulSet | V1DaemonSet): Identity {
  return {
    selector: selectorText(required(spec?.selector, "the workload has no selector")),
    uid: required(metadata?.uid, "the workload has no uid"),
  };
}

export function isOwnedBy(owners: readonly V1OwnerReference[] | undefined, uid: string): boolean {
  return (owners ?? []).some((owner) => owner.controller === true && owner.uid === uid);
}
