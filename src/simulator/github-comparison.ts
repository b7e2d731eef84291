/** Comparing two commits of a simulated repository over its commit graph. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import type { SimulatedRepository } from "./github-state.ts";
import { type GitHubViews, WEB } from "./github-views.ts";

type ComparisonBody = RestEndpointMethodTypes["repos"]["compareCommitsWithBasehead"]["response"]["data"];

/** The first 250 commits, as GitHub gives without pagination. */
const MAX_COMMITS = 250;

export function comparisonBody(
  views: GitHubViews,
  repository: SimulatedRepository,
  base: string,
  head: string,
): ComparisonBody {
  const ofBase = ancestors(repository, base);
  const ofHead = ancestors(repository, head);
  // The repository keeps its commits oldest first.
  const order = [...repository.commits.keys()];
  const ahead = order.filter((sha) => ofHead.has(sha) && !ofBase.has(sha));
  const behind = order.filter((sha) => ofBase.has(sha) && !ofHead.has(sha));
  const mergeBase = order.findLast((sha) => ofBase.has(sha) && ofHead.has(sha)) ?? base;
  const web = `${WEB}/${repository.fullName}/compare/${base}...${head}`;
  return {
    url: `${views.repository(repository).url}/compare/${base}...${head}`,
    html_url: web,
    permalink_url: web,
    diff_url: `${web}.diff`,
    patch_url: `${web}.patch`,
    base_commit: views.commit(repository, base),
    merge_base_commit: views.commit(repository, mergeBase),
    status: statusOf(ahead.length, behind.length),
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: ahead.slice(0, MAX_COMMITS).map((sha) => views.commit(repository, sha)),
    files: [],
  };
}

function statusOf(ahead: number, behind: number): ComparisonBody["status"] {
  if (ahead > 0 && behind > 0) return "diverged";
  if (ahead > 0) return "ahead";
  return behind > 0 ? "behind" : "identical";
}

/** The commit itself and everything before it. */
function ancestors(repository: SimulatedRepository, sha: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [sha];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(repository.commits.get(next)?.parents ?? []));
  }
  return seen;
}
