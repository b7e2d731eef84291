/** Whom the simulated cluster lets do what: it answers reviews of the caller's own access, and refuses nothing by itself. */
import { RESOURCES } from "./kubernetes-discovery.ts";

export const ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

interface Attributes {
  readonly namespace?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly verb?: string;
  readonly name?: string;
}

/** What a deployer's Role has: reads, patches of workloads, pods that may be deleted, and Helm's Secrets. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  pods: ["get", "list", "watch", "delete"],
  "pods/log": ["get"],
  secrets: ["get", "list", "create", "update", "delete"],
  deployments: ["get", "list", "watch", "patch"],
  statefulsets: ["get", "list", "watch", "patch"],
  daemonsets: ["get", "list", "watch", "patch"],
};

/** The answer to a SelfSubjectAccessReview. `refused`: "patch deployments" and the like, taken away by a scenario or a test. */
export function accessReview(review: unknown, refused: ReadonlySet<string>): unknown {
  const { spec } = (review ?? {}) as { spec?: { resourceAttributes?: Attributes } };
  const { group = "", resource = "", subresource, verb = "" } = spec?.resourceAttributes ?? {};
  const name = subresource === undefined ? resource : `${resource}/${subresource}`;
  // Helm's: the simulated API does not serve them.
  const apiVersion = resource === "secrets" ? "v1" : RESOURCES.get(resource)?.apiVersion;
  const isThere = apiVersion?.startsWith(group === "" ? "v1" : `${group}/`) === true;
  const verbs = VERBS[name] ?? (subresource === undefined ? ["get", "list", "watch"] : []);
  const allowed = isThere && verbs.includes(verb) && !refused.has(`${verb} ${name}`);
  return {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec: spec ?? {},
    status: {
      allowed,
      ...(allowed ? {} : { reason: `no Role of the simulated cluster allows it to ${verb} ${name}` }),
    },
  };
}
