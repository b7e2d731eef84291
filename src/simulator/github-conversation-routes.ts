/** The simulated GitHub's routes for pull requests, their comments, and commit statuses. */
import { z } from "zod";
import { commentBody, pullBody, statusBody } from "./github-pull-views.ts";
import {
  found,
  GitHubRefusal,
  type GitHubReply,
  type GitHubRequest,
  type GitHubRoute,
  list,
  ok,
  parsed,
  pullOf,
  repositoryOf,
  shaOf,
} from "./github-request.ts";
import type { SimulatedComment, SimulatedPull } from "./github-state.ts";

const R = "/repos/{owner}/{repo}";

export const CONVERSATION_ROUTES: readonly GitHubRoute[] = [
  { method: "GET", path: `${R}/pulls/{number}`, call: "get-pull", handle: (r) => pull(r, pullOf(r)) },
  { method: "GET", path: `${R}/issues/{number}/comments`, call: "list-comments", handle: comments },
  { method: "POST", path: `${R}/issues/{number}/comments`, call: "create-comment", handle: createComment },
  { method: "GET", path: `${R}/issues/comments/{comment}`, call: "get-comment", handle: comment },
  { method: "PATCH", path: `${R}/issues/comments/{comment}`, call: "update-comment", handle: updateComment },
  { method: "DELETE", path: `${R}/issues/comments/{comment}`, call: "delete-comment", handle: deleteComment },
  { method: "POST", path: `${R}/statuses/{sha}`, call: "create-status", handle: createStatus },
];

function pull(request: GitHubRequest, found: SimulatedPull): GitHubReply {
  return ok(pullBody(request.views, repositoryOf(request), found));
}

function comments(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const issue = pullOf(request).number;
  const found = repository.comments.filter((each) => each.issue === issue);
  return list(found.map((each) => commentBody(request.views, repository, each)));
}

const commentSchema = z.looseObject({ body: z.string().min(1) });
const MAX_BODY = 65_536;

function createComment(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const made = request.state.addComment(repository.fullName, pullOf(request).number, commentText(request));
  request.state.effects.commentsCreated.push(made.id);
  return { status: 201, body: commentBody(request.views, repository, made) };
}

function comment(request: GitHubRequest): GitHubReply {
  return ok(commentBody(request.views, repositoryOf(request), commentOf(request)));
}

function updateComment(request: GitHubRequest): GitHubReply {
  const target = commentOf(request);
  target.body = commentText(request);
  target.updatedAt = request.state.world.now;
  request.state.effects.commentsUpdated.push(target.id);
  return comment(request);
}

function deleteComment(request: GitHubRequest): GitHubReply {
  const target = commentOf(request);
  const { comments: all } = repositoryOf(request);
  all.splice(all.indexOf(target), 1);
  request.state.effects.commentsDeleted.push(target.id);
  return { status: 204 };
}

const statusSchema = z.looseObject({
  state: z.enum(["error", "failure", "pending", "success"]),
  context: z.string().default("default"),
  description: z.string().max(140).nullish(),
  target_url: z.string().nullish(),
});

function createStatus(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const given = parsed(statusSchema, request.body);
  const made = request.state.setStatus(repository, {
    sha: shaOf(request, request.path["sha"] ?? ""),
    context: given.context,
    state: given.state,
    description: given.description ?? undefined,
    targetUrl: given.target_url ?? undefined,
  });
  return { status: 201, body: statusBody(request.views, repository, made) };
}

function commentText({ body }: GitHubRequest): string {
  const { body: text } = parsed(commentSchema, body);
  if (Array.from(text).length <= MAX_BODY) return text;
  const message = `body is too long (maximum is ${MAX_BODY} characters)`;
  throw new GitHubRefusal(422, "Validation Failed", [{ resource: "IssueComment", code: "unprocessable", message }]);
}

function commentOf(request: GitHubRequest): SimulatedComment {
  return found(repositoryOf(request).comments.find((each) => String(each.id) === request.path["comment"]));
}
