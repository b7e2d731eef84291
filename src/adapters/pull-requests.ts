/** Pull requests, comments, statuses and comparisons over REST: translates the wire to ports/pull-requests.ts, nothing else. */
import { z } from "zod";
import { shortDescription } from "../model/short-description.ts";
import type { Comment, CommitComparison, CommitStatus, PullRequest, PullRequests } from "../ports/pull-requests.ts";
import type { Repository } from "../ports/workflows.ts";
import { GitHub, type GitHubConfig, ownerAndRepo } from "./github.ts";
import { readViewer } from "./github-viewer.ts";

export function createPullRequests(config: GitHubConfig): PullRequests {
  return new GitHubPullRequests(new GitHub(config));
}

/** GitHub locks an issue at 2,500 comments. */
const MAX_COMMENT_PAGES = 30;
const MAX_PULL_PAGES = 3;
const MAX_COMPARED = 250;

const pullSchema = z.object({
  number: z.number(),
  title: z.string(),
  state: z.enum(["open", "closed"]),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  head: z.object({ sha: z.string() }),
  html_url: z.string(),
});
const commentSchema = z.object({
  id: z.number(),
  html_url: z.string(),
  body: z.string().nullish(),
  user: z.object({ id: z.number() }).nullish(),
});
const comparisonSchema = z.object({
  status: z.enum(["identical", "ahead", "behind", "diverged"]),
  ahead_by: z.number(),
  commits: z.array(z.object({ sha: z.string(), commit: z.object({ message: z.string() }) })),
});

class GitHubPullRequests implements PullRequests {
  readonly #github: GitHub;
  #viewerId: number | undefined;

  constructor(github: GitHub) {
    this.#github = github;
  }

  async get(repository: Repository, number: number, signal?: AbortSignal): Promise<PullRequest> {
    const parameters = { ...ownerAndRepo(repository), pull_number: number };
    const route = "GET /repos/{owner}/{repo}/pulls/{pull_number}";
    return pullOf((await this.#github.call(route, parameters, pullSchema, { signal })).data);
  }

  async ofCommit(repository: Repository, sha: string, signal?: AbortSignal): Promise<readonly PullRequest[]> {
    const parameters = { ...ownerAndRepo(repository), commit_sha: sha };
    const route = "GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls";
    const options = { signal, maxPages: MAX_PULL_PAGES };
    const pulls = await this.#github.pages(route, parameters, z.array(pullSchema), (page) => page, options);
    return pulls.map(pullOf).sort((a, b) => b.number - a.number);
  }

  async findComments(repository: Repository, number: number, marker: string): Promise<readonly Comment[]> {
    this.#viewerId ??= (await readViewer(this.#github)).id;
    const parameters = { ...ownerAndRepo(repository), issue_number: number };
    const route = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
    const options = { maxPages: MAX_COMMENT_PAGES };
    const all = await this.#github.pages(route, parameters, z.array(commentSchema), (page) => page, options);
    // Anybody can paste a marker: only our own comments count.
    return all
      .filter((comment) => comment.user?.id === this.#viewerId && firstLine(comment.body ?? "") === marker.trim())
      .map(commentOf)
      .sort((a, b) => a.id - b.id);
  }

  async createComment(repository: Repository, number: number, body: string): Promise<Comment> {
    const parameters = { ...ownerAndRepo(repository), issue_number: number, body };
    const route = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
    return commentOf((await this.#github.call(route, parameters, commentSchema)).data);
  }

  async updateComment(repository: Repository, id: number, body: string): Promise<Comment> {
    const parameters = { ...ownerAndRepo(repository), comment_id: id, body };
    const route = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
    return commentOf((await this.#github.call(route, parameters, commentSchema)).data);
  }

  async setCommitStatus(repository: Repository, status: CommitStatus): Promise<void> {
    const { sha, context, state, description, url } = status;
    const parameters = {
      ...ownerAndRepo(repository),
      sha,
      context,
      state,
      description: shortDescription(description),
      ...(url === undefined ? {} : { target_url: url }),
    };
    await this.#github.call("POST /repos/{owner}/{repo}/statuses/{sha}", parameters, z.object({ state: z.string() }));
  }

  async compare(repository: Repository, base: string, head: string, signal?: AbortSignal): Promise<CommitComparison> {
    const parameters = { ...ownerAndRepo(repository), basehead: `${base}...${head}` };
    const route = "GET /repos/{owner}/{repo}/compare/{basehead}";
    const { data } = await this.#github.call(route, parameters, comparisonSchema, { signal });
    const commits = data.commits.map(({ sha, commit }) => ({ sha, title: firstLine(commit.message) }));
    return { status: data.status, aheadBy: data.ahead_by, commits: commits.slice(-MAX_COMPARED) };
  }
}

/** An open pull request has a merge commit too: a trial one, which says nothing. */
function pullOf(pull: z.infer<typeof pullSchema>): PullRequest {
  const merged = typeof pull.merged_at === "string";
  return {
    number: pull.number,
    title: pull.title,
    state: pull.state,
    merged,
    ...(merged && typeof pull.merge_commit_sha === "string" ? { mergeCommit: pull.merge_commit_sha } : {}),
    headSha: pull.head.sha,
    url: pull.html_url,
  };
}

function commentOf(comment: z.infer<typeof commentSchema>): Comment {
  return { id: comment.id, url: comment.html_url, body: comment.body ?? "" };
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0]?.trim() ?? "";
}
