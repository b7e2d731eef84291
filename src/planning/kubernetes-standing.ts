/** What of the needed rules a cluster grants the present credentials, by its own answer to each question. */
import type { KubernetesPrivileges } from "../model/needs.ts";
import type { PermissionStanding, Standing } from "../model/standing.ts";
import type { KubernetesQuestion } from "../ports/access.ts";
import { type Asked, orReason } from "./asked.ts";
import type { StandingDeps } from "./standing.ts";

const EXCESSIVE_QUESTIONS: readonly (KubernetesQuestion & { readonly may: string })[] = [
  { group: "*", resource: "*", verb: "*", may: "everything in the namespace" },
  { group: "", resource: "secrets", verb: "get", may: "get secrets" },
  { group: "", resource: "pods/exec", verb: "create", may: "run programs in pods (pods/exec)" },
  { group: "apps", resource: "deployments", verb: "delete", may: "delete deployments.apps" },
];

export async function kubernetesStanding(
  { cluster, namespace, target, rules }: KubernetesPrivileges,
  deps: StandingDeps,
): Promise<Standing> {
  const base = { cloud: "Kubernetes", on: `${namespace} of ${cluster}` } as const;
  const may = (question: KubernetesQuestion): Promise<Asked<boolean>> =>
    orReason(() => deps.access.kubernetes(target, question, deps.signal));
  const questions = rules.flatMap(({ group, resource, names, verbs }) =>
    verbs.map(({ verb, for: why }) => ({
      row: { ...base, permission: `${verb} ${resource}${group === "" ? "" : `.${group}`}`, for: why },
      asked: (names.length === 0 ? [undefined] : names).map((name) => ({
        group,
        resource,
        verb,
        ...(name === undefined ? {} : { name }),
      })),
    })),
  );
  const isNeeded = ({ group, resource, verb }: KubernetesQuestion): boolean =>
    rules.some(
      (rule) => rule.group === group && rule.resource === resource && rule.verbs.some((one) => one.verb === verb),
    );
  const more = EXCESSIVE_QUESTIONS.filter((question) => !isNeeded(question));
  const [answers, excess] = await Promise.all([
    Promise.all(questions.map(async ({ row, asked }) => ({ row, asked, said: await Promise.all(asked.map(may)) }))),
    Promise.all(more.map(async ({ may: words, ...question }) => ({ words, said: await may(question) }))),
  ]);
  const permissions = answers.map(({ row, asked, said }): PermissionStanding => {
    const refused = said.flatMap((one, index) => ("answer" in one && !one.answer ? [asked[index]?.name] : []));
    const silent = said.find((one) => "reason" in one);
    if (refused.length > 0) {
      const named = refused.filter((name) => name !== undefined);
      return {
        ...row,
        standing: "lacking",
        ...(named.length === 0 ? {} : { because: `the cluster refuses it for ${named.join(", ")}` }),
      };
    }
    if (silent !== undefined && "reason" in silent) return { ...row, standing: "unknown", because: silent.reason };
    return { ...row, standing: "granted" };
  });
  return {
    permissions,
    excess: excess.flatMap(({ words, said }) => ("answer" in said && said.answer ? [{ ...base, may: words }] : [])),
    unauthorised: answers.some(({ said }) => said.some((one) => "unauthorised" in one && one.unauthorised)),
  };
}
