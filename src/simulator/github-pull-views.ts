/** Pull requests, comments and statuses as the simulated GitHub answers them, typed by its official client. Decides nothing. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import type { SimulatedComment, SimulatedPull, SimulatedRepository, SimulatedStatus } from "./github-state.ts";
import { type FullRepositoryBody, githubTime, type GitHubViews, nodeId, WEB } from "./github-views.ts";

type Endpoints = RestEndpointMethodTypes;
type CommentBody = Endpoints["issues"]["getComment"]["response"]["data"];
type PullSimpleBody = Endpoints["repos"]["listPullRequestsAssociatedWithCommit"]["response"]["data"][number];
type PullBody = Endpoints["pulls"]["get"]["response"]["data"];
type StatusBody = Endpoints["repos"]["createCommitStatus"]["response"]["data"];

export function pullBody(views: GitHubViews, repository: SimulatedRepository, pull: SimulatedPull): PullBody {
  const author = views.user(pull.author ?? views.state.options.login);
  return {
    ...pullSimpleBody(views, repository, pull),
    state: pull.merged ? "closed" : "open",
    author_association: "MEMBER",
    labels: [],
    head: { ...side(views, repository, pull.headSha, `pull-${pull.number}`), user: author },
    base: { ...side(views, repository, pull.headSha, repository.defaultBranch), user: author },
    merged: pull.merged,
    mergeable: pull.merged ? null : true,
    mergeable_state: pull.merged ? "unknown" : "clean",
    merged_by: pull.merged ? author : null,
    comments: repository.comments.filter((comment) => comment.issue === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: 1,
    additions: 1,
    deletions: 0,
    changed_files: 1,
  };
}

export function pullSimpleBody(views: GitHubViews, repository: SimulatedRepository, pull: SimulatedPull) {
  const api = `${views.api}/repos/${repository.fullName}`;
  const url = `${api}/pulls/${pull.number}`;
  const web = `${WEB}/${repository.fullName}/pull/${pull.number}`;
  const at = githubTime(views.state.madeAt);
  const author = views.user(pull.author ?? views.state.options.login);
  const links = {
    self: { href: url },
    html: { href: web },
    issue: { href: `${api}/issues/${pull.number}` },
    comments: { href: `${api}/issues/${pull.number}/comments` },
    review_comments: { href: `${url}/comments` },
    review_comment: { href: `${api}/pulls/comments{/number}` },
    commits: { href: `${url}/commits` },
    statuses: { href: `${api}/statuses/${pull.headSha}` },
  };
  return {
    url,
    id: 2_000_000_000 + pull.number,
    node_id: nodeId("PullRequest", pull.number),
    html_url: web,
    diff_url: `${web}.diff`,
    patch_url: `${web}.patch`,
    issue_url: links.issue.href,
    commits_url: links.commits.href,
    review_comments_url: links.review_comments.href,
    review_comment_url: links.review_comment.href,
    comments_url: links.comments.href,
    statuses_url: links.statuses.href,
    number: pull.number,
    state: pull.merged ? "closed" : "open",
    locked: false,
    title: pull.title,
    user: author,
    body: null,
    labels: [],
    milestone: null,
    active_lock_reason: null,
    created_at: at,
    updated_at: at,
    closed_at: pull.merged ? at : null,
    merged_at: pull.merged ? at : null,
    // An open pull request has one too: of the trial merge.
    merge_commit_sha: pull.mergeCommit ?? pull.headSha.split("").reverse().join(""),
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: { ...side(views, repository, pull.headSha, `pull-${pull.number}`), user: author },
    base: { ...side(views, repository, pull.headSha, repository.defaultBranch), user: author },
    _links: links,
    author_association: "MEMBER",
    auto_merge: null,
    draft: false,
  } satisfies PullSimpleBody;
}

export function commentBody(
  views: GitHubViews,
  repository: SimulatedRepository,
  comment: SimulatedComment,
): CommentBody {
  const api = `${views.api}/repos/${repository.fullName}/issues`;
  return {
    id: comment.id,
    node_id: nodeId("IssueComment", comment.id),
    url: `${api}/comments/${comment.id}`,
    html_url: `${WEB}/${repository.fullName}/pull/${comment.issue}#issuecomment-${comment.id}`,
    issue_url: `${api}/${comment.issue}`,
    user: views.user(comment.login),
    created_at: githubTime(comment.createdAt),
    updated_at: githubTime(comment.updatedAt),
    author_association: "MEMBER",
    body: comment.body,
    performed_via_github_app: null,
  };
}

export function statusBody(views: GitHubViews, repository: SimulatedRepository, status: SimulatedStatus): StatusBody {
  const creator = views.user(views.state.options.login);
  return {
    url: `${views.api}/repos/${repository.fullName}/statuses/${status.sha}`,
    avatar_url: creator.avatar_url,
    id: status.id,
    node_id: nodeId("StatusContext", status.id),
    state: status.state,
    description: status.description ?? null,
    target_url: status.targetUrl ?? null,
    context: status.context,
    created_at: githubTime(status.createdAt),
    updated_at: githubTime(status.createdAt),
    creator,
  };
}

function side(
  views: GitHubViews,
  repository: SimulatedRepository,
  sha: string,
  ref: string,
): { label: string; ref: string; sha: string; repo: FullRepositoryBody } {
  const [owner = ""] = repository.fullName.split("/");
  return { label: `${owner}:${ref}`, ref, sha, repo: views.fullRepository(repository) };
}
