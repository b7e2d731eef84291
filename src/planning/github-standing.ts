/** What of the needed permissions a GitHub token has: told of classic tokens only. */
import type { GitHubPrivileges } from "../model/needs.ts";
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
  const rows = permissions.map((needed): PermissionStanding => {
    const row = { ...base, permission: `${needed.name}: ${needed.access}`, for: needed.for };
    if (!("answer" in asked)) return { ...row, standing: "unknown", because: asked.reason };
    return { ...row, ...githubJudged(asked.answer, needed.access) };
  });
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

/** Only of a classic token GitHub tells what it may: by its scopes, within what its owner may. */
function githubJudged(
  { scopes, isPrivate, role }: GitHubAccess,
  access: "read" | "write",
): Pick<PermissionStanding, "standing" | "because"> {
  if (scopes === undefined) {
    return { standing: "unknown", because: "GitHub tells it of classic tokens only; look at the token's own page" };
  }
  const covers = scopes.includes("repo") || (!isPrivate && scopes.includes("public_repo"));
  if (access === "read" && !isPrivate) return { standing: "granted" };
  if (!covers) return { standing: "lacking", because: `it takes the scope ${isPrivate ? "repo" : "public_repo"}` };
  if (role === undefined) return { standing: "unknown", because: "GitHub does not tell what the token's owner may" };
  if (access === "read" ? role.pull : role.push) return { standing: "granted" };
  return { standing: "lacking", because: `the token's owner may not ${access} this repository` };
}
