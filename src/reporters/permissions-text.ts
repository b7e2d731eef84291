/** What `runbook doctor --permissions` prints: the least privilege, how the credentials stand to it, and a Role to apply. */
import type { KubernetesPrivileges, KubernetesRule, Privileges } from "../model/needs.ts";
import type { Excess, PermissionStanding, Standing } from "../model/standing.ts";
import { columns, lines } from "./columns.ts";
import { listed } from "./words.ts";

const MARK: Readonly<Record<PermissionStanding["standing"], string>> = { granted: "✓", lacking: "✗", unknown: "?" };

export function permissionsText(
  runbook: string,
  privileges: Privileges,
  standing: Standing,
  remarks: readonly string[] = [],
): string {
  const { permissions, excess } = standing;
  const number = (word: PermissionStanding["standing"]): number =>
    permissions.filter(({ standing }) => standing === word).length;
  const counts = `${number("granted")} granted, ${number("lacking")} lacking, ${number("unknown")} unknown`;
  return lines([
    `runbook doctor ${runbook} --permissions: ${counts}, ${excess.length} too many`,
    ...privileges.github.flatMap(({ repository }) => [
      `GitHub, on ${repository}`,
      ...rowsOf(permissions, "GitHub", repository),
    ]),
    ...privileges.google.flatMap(({ kind, name, roles }) => [
      `Google Cloud, on ${kind} ${name}; covered by ${listed(roles)}`,
      ...rowsOf(permissions, "Google Cloud", `${kind} ${name}`),
    ]),
    ...privileges.kubernetes.flatMap(({ cluster, namespace }) => [
      `Kubernetes, in ${namespace} of ${cluster}; covered by the Role below`,
      ...rowsOf(permissions, "Kubernetes", `${namespace} of ${cluster}`),
    ]),
    ...whys(permissions),
    ...tooMuch(excess),
    ...remarks,
    "Nothing was changed.",
    ...privileges.kubernetes.flatMap((place) => roleYaml(runbook, place)),
  ]);
}

function rowsOf(all: readonly PermissionStanding[], cloud: PermissionStanding["cloud"], on: string): readonly string[] {
  const rows = all.filter((one) => one.cloud === cloud && one.on === on);
  return columns(rows.map((one) => [`  ${MARK[one.standing]}`, one.permission, one.for.join(", ")]));
}

/** Each reason once, with what it is the reason of. */
function whys(all: readonly PermissionStanding[]): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const { standing, because = "", permission, on } of all) {
    if (standing === "granted") continue;
    const key = JSON.stringify([standing, on, because]);
    reasons.set(key, [...(reasons.get(key) ?? []), permission]);
  }
  return [...reasons].map(([key, permissions]) => {
    const [standing = "", on = "", because = ""] = JSON.parse(key) as readonly string[];
    const isAll = all.every((one) => one.on !== on || permissions.includes(one.permission));
    const what = isAll ? "all of it" : permissions.join(", ");
    const reason = because === "" ? "" : `, because ${because}`;
    return `${standing === "lacking" ? "Lacking" : "Unknown"} on ${on}: ${what}${reason}`;
  });
}

function tooMuch(excess: readonly Excess[]): readonly string[] {
  return excess.map(({ cloud, on, may }) => `Too much on ${on} (${cloud}): ${may}`);
}

/** For `kubectl apply -f`; bind it to the account by a RoleBinding. */
export function roleYaml(runbook: string, { namespace, rules, cluster }: KubernetesPrivileges): readonly string[] {
  return [
    `--- # of ${cluster}`,
    "apiVersion: rbac.authorization.k8s.io/v1",
    "kind: Role",
    `metadata: { name: ${scalar(`runbook-${runbook}`)}, namespace: ${scalar(namespace)} }`,
    "rules:",
    ...rules.flatMap((rule) => rulesYaml(rule)),
  ];
}

function rulesYaml({ group, resource, names, verbs }: KubernetesRule): readonly string[] {
  const named = names.length === 0 ? "" : ` resourceNames: ${sequence(names)},`;
  return [
    `  - { apiGroups: ${sequence([group])}, resources: ${sequence([resource])},${named} verbs: ${sequence(verbs.map(({ verb }) => verb))} }`,
  ];
}

function sequence(texts: readonly string[]): string {
  return `[${texts.map(scalar).join(", ")}]`;
}

/** Whatever could be more than a word is quoted as JSON, which YAML reads. */
function scalar(text: string): string {
  return /^[a-z][a-z0-9./-]*$/.test(text) ? text : JSON.stringify(text);
}
