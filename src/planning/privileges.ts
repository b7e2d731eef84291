/** The least privilege that a runbook needs, added up from what its step kinds and platforms declare. Asks nobody. */
import type {
  GitHubPermission,
  GitHubPrivileges,
  GooglePrivileges,
  KubernetesPrivileges,
  KubernetesResource,
  KubernetesVerb,
  Need,
  Privileges,
} from "../model/needs.ts";
import type { Runbook } from "../model/runbook.ts";
import type { KubernetesTarget, ServiceSnapshot, ServiceTarget } from "../model/service.ts";
import type { Platform } from "../platforms/platform.ts";
import type { StepKind } from "../steps/step.ts";
import { rolesFor } from "./google-roles.ts";
import { rulesOf } from "./kubernetes-rules.ts";

export interface PrivilegeDeps {
  kindOf(uses: string): StepKind<never> | undefined;
  platformOf(target: ServiceTarget): Platform<ServiceTarget, ServiceSnapshot>;
  /** Where the runs' state is, when it is a bucket. */
  readonly bucket?: string;
  /** Services whose workloads Helm was seen to own. */
  readonly releases?: readonly string[];
}

/** One declared word, where it holds, and who wants it. */
export interface Wanted {
  readonly need: Need;
  readonly for: string;
  readonly repository?: string | undefined;
  readonly project?: string | undefined;
  readonly target?: ServiceTarget | undefined;
}

export function privilegesOf(runbook: Runbook, deps: PrivilegeDeps): Privileges {
  const wanted = [...ofSteps(runbook, deps), ...ofServices(runbook, deps), ...ofReport(runbook)];
  return {
    github: githubOf(wanted),
    google: [...projectsOf(wanted), ...bucketsOf(deps.bucket)],
    kubernetes: clustersOf(wanted),
  };
}

/** A step's services say in which projects and namespaces; its own `repository` or `project` goes first. */
function ofSteps({ steps, monitor, services, repository }: Runbook, deps: PrivilegeDeps): readonly Wanted[] {
  return [...steps, ...(monitor?.checks ?? [])].flatMap((spec) => {
    const own = (key: string): string | undefined => {
      const value = spec.with[key];
      return typeof value === "string" ? value : undefined;
    };
    const targets = spec.services.flatMap((name) => services[name] ?? []);
    const needs = deps.kindOf(spec.uses)?.needs ?? [];
    return needs.flatMap((need): readonly Wanted[] => {
      const wanted = { need, for: spec.id };
      if (need.startsWith("github:")) return [{ ...wanted, repository: own("repository") ?? repository }];
      const project = own("project");
      if (need.startsWith("google:") && project !== undefined) return [{ ...wanted, project }];
      return targets.map((target) => ({ ...wanted, target, project: target.project }));
    });
  });
}

const HELM_NEEDS: readonly Need[] = (["get", "list", "create", "update", "delete"] as const).map(
  (verb): Need => `kubernetes:secrets=${verb}`,
);

function ofServices({ services }: Runbook, deps: PrivilegeDeps): readonly Wanted[] {
  return Object.entries(services).flatMap(([name, target]) => {
    const { capture, restore } = deps.platformOf(target).needs(target);
    const helm = deps.releases?.includes(name) === true ? HELM_NEEDS : [];
    const all = [
      ...capture.map((need) => ({ need, for: "snapshot" })),
      ...[...restore, ...helm].map((need) => ({ need, for: "rollback" })),
      ...clusterNeeds(target).map((need) => ({ need, for: "finding the cluster by name" })),
    ];
    return all.map((wanted) => ({ ...wanted, target, project: target.project }));
  });
}

function clusterNeeds(target: ServiceTarget): readonly Need[] {
  if (target.platform !== "kubernetes" || target.context !== undefined) return [];
  return [target.location === undefined ? "google:container.clusters.list" : "google:container.clusters.get"];
}

function ofReport({ report, repository }: Runbook): readonly Wanted[] {
  if (repository === undefined) return [];
  const words: readonly (readonly [isAsked: boolean, need: Need, why: string])[] = [
    [true, "github:contents=read", "which commits are deployed"],
    [report.pullRequest, "github:pull-requests=write", "comments"],
    [report.commitStatus, "github:statuses=write", "commit status"],
    [report.deployment, "github:deployments=write", "deployment status"],
  ];
  return words.flatMap(([isAsked, need, why]) => (isAsked ? [{ need, for: why, repository }] : []));
}

/** "github:actions=write" in its three parts. */
function partsOf(need: Need): readonly [string, string, string] {
  const [, cloud = "", name = "", access = ""] = /^(\w+):([^=]+)(?:=(\w+))?$/.exec(need) ?? [];
  return [cloud, name, access];
}

/** In the order of first appearance. */
function groupedBy<T>(all: readonly T[], keyOf: (one: T) => string | undefined): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

function reasonsOf(all: readonly Wanted[]): readonly string[] {
  return [...new Set(all.map((wanted) => wanted.for))];
}

function inCloud(all: readonly Wanted[], cloud: string): readonly Wanted[] {
  return all.filter(({ need }) => partsOf(need)[0] === cloud);
}

function byName<T extends { readonly name: string }>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function githubOf(all: readonly Wanted[]): readonly GitHubPrivileges[] {
  const repositories = groupedBy(inCloud(all, "github"), ({ repository }) => repository);
  return [...repositories].map(([repository, wanted]) => ({
    repository,
    permissions: byName(
      [...groupedBy(wanted, ({ need }) => partsOf(need)[1])].map(([name, uses]) => ({
        name: name as GitHubPermission,
        // Writing holds reading.
        access: uses.some(({ need }) => partsOf(need)[2] === "write") ? ("write" as const) : ("read" as const),
        for: reasonsOf(uses),
      })),
    ),
  }));
}

function projectsOf(all: readonly Wanted[]): readonly GooglePrivileges[] {
  return [...groupedBy(inCloud(all, "google"), ({ project }) => project)].map(([name, wanted]) => {
    const permissions = byName(
      [...groupedBy(wanted, ({ need }) => partsOf(need)[1])].map(([permission, uses]) => ({
        name: permission,
        for: reasonsOf(uses),
      })),
    );
    return { kind: "project", name, permissions, roles: rolesFor(permissions.map((permission) => permission.name)) };
  });
}

function bucketsOf(bucket: string | undefined): readonly GooglePrivileges[] {
  if (bucket === undefined) return [];
  const names = ["create", "delete", "get", "list"].map((verb) => `storage.objects.${verb}`);
  const permissions = names.map((name) => ({ name, for: ["state"] }));
  return [{ kind: "bucket", name: bucket, permissions, roles: rolesFor(names) }];
}

function clustersOf(all: readonly Wanted[]): readonly KubernetesPrivileges[] {
  const placed = inCloud(all, "kubernetes").flatMap(({ target, ...wanted }) => {
    if (target?.platform !== "kubernetes") return [];
    const [, resource, verb] = partsOf(wanted.need);
    return [{ ...wanted, target, resource: resource as KubernetesResource, verb: verb as KubernetesVerb }];
  });
  const placeOf = ({ cluster, namespace }: KubernetesTarget): string => JSON.stringify([cluster, namespace]);
  return [...groupedBy(placed, ({ target }) => placeOf(target)).values()].flatMap((wanted) => {
    const target = wanted[0]?.target;
    if (target === undefined) return [];
    return [{ cluster: target.cluster, namespace: target.namespace, target, rules: rulesOf(wanted) }];
  });
}
