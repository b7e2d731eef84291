/** What GitHub tells of a token and of a repository: the rate limit, a classic token's scopes, the person's role. */
import { z } from "zod";
import type { GitHubPermission } from "../model/needs.ts";
import { instant, SECOND } from "../model/time.ts";
import type { Access } from "../ports/access.ts";
import { GitHub, type GitHubConfig, ownerAndRepo } from "./github.ts";

const rateLimitSchema = z.object({
  resources: z.object({ core: z.object({ limit: z.number(), remaining: z.number(), reset: z.number() }) }),
});
const repositorySchema = z.object({
  private: z.boolean(),
  permissions: z.object({ pull: z.boolean(), push: z.boolean() }).optional(),
});

/** https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens */
const READS: Readonly<Record<GitHubPermission, string>> = {
  actions: "actions/runs",
  contents: "commits",
  deployments: "deployments",
  "pull-requests": "pulls",
  statuses: "commits/HEAD/statuses",
};

export function createGitHubAccess(config: GitHubConfig): Pick<Access, "rateLimit" | "github" | "githubRead"> {
  const github = new GitHub(config);
  return {
    async rateLimit(signal) {
      const { data } = await github.call("GET /rate_limit", {}, rateLimitSchema, { signal });
      const { limit, remaining, reset } = data.resources.core;
      return { limit, remaining, resetAt: instant(reset * SECOND) };
    },
    async github(repository, signal) {
      const place = ownerAndRepo(repository);
      const { data, scopes } = await github.call("GET /repos/{owner}/{repo}", place, repositorySchema, { signal });
      return {
        isPrivate: data.private,
        ...(data.permissions === undefined ? {} : { role: data.permissions }),
        ...(scopes === undefined ? {} : { scopes }),
      };
    },
    async githubRead(repository, permission, signal) {
      const place = { ...ownerAndRepo(repository), per_page: 1 };
      await github.call(`GET /repos/{owner}/{repo}/${READS[permission]}`, place, z.unknown(), { signal });
    },
  };
}
