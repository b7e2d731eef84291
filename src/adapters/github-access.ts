/** What GitHub tells of a token and of a repository: the rate limit, a classic token's scopes, the person's role. */
import { z } from "zod";
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

export function createGitHubAccess(config: GitHubConfig): Pick<Access, "rateLimit" | "github"> {
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
  };
}
