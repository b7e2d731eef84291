/** The simulated GitHub's routes for users, repositories, files and commits. */
import { z } from "zod";
import { comparisonBody } from "./github-comparison.ts";
import { pullSimpleBody, statusBody } from "./github-pull-views.ts";
import {
  GitHubRefusal,
  type GitHubReply,
  type GitHubRequest,
  type GitHubRoute,
  list,
  ok,
  parsed,
  repositoryOf,
  shaOf,
} from "./github-request.ts";
import { nodeId, userId } from "./github-views.ts";

const R = "/repos/{owner}/{repo}";

export const REPOSITORY_ROUTES: readonly GitHubRoute[] = [
  { method: "GET", path: "/user", call: "user", handle: user },
  { method: "POST", path: "/graphql", call: "graphql", handle: graphql },
  { method: "GET", path: "/rate_limit", call: "rate-limit", handle: rateLimit },
  { method: "GET", path: R, call: "get-repository", handle: (r) => ok(r.views.fullRepository(repositoryOf(r))) },
  { method: "GET", path: `${R}/contents/{+path}`, call: "get-contents", handle: contents },
  { method: "GET", path: `${R}/git/ref/{+ref}`, call: "get-ref", handle: gitRef },
  { method: "GET", path: `${R}/commits/{ref}/pulls`, call: "list-commit-pulls", handle: pullsOfCommit },
  { method: "GET", path: `${R}/commits/{ref}/statuses`, call: "list-statuses", handle: statuses },
  { method: "GET", path: `${R}/commits/{+ref}`, call: "get-commit", handle: commit },
  { method: "GET", path: `${R}/compare/{+basehead}`, call: "compare", handle: compare },
];

function user({ state, views }: GitHubRequest): GitHubReply {
  if (state.options.installation === true) throw new GitHubRefusal(403, "Resource not accessible by integration");
  const { login } = state.options;
  const at = "2020-01-01T00:00:00Z";
  const none = { name: login, company: null, blog: "", location: null, email: null, hireable: null, bio: null };
  const counts = { public_repos: 1, public_gists: 0, followers: 0, following: 0, created_at: at, updated_at: at };
  return ok({ ...views.user(login), ...none, ...counts });
}

/** Only who the viewer is. */
function graphql({ state, body }: GitHubRequest): GitHubReply {
  const { query } = parsed(z.looseObject({ query: z.string() }), body);
  if (!/^\s*(query\b[^{]*)?\{\s*viewer\s*\{[\sa-zA-Z]*\}\s*\}\s*$/.test(query)) {
    return ok({ errors: [{ type: "NOT_SIMULATED", message: "the simulated GitHub answers `viewer` only" }] });
  }
  const { login } = state.options;
  return ok({ data: { viewer: { login, databaseId: userId(login), id: nodeId("User", userId(login)) } } });
}

function rateLimit({ state }: GitHubRequest): GitHubReply {
  const { limit, used, resetAt } = state.rateLimit;
  const core = { limit, used, remaining: limit - used, reset: Math.floor(Date.parse(resetAt) / 1_000) };
  const search = { ...core, limit: 30, used: 0, remaining: 30 };
  return ok({ resources: { core, search, graphql: { ...core, used: 0, remaining: limit } }, rate: core });
}

function contents(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const ref = request.query.get("ref") ?? repository.defaultBranch;
  if (request.state.commitOf(repository, ref) === undefined) {
    throw new GitHubRefusal(404, `No commit found for the ref ${ref}`);
  }
  const path = request.path["path"] ?? "";
  const found = [...repository.workflows.values()].find((workflow) => workflow.path === path);
  if (found === undefined) throw new GitHubRefusal(404, "Not Found");
  if (request.accept.includes("raw")) return { status: 200, text: found.text, contentType: request.accept };
  const bytes = Buffer.from(found.text, "utf8");
  const sha = repository.commits.keys().next().value ?? "";
  const url = `${request.views.repository(repository).url}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const html = `https://github.com/${repository.fullName}/blob/${ref}/${path}`;
  const git = `${request.views.repository(repository).url}/git/blobs/${sha}`;
  return ok({
    name: found.file,
    path,
    sha,
    size: bytes.length,
    url,
    html_url: html,
    git_url: git,
    download_url: `https://raw.githubusercontent.com/${repository.fullName}/${ref}/${path}`,
    type: "file",
    content: (bytes.toString("base64").match(/.{1,60}/g) ?? []).map((line) => `${line}\n`).join(""),
    encoding: "base64",
    _links: { self: url, git, html },
  });
}

function gitRef(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const ref = request.path["ref"] ?? "";
  const name = ref.replace(/^(heads|tags)\//, "");
  const sha = ref.startsWith("tags/") ? repository.tags.get(name) : repository.branches.get(name);
  if (sha === undefined) throw new GitHubRefusal(404, "Not Found");
  const { url } = request.views.repository(repository);
  const object = { sha, type: "commit", url: `${url}/git/commits/${sha}` };
  return ok({ ref: `refs/${ref}`, node_id: nodeId("Ref", ref), url: `${url}/git/refs/${ref}`, object });
}

function commit(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const sha = shaOf(request, request.path["ref"] ?? "");
  if (request.accept.includes("sha")) {
    return { status: 200, text: sha, contentType: "application/vnd.github.sha; charset=utf-8" };
  }
  const stats = { total: 2, additions: 1, deletions: 1 };
  return ok({ ...request.views.commit(repository, sha), stats, files: [] });
}

function compare(request: GitHubRequest): GitHubReply {
  const [base = "", head = ""] = (request.path["basehead"] ?? "").split("...");
  const shas = [base, head].map((ref) => request.state.commitOf(repositoryOf(request), ref));
  const [from, to] = shas;
  if (from === undefined || to === undefined) throw new GitHubRefusal(404, "Not Found");
  return ok(comparisonBody(request.views, repositoryOf(request), from, to));
}

function pullsOfCommit(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const sha = shaOf(request, request.path["ref"] ?? "");
  const found = [...repository.pulls.values()].filter((each) => each.mergeCommit === sha || each.headSha === sha);
  return list(found.map((each) => pullSimpleBody(request.views, repository, each)));
}

function statuses(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const sha = shaOf(request, request.path["ref"] ?? "");
  const found = repository.statuses.filter((status) => status.sha === sha).reverse();
  return list(found.map((status) => statusBody(request.views, repository, status)));
}
