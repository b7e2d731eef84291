/** The rules of a Role out of the words in which needs are declared: pure translation. */
import type { KubernetesResource, KubernetesRule, KubernetesVerb } from "../model/needs.ts";
import type { KubernetesTarget } from "../model/service.ts";

export interface WantedInNamespace {
  readonly resource: KubernetesResource;
  readonly verb: KubernetesVerb;
  readonly target: KubernetesTarget;
  readonly for: string;
}

/** What is asked of objects by name is narrowed to these names: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export function rulesOf(wanted: readonly WantedInNamespace[]): readonly KubernetesRule[] {
  const rules = new Map<string, { names: Set<string>; verbs: Map<KubernetesVerb, Set<string>> }>();
  for (const one of wanted) {
    const key = resourceOf(one).join("/");
    const rule = rules.get(key) ?? { names: new Set(), verbs: new Map() };
    rules.set(key, rule);
    rule.verbs.set(one.verb, (rule.verbs.get(one.verb) ?? new Set()).add(one.for));
    if (one.resource === "workload") rule.names.add(one.target.name);
  }
  return [...rules]
    .map(([key, rule]): KubernetesRule => {
      const [group = "", ...resource] = key.split("/");
      const verbs = [...rule.verbs].map(([verb, reasons]) => ({ verb, for: [...reasons] }));
      return { group, resource: resource.join("/"), names: [...rule.names].toSorted(), verbs: verbs.toSorted(byVerb) };
    })
    .toSorted((a, b) => (`${a.group}/${a.resource}` < `${b.group}/${b.resource}` ? -1 : 1));
}

function byVerb(a: { readonly verb: string }, b: { readonly verb: string }): number {
  return a.verb < b.verb ? -1 : 1;
}

function resourceOf({ resource, target }: WantedInNamespace): readonly [group: string, resource: string] {
  if (resource === "workload") return ["apps", `${target.kind.toLowerCase()}s`];
  if (resource === "revisions") return ["apps", target.kind === "Deployment" ? "replicasets" : "controllerrevisions"];
  return ["", resource];
}
