/** The simulated GitHub's routes for Actions: workflows, dispatches, runs and jobs. */
import { z } from "zod";
import { instant } from "../model/time.ts";
import { jobBody, pendingBody, runBody, runPage, workflowBody } from "./github-run-views.ts";
import type { SimulatedJob, SimulatedRun } from "./github-runs.ts";
import type { SimulatedWorkflow } from "./github-state.ts";
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
import { githubTime } from "./github-views.ts";

const R = "/repos/{owner}/{repo}";

export const ACTIONS_ROUTES: readonly GitHubRoute[] = [
  { method: "GET", path: `${R}/actions/workflows`, call: "list-workflows", handle: workflows },
  { method: "GET", path: `${R}/actions/workflows/{workflow}`, call: "get-workflow", handle: workflow },
  { method: "POST", path: `${R}/actions/workflows/{workflow}/dispatches`, call: "dispatch", handle: dispatch },
  { method: "GET", path: `${R}/actions/workflows/{workflow}/runs`, call: "list-runs", handle: runs },
  { method: "GET", path: `${R}/actions/runs`, call: "list-runs", handle: runs },
  { method: "GET", path: `${R}/actions/runs/{run}`, call: "get-run", handle: run },
  { method: "GET", path: `${R}/actions/runs/{run}/jobs`, call: "list-jobs", handle: jobs },
  { method: "GET", path: `${R}/actions/runs/{run}/pending_deployments`, call: "list-pending", handle: pending },
  { method: "POST", path: `${R}/actions/runs/{run}/cancel`, call: "cancel-run", handle: cancel },
  { method: "GET", path: `${R}/actions/jobs/{job}`, call: "get-job", handle: job },
  { method: "GET", path: `${R}/actions/jobs/{job}/logs`, call: "get-job-logs", handle: jobLogs },
  { method: "GET", path: "/_storage/{owner}/{repo}/jobs/{job}", call: "storage", open: true, handle: storedLog },
];

function workflows(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const found = [...repository.workflows.values()].map((each) => workflowBody(request.views, repository, each));
  return list(found, "workflows");
}

function workflow(request: GitHubRequest): GitHubReply {
  return ok(workflowBody(request.views, repositoryOf(request), workflowOf(request)));
}

const dispatchSchema = z.strictObject({
  ref: z.string(),
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
  return_run_details: z.boolean().optional(),
});

function dispatch(request: GitHubRequest): GitHubReply {
  const { state } = request;
  const repository = repositoryOf(request);
  const target = workflowOf(request);
  const { ref, inputs = {}, return_run_details: details } = parsed(dispatchSchema, request.body);
  const style = state.options.dispatch ?? "details";
  if (style === "refuses-details" && details !== undefined) {
    throw new GitHubRefusal(422, 'Invalid request.\n\n"return_run_details" is not a permitted key.');
  }
  const made = state.dispatch(repository, target, ref, inputs);
  if ("refused" in made) throw new GitHubRefusal(422, made.refused);
  state.effects.dispatches.push(made);
  if (details !== true || style !== "details") return { status: 204 };
  const url = `${request.views.repository(repository).url}/actions/runs/${made.origin.id}`;
  return ok({ workflow_run_id: made.origin.id, run_url: url, html_url: runPage(repository, made) });
}

function runs(request: GitHubRequest): GitHubReply {
  const repository = repositoryOf(request);
  const file = request.path["workflow"] === undefined ? undefined : workflowOf(request).file;
  const wanted = (name: string, value: string): boolean => [null, value].includes(request.query.get(name));
  const isCreated = createdFilter(request.query.get("created"));
  const found = repository.runs.filter(
    (each) =>
      (file === undefined || each.origin.file === file) &&
      wanted("event", "workflow_dispatch") &&
      wanted("actor", each.origin.actor) &&
      wanted("branch", each.origin.headBranch) &&
      wanted("head_sha", each.origin.headSha) &&
      (wanted("status", each.status) || wanted("status", each.conclusion ?? "")) &&
      isCreated(each),
  );
  return list(
    found.reverse().map((each) => runBody(request.views, repository, each)),
    "workflow_runs",
  );
}

/** `>=T`, `>T`, `<=T`, `<T`, `A..B`; what is not understood is refused, never ignored. */
function createdFilter(filter: string | null): (run: SimulatedRun) => boolean {
  if (filter === null) return () => true;
  const of = (run: SimulatedRun): string => githubTime(run.createdAt);
  const range = /^(.+)\.\.(.+)$/.exec(filter);
  if (range !== null) {
    const [from, until] = [dateOf(range[1]), dateOf(range[2])];
    return (run) => of(run) >= from && of(run) <= until;
  }
  const [, comparison, date] = /^(>=|<=|>|<)(.+)$/.exec(filter) ?? [];
  const bound = dateOf(date);
  if (comparison === ">=") return (run) => of(run) >= bound;
  if (comparison === "<=") return (run) => of(run) <= bound;
  return comparison === ">" ? (run) => of(run) > bound : (run) => of(run) < bound;
}

function dateOf(text: string | undefined): string {
  if (text === undefined || Number.isNaN(Date.parse(text))) throw new GitHubRefusal(422, "Invalid `created` filter");
  return githubTime(instant(text));
}

function run(request: GitHubRequest): GitHubReply {
  return ok(runBody(request.views, repositoryOf(request), runOf(request)));
}

function jobs(request: GitHubRequest): GitHubReply {
  const found = runOf(request);
  const bodies = found.jobs.map((each) => jobBody(request.views, repositoryOf(request), found, each));
  return list(bodies, "jobs");
}

function pending(request: GitHubRequest): GitHubReply {
  return ok(pendingBody(request.views, repositoryOf(request), runOf(request)));
}

function cancel(request: GitHubRequest): GitHubReply {
  const target = runOf(request);
  if (!target.cancel()) throw new GitHubRefusal(409, "Cannot cancel a workflow run that is completed.");
  request.state.effects.cancels.push(target.origin.id);
  return { status: 202, body: {} };
}

function job(request: GitHubRequest): GitHubReply {
  const [found, of] = jobOf(request);
  return ok(jobBody(request.views, repositoryOf(request), of, found));
}

/** GitHub redirects to storage, where no token is wanted. */
function jobLogs(request: GitHubRequest): GitHubReply {
  const [found] = jobOf(request);
  if (found.startedAt === undefined) throw new GitHubRefusal(404, "Not Found");
  const location = `${request.views.api}/_storage/${repositoryOf(request).fullName}/jobs/${found.id}?sig=signed`;
  return { status: 302, text: "", headers: { location } };
}

function storedLog(request: GitHubRequest): GitHubReply {
  request.state.storageTokens.push(request.authorization);
  return { status: 200, text: jobOf(request)[0].log, contentType: "text/plain; charset=utf-8" };
}

/** By file name or by id. */
function workflowOf(request: GitHubRequest): SimulatedWorkflow {
  const wanted = request.path["workflow"] ?? "";
  const { workflows: all } = repositoryOf(request);
  return found(all.get(wanted) ?? [...all.values()].find((each) => String(each.id) === wanted));
}

function runOf(request: GitHubRequest): SimulatedRun {
  return found(repositoryOf(request).runs.find((each) => String(each.origin.id) === request.path["run"]));
}

function jobOf(request: GitHubRequest): readonly [SimulatedJob, SimulatedRun] {
  const all = repositoryOf(request).runs.flatMap((of) => of.jobs.map((each) => [each, of] as const));
  return found(all.find(([each]) => String(each.id) === request.path["job"]));
}
