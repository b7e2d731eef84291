/** The simulated GitHub's routes for deployments and their statuses, with the defaults that surprise. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import { z } from "zod";
import {
  found,
  GitHubRefusal,
  type GitHubReply,
  type GitHubRequest,
  type GitHubRoute,
  list,
  ok,
  parsed,
  repositoryOf,
} from "./github-request.ts";
import type { SimulatedDeployment, SimulatedDeploymentStatus } from "./github-deployment.ts";
import type { SimulatedRepository } from "./github-state.ts";
import { githubTime, type GitHubViews, nodeId } from "./github-views.ts";

type DeploymentBody = RestEndpointMethodTypes["repos"]["getDeployment"]["response"]["data"];
type StatusBody = RestEndpointMethodTypes["repos"]["getDeploymentStatus"]["response"]["data"];

const D = "/repos/{owner}/{repo}/deployments";

export const DEPLOYMENT_ROUTES: readonly GitHubRoute[] = [
  { method: "GET", path: D, call: "list-deployments", handle: deployments },
  { method: "POST", path: D, call: "create-deployment", handle: createDeployment },
  { method: "GET", path: `${D}/{deployment}`, call: "get-deployment", handle: deployment },
  { method: "GET", path: `${D}/{deployment}/statuses`, call: "list-deployment-statuses", handle: statuses },
  { method: "POST", path: `${D}/{deployment}/statuses`, call: "create-deployment-status", handle: createStatus },
];

function deployments(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const wanted = (name: string, value: string): boolean => [null, value].includes(request.query.get(name));
  const all = repository.deployments.filter(
    (each) =>
      wanted("sha", each.sha) &&
      wanted("ref", each.ref) &&
      wanted("task", each.task) &&
      wanted("environment", each.environment),
  );
  return list(all.reverse().map((each) => deploymentBody(request.views, repository, each)));
}

const deploymentSchema = z.looseObject({
  ref: z.string(),
  task: z.string().default("deploy"),
  auto_merge: z.boolean().default(true),
  required_contexts: z.array(z.string()).optional(),
  payload: z.unknown(),
  environment: z.string().default("production"),
  description: z.string().max(140).nullish(),
});

function createDeployment(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const { ref, task, environment, payload, description, ...given } = parsed(deploymentSchema, request.body);
  const sha = request.state.commitOf(repository, ref);
  if (sha === undefined) throw new GitHubRefusal(422, `No ref found for: ${ref}`);
  const isBehind = sha !== repository.branches.get(repository.defaultBranch);
  if (given.auto_merge && isBehind) {
    return { status: 202, body: { message: `Auto-merged ${repository.defaultBranch} into ${ref} on deployment.` } };
  }
  requireGreen(repository, sha, given.required_contexts);
  const made = request.state.addDeployment(repository.fullName, {
    sha,
    ref,
    task,
    environment,
    payload: payload ?? {},
    description: description ?? undefined,
  });
  request.state.effects.deployments.push(made);
  return { status: 201, body: deploymentBody(request.views, repository, made) };
}

/** All statuses of the commit, where none are named. */
function requireGreen(repository: SimulatedRepository, sha: string, named: readonly string[] | undefined): void {
  const newest = new Map(
    repository.statuses.filter((each) => each.sha === sha).map((each) => [each.context, each.state]),
  );
  const contexts = (named ?? [...newest.keys()]).filter((context) => newest.get(context) !== "success");
  if (contexts.length === 0) return;
  const errors = [{ contexts, resource: "Deployment", field: "required_contexts", code: "invalid" }];
  throw new GitHubRefusal(409, `Conflict: Commit status checks failed for ${sha}.`, errors);
}

function deployment(request: GitHubRequest): GitHubReply {
  return ok(deploymentBody(request.views, repositoryOf(request), deploymentOf(request)));
}

function statuses(request: GitHubRequest): GitHubReply {
  const of = deploymentOf(request);
  const newestFirst = of.statuses.toReversed();
  return list(newestFirst.map((each) => statusBody(request.views, repositoryOf(request), of, each)));
}

const statusSchema = z.looseObject({
  state: z.enum(["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]),
  description: z.string().max(140).nullish(),
  log_url: z.string().nullish(),
  auto_inactive: z.boolean().default(true),
});

function createStatus(request: GitHubRequest): GitHubReply {
  const of = deploymentOf(request);
  const { state, description, log_url: logUrl, auto_inactive } = parsed(statusSchema, request.body);
  if (state === "success" && auto_inactive && of.environment !== "production") supersede(request, of);
  const made = request.state.addDeploymentStatus(of, {
    state,
    description: description ?? undefined,
    logUrl: logUrl ?? undefined,
  });
  request.state.effects.deploymentStatuses.push({ deployment: of.id, ...made });
  return { status: 201, body: statusBody(request.views, repositoryOf(request), of, made) };
}

/** A success makes earlier deployments of the environment inactive, where it is no production environment. */
function supersede(request: GitHubRequest, by: SimulatedDeployment): void {
  const earlier = repositoryOf(request).deployments.filter(
    (each) => each.environment === by.environment && each.id < by.id && each.statuses.at(-1)?.state === "success",
  );
  for (const each of earlier) request.state.addDeploymentStatus(each, { state: "inactive" });
}

function deploymentOf(request: GitHubRequest): SimulatedDeployment {
  return found(repositoryOf(request).deployments.find((each) => String(each.id) === request.path["deployment"]));
}

function deploymentBody(views: GitHubViews, repository: SimulatedRepository, of: SimulatedDeployment): DeploymentBody {
  const home = views.repository(repository).url;
  const url = `${home}/deployments/${of.id}`;
  return {
    url,
    id: of.id,
    node_id: nodeId("Deployment", of.id),
    sha: of.sha,
    ref: of.ref,
    task: of.task,
    payload: of.payload as DeploymentBody["payload"],
    original_environment: of.environment,
    environment: of.environment,
    description: of.description ?? null,
    creator: views.user(of.login),
    created_at: githubTime(of.createdAt),
    updated_at: githubTime(of.statuses.at(-1)?.createdAt ?? of.createdAt),
    statuses_url: `${url}/statuses`,
    repository_url: home,
    transient_environment: false,
    production_environment: of.environment === "production",
    performed_via_github_app: null,
  };
}

function statusBody(
  views: GitHubViews,
  repository: SimulatedRepository,
  of: SimulatedDeployment,
  status: SimulatedDeploymentStatus,
): StatusBody {
  const home = views.repository(repository).url;
  const url = `${home}/deployments/${of.id}`;
  return {
    url: `${url}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId("DeploymentStatus", status.id),
    state: status.state as StatusBody["state"],
    creator: views.user(status.login),
    description: status.description,
    environment: of.environment,
    target_url: status.logUrl,
    log_url: status.logUrl,
    environment_url: "",
    created_at: githubTime(status.createdAt),
    updated_at: githubTime(status.createdAt),
    deployment_url: url,
    repository_url: home,
    performed_via_github_app: null,
  };
}
