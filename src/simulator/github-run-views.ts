/** Workflow runs, jobs and workflows as the simulated GitHub answers them, typed by its official client. Decides nothing. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import type { SimulatedJob, SimulatedRun } from "./github-runs.ts";
import type { SimulatedRepository, SimulatedWorkflow } from "./github-state.ts";
import { githubTime, type GitHubViews, nodeId, WEB } from "./github-views.ts";
import { hash } from "./world.ts";

type Endpoints = RestEndpointMethodTypes["actions"];
type RunBody = Endpoints["getWorkflowRun"]["response"]["data"];
type JobBody = Endpoints["getJobForWorkflowRun"]["response"]["data"];
type PendingBody = Endpoints["getPendingDeploymentsForRun"]["response"]["data"];
type WorkflowBody = Endpoints["getWorkflow"]["response"]["data"];

export function runBody(views: GitHubViews, repository: SimulatedRepository, run: SimulatedRun): RunBody {
  const { origin } = run;
  const workflow = repository.workflows.get(origin.file);
  const url = `${views.api}/repos/${repository.fullName}/actions/runs/${origin.id}`;
  const suite = origin.id + 1;
  return {
    id: origin.id,
    name: workflow?.name ?? origin.file,
    node_id: nodeId("WorkflowRun", origin.id),
    check_suite_id: suite,
    check_suite_node_id: nodeId("CheckSuite", suite),
    head_branch: origin.headBranch,
    head_sha: origin.headSha,
    path: `.github/workflows/${origin.file}`,
    display_title: origin.title,
    run_number: origin.number,
    event: "workflow_dispatch",
    status: run.status,
    conclusion: run.conclusion ?? null,
    workflow_id: workflow?.id ?? 0,
    url,
    html_url: runPage(repository, run),
    pull_requests: [],
    created_at: githubTime(run.createdAt),
    updated_at: githubTime(run.updatedAt),
    actor: views.user(origin.actor),
    run_attempt: run.attempt,
    referenced_workflows: [],
    run_started_at: githubTime(run.startedAt),
    triggering_actor: views.user(origin.actor),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${views.api}/repos/${repository.fullName}/check-suites/${suite}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${views.api}/repos/${repository.fullName}/actions/workflows/${workflow?.id ?? 0}`,
    head_commit: headCommit(views, repository, run),
    repository: views.repository(repository),
    head_repository: views.repository(repository),
  };
}

export function jobBody(
  views: GitHubViews,
  repository: SimulatedRepository,
  run: SimulatedRun,
  job: SimulatedJob,
): JobBody {
  const api = `${views.api}/repos/${repository.fullName}`;
  return {
    id: job.id,
    run_id: run.origin.id,
    workflow_name: repository.workflows.get(run.origin.file)?.name ?? null,
    head_branch: run.origin.headBranch,
    run_url: `${api}/actions/runs/${run.origin.id}`,
    run_attempt: run.attempt,
    node_id: nodeId("CheckRun", job.id),
    head_sha: run.origin.headSha,
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `${runPage(repository, run)}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion ?? null,
    created_at: githubTime(run.startedAt),
    started_at: githubTime(job.startedAt ?? run.startedAt),
    completed_at: job.completedAt === undefined ? null : githubTime(job.completedAt),
    name: job.name,
    steps: stepsOf(job),
    check_run_url: `${api}/check-runs/${job.id}`,
    labels: ["ubuntu-latest"],
    runner_id: job.startedAt === undefined ? null : 1,
    runner_name: job.startedAt === undefined ? null : "GitHub Actions 1",
    runner_group_id: job.startedAt === undefined ? null : 0,
    runner_group_name: job.startedAt === undefined ? null : "GitHub Actions",
  };
}

export function pendingBody(views: GitHubViews, repository: SimulatedRepository, run: SimulatedRun): PendingBody {
  const { approval, waitingSince } = run;
  if (approval === undefined || waitingSince === undefined) return [];
  const id = hash(approval.environment) % 1_000_000_000;
  const name = encodeURIComponent(approval.environment);
  const page = `${WEB}/${repository.fullName}/deployments/activity_log?environments_filter=${name}`;
  return [
    {
      environment: {
        id,
        node_id: nodeId("Environment", id),
        name: approval.environment,
        url: `${views.api}/repos/${repository.fullName}/environments/${name}`,
        html_url: page,
      },
      wait_timer: 0,
      wait_timer_started_at: githubTime(waitingSince),
      current_user_can_approve: approval.reviewers.includes(views.state.options.login),
      reviewers: approval.reviewers.map((login) => ({ type: "User", reviewer: views.user(login) })),
    },
  ];
}

export function workflowBody(
  views: GitHubViews,
  repository: SimulatedRepository,
  workflow: SimulatedWorkflow,
): WorkflowBody {
  const web = `${WEB}/${repository.fullName}`;
  const at = githubTime(views.state.madeAt);
  return {
    id: workflow.id,
    node_id: nodeId("Workflow", workflow.id),
    name: workflow.name,
    path: workflow.path,
    state: "active",
    created_at: at,
    updated_at: at,
    url: `${views.api}/repos/${repository.fullName}/actions/workflows/${workflow.id}`,
    html_url: `${web}/blob/${repository.defaultBranch}/${workflow.path}`,
    badge_url: `${web}/workflows/${encodeURIComponent(workflow.name)}/badge.svg`,
  };
}

function headCommit(views: GitHubViews, repository: SimulatedRepository, run: SimulatedRun): RunBody["head_commit"] {
  const person = { name: "The author", email: "author@example.com" };
  const sha = run.origin.headSha;
  return {
    id: sha,
    tree_id: sha,
    message: repository.commits.get(sha)?.title ?? "",
    timestamp: githubTime(run.createdAt),
    author: person,
    committer: person,
  };
}

export function runPage(repository: SimulatedRepository, run: SimulatedRun): string {
  return `${WEB}/${repository.fullName}/actions/runs/${run.origin.id}`;
}

/** A job that never started has no steps: one whose approval was rejected, or that was skipped. */
function stepsOf(job: SimulatedJob): NonNullable<JobBody["steps"]> {
  if (job.startedAt === undefined) return [];
  const started_at = githubTime(job.startedAt);
  const completed_at = job.completedAt === undefined ? null : githubTime(job.completedAt);
  const done = { status: "completed", conclusion: "success", started_at, completed_at: started_at } as const;
  const main = { status: job.status === "completed" ? "completed" : "in_progress", started_at, completed_at } as const;
  return [
    { name: "Set up job", number: 1, ...done },
    { name: job.failedStep, number: 2, ...main, conclusion: job.conclusion ?? null },
    ...(job.status === "completed" ? [{ name: "Complete job", number: 3, ...done, completed_at }] : []),
  ];
}
