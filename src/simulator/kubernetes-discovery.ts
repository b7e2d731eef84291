/** The discovery documents that kubectl reads before it does anything: versions, groups and resources. */

interface Resource {
  readonly name: string;
  readonly singularName: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
}

function resource(name: string, kind: string, shortNames: readonly string[], namespaced = true): Resource {
  return { name, singularName: kind.toLowerCase(), kind, shortNames, namespaced };
}

const CORE = [
  resource("pods", "Pod", ["po"]),
  resource("events", "Event", ["ev"]),
  resource("namespaces", "Namespace", ["ns"], false),
];
const APPS = [
  resource("deployments", "Deployment", ["deploy"]),
  resource("replicasets", "ReplicaSet", ["rs"]),
  resource("statefulsets", "StatefulSet", ["sts"]),
  resource("daemonsets", "DaemonSet", ["ds"]),
  resource("controllerrevisions", "ControllerRevision", []),
];
const AUTOSCALING = [resource("horizontalpodautoscalers", "HorizontalPodAutoscaler", ["hpa"])];

/** resource -> the kind of its list's items, and its apiVersion. */
export const RESOURCES: ReadonlyMap<string, { readonly kind: string; readonly apiVersion: string }> = new Map(
  [
    ...CORE.map((entry) => [entry, "v1"] as const),
    ...APPS.map((entry) => [entry, "apps/v1"] as const),
    ...AUTOSCALING.map((entry) => [entry, "autoscaling/v2"] as const),
  ].map(([{ name, kind }, apiVersion]) => [name, { kind, apiVersion }]),
);

/** The document at a path; undefined where there is none. */
export function discovery(path: string): unknown {
  switch (path.replace(/\/$/, "")) {
    case "/version":
      return { major: "1", minor: "32", gitVersion: "v1.32.4-gke.1", platform: "linux/amd64" };
    case "/api":
      return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
    case "/apis":
      return { kind: "APIGroupList", apiVersion: "v1", groups: [group("apps", "v1"), group("autoscaling", "v2")] };
    case "/api/v1":
      return resourceList("v1", CORE);
    case "/apis/apps/v1":
      return resourceList("apps/v1", APPS);
    case "/apis/autoscaling/v2":
      return resourceList("autoscaling/v2", AUTOSCALING);
    default:
      return undefined;
  }
}

function group(name: string, version: string): unknown {
  const groupVersion = { groupVersion: `${name}/${version}`, version };
  return { name, versions: [groupVersion], preferredVersion: groupVersion };
}

function resourceList(groupVersion: string, resources: readonly Resource[]): unknown {
  const verbs = ["get", "list", "watch", "patch"];
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion,
    resources: resources.map((entry) => ({ ...entry, verbs })),
  };
}
