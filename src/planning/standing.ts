/** Compares the permissions that a runbook needs with those that the present credentials have, where a cloud tells. Reads only. */
import type { Privileges } from "../model/needs.ts";
import type { CloudRunTarget } from "../model/service.ts";
import type { Standing } from "../model/standing.ts";
import type { Access } from "../ports/access.ts";
import { githubStanding } from "./github-standing.ts";
import { googleStanding } from "./google-standing.ts";
import { kubernetesStanding } from "./kubernetes-standing.ts";

export interface StandingDeps {
  readonly access: Access;
  /** The Cloud Run services of a project, on which grants may stand, too. */
  servicesOf(project: string): readonly CloudRunTarget[];
  readonly signal: AbortSignal;
}

export async function standingOf(privileges: Privileges, deps: StandingDeps): Promise<Standing> {
  const parts = await Promise.all([
    ...privileges.github.map((one) => githubStanding(one, deps)),
    ...privileges.google.map((one) => googleStanding(one, deps)),
    ...privileges.kubernetes.map((one) => kubernetesStanding(one, deps)),
  ]);
  return {
    permissions: parts.flatMap(({ permissions }) => permissions),
    excess: parts.flatMap(({ excess }) => excess),
    unauthorised: parts.some(({ unauthorised }) => unauthorised),
  };
}
