/** Asks a cluster what the present credentials may do there. Creates nothing: a review is answered and forgotten. */
import type { Access } from "../ports/access.ts";
import { Clusters } from "./kubernetes-client.ts";
import type { KubernetesConfig } from "./kubernetes-config.ts";
import { kubernetesFailure } from "./kubernetes-failure.ts";

export function createKubernetesAccess(config: KubernetesConfig): Pick<Access, "kubernetes"> {
  const clusters = new Clusters(config);
  return {
    // https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
    kubernetes: async (target, { group, resource, verb, name }, signal) => {
      const [main = "", subresource] = resource.split("/");
      try {
        const { authorization } = await clusters.api(target, signal);
        const { status } = await authorization.createSelfSubjectAccessReview({
          body: {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SelfSubjectAccessReview",
            spec: {
              resourceAttributes: {
                namespace: target.namespace,
                group,
                resource: main,
                verb,
                ...(subresource === undefined ? {} : { subresource }),
                ...(name === undefined ? {} : { name }),
              },
            },
          },
        });
        return status?.allowed === true;
      } catch (error) {
        throw kubernetesFailure(`ask ${target.cluster} for permissions in ${target.namespace}`, error, signal);
      }
    },
  };
}
