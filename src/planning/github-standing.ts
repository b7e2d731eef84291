/** What of the needed permissions a GitHub token has: told of classic tokens; of others found out as far as reading goes. */
import type { GitHubPermission, GitHubPrivileges } from "../model/needs.ts";
import type { Excess, PermissionStanding, Standing } from "../model/standing.ts";
import type { GitHubAccess } from "../ports/access.ts";
import { orReason } from "./asked.ts";
import type { StandingDeps } from "./standing.ts";

/** Scopes of classic tokens that anything here needs; each other one is too much. */
const NEEDED_SCOPES: readonly string[] = ["repo", "public_repo", "repo_deployment", "repo:status"];

export async function githubStanding(
  { repository, permissions }: GitHubPrivileges,
  deps: StandingDeps,
): Promise<Standing> {
  const asked = await orReason(() => deps.access.github(repository, deps.signal));
  const base = { cloud: "GitHub", on: repository } as const;
  const judge = async ({ name, access }: Needed): Promise<Judged> => {
    if (!("answer" in asked)) return { standing: "unknown", because: asked.reason };
    const { scopes, isPrivate } = asked.answer;
    if (scopes !== undefined) return judgedByScopes(scopes, asked.answer, access);
    return isPrivate ? judgedByReading(repository, name, access, deps) : UNTOLD;
  };
  const rows = await Promise.all(
    permissions.map(async (needed): Promise<PermissionStanding> => {
      const row = { ...base, permission: `${needed.name}: ${needed.access}`, for: needed.for };
      return { ...row, ...(await judge(needed)) };
    }),
  );
  const scopes = "answer" in asked ? (asked.answer.scopes ?? []) : [];
  const excess = scopes
    .filter((scope) => !NEEDED_SCOPES.includes(scope))
    .map((scope): Excess => ({ ...base, may: `the scope ${scope}` }));
  const wide: Excess = {
    ...base,
    may: "the scope repo: every repository that its owner may write; a fine-grained token is narrower",
  };
  return {
    permissions: rows,
    excess: scopes.includes("repo") ? [wide, ...excess] : excess,
    unauthorised: "unauthorised" in asked && asked.unauthorised,
  };
}

type Needed = GitHubPrivileges["permissions"][number];
type Judged = Pick<PermissionStanding, "standing" | "because">;

const UNTOLD: Judged = {
  standing: "unknown",
  because: "GitHub tells it of classic tokens only: look at the token's own page",
};

/** In a private repository only who has the permission may read; whether it is for writing, too, stays unknown. */
async function judgedByReading(
  repository: string,
  permission: GitHubPermission,
  access: "read" | "write",
  { access: ports, signal }: StandingDeps,
): Promise<Judged> {
  const read = await orReason(() => ports.githubRead(repository, permission, signal));
  if ("answer" in read) return access === "read" ? { standing: "granted" } : UNTOLD;
  return { standing: read.unauthorised ? "lacking" : "unknown", because: read.reason };
}

/** A classic token may what its scopes say, within what its owner may. */
function judgedByScopes(
  scopes: readonly string[],
  { isPrivate, role }: GitHubAccess,
  access: "read" | "write",
): Judged {
  const covers = scopes.includes("repo") || (!isPrivate && scopes.includes("public_repo"));
  if (access === "read" && !isPrivate) return { standing: "granted" };
  if (!covers) return { standing: "lacking", because: `it takes the scope ${isPrivate ? "repo" : "public_repo"}` };
  if (role === undefined) return { standing: "unknown", because: "GitHub does not tell what the token's owner may" };
  if (access === "read" ? role.pull : role.push) return { standing: "granted" };
  return { standing: "lacking", because: `the token's owner may not ${access} this repository` };
}
