/** The repository of a rehearsal: its commits, the pull request, and workflows that change the simulated services. */
import type { Plan } from "../model/plan.ts";
import type { StepSpec } from "../model/runbook.ts";
import { SECOND } from "../model/time.ts";
import type { Happening, SimulatedRun, WorkflowBehaviour } from "../simulator/github-runs.ts";
import { fullSha } from "../simulator/github-state.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import { deployService } from "./deploy-service.ts";
import { deployedBy, triggerSteps, workflowRuleFor } from "./roles.ts";
import type { Scenario } from "./scenario.ts";

const DEFAULT_DURATION_MS = 480 * SECOND;

export function buildGitHub(cloud: SimulatedCloud, plan: Plan, scenario: Scenario): void {
  const fullName = plan.runbook.repository;
  if (fullName === undefined) return;
  cloud.github.addRepository({
    fullName,
    defaultBranch: "main",
    commits: scenario.commits.map(({ sha, title }) => ({ sha: fullSha(sha), title })),
  });
  const pull = scenario["pull-request"];
  if (pull !== undefined) {
    const merge = pull["merge-commit"];
    if (merge !== undefined) addMerge(cloud, fullName, scenario, merge, pull.title);
    cloud.github.addPullRequest(fullName, {
      number: pull.number,
      title: pull.title,
      merged: merge !== undefined,
      headSha: fullSha(`${pull.number}`),
      ...(merge === undefined ? {} : { mergeCommit: fullSha(merge) }),
    });
  }
  for (const step of triggerSteps(plan)) {
    const file = textOf(step.with["workflow"]);
    cloud.github.addWorkflow(fullName, {
      file,
      text: workflowText(step, workflowRuleFor(step, scenario, plan)?.["cancelled-by"] !== undefined),
      behaviour: behaviourOf(step, cloud, plan, scenario),
    });
  }
}

/** A merge that is not among the commits is on a line of its own: what is deployed does not contain it. */
function addMerge(
  { github }: SimulatedCloud,
  fullName: string,
  { commits }: Scenario,
  merge: string,
  title: string,
): void {
  const sha = fullSha(merge);
  const [oldest] = commits;
  if (oldest === undefined || github.repository(fullName).commits.has(sha)) return;
  github.addCommit(fullName, { sha, title, parents: [fullSha(oldest.sha)] });
}

/** A workflow file with just the inputs that the step gives. */
function workflowText(step: StepSpec, isOneAtATime: boolean): string {
  const names = Object.keys(step.with["inputs"] ?? {});
  const declared = names.flatMap((name) => [`      ${name}:`, "        required: true", "        type: string"]);
  const used = names.map((name) => `          ${name.toUpperCase().replaceAll("-", "_")}: \${{ inputs.${name} }}`);
  return [
    `name: ${step.id}`,
    "on:",
    "  workflow_dispatch:",
    ...(declared.length === 0 ? [] : ["    inputs:", ...declared]),
    ...(isOneAtATime ? ["concurrency:", `  group: ${step.id}`, "  cancel-in-progress: true"] : []),
    "jobs:",
    "  deploy:",
    "    runs-on: ubuntu-latest",
    "    steps:",
    "      - run: ./deploy",
    ...(used.length === 0 ? [] : ["        env:", ...used]),
    "",
  ].join("\n");
}

function behaviourOf(step: StepSpec, cloud: SimulatedCloud, plan: Plan, scenario: Scenario): WorkflowBehaviour {
  const rule = workflowRuleFor(step, scenario, plan);
  const durationMs = rule?.duration ?? DEFAULT_DURATION_MS;
  const failed = rule?.conclusion === "failure";
  const endMs = failed ? (rule["failed-after"] ?? durationMs) : durationMs;
  const approved = rule?.approval?.["approved-after"];
  const rejected = rule?.approval?.["rejected-after"];
  const cancelled = rule?.["cancelled-after"];
  return {
    durationMs: endMs,
    jobs: [
      {
        name: "deploy",
        startMs: 0,
        endMs,
        ...(failed
          ? {
              conclusion: "failure" as const,
              failedStep: rule["failed-step"] ?? "Deploy",
              log: jobLog(rule.log),
            }
          : {}),
      },
    ],
    ...(cancelled === undefined ? {} : { cancelledAfterMs: cancelled }),
    ...(rule?.approval === undefined
      ? {}
      : {
          approval: {
            environment: rule.approval.environment,
            reviewers: rule.approval.reviewers,
            ...(approved === undefined ? {} : { approvedAfterMs: approved }),
            ...(rejected === undefined ? {} : { rejectedAfterMs: rejected }),
          },
        }),
    happenings: [
      ...newerRun(cloud, rule?.["cancelled-by"], cancelled),
      ...recordedDeployment(cloud, rule?.environment, endMs, failed),
      ...deployedBy(step, plan, scenario).map((service, index, all) => ({
        // Towards the end of the run, one after another, as such workflows do.
        afterMs: Math.round(durationMs * (0.6 + (0.3 * (index + 1)) / all.length)),
        act: () => deployService(cloud, service, plan, scenario),
      })),
    ],
  };
}

/** Somebody dispatches the same workflow just before ours is cancelled for it. */
function newerRun(
  { github }: SimulatedCloud,
  by: string | undefined,
  cancelledMs: number | undefined,
): readonly Happening[] {
  if (by === undefined || cancelledMs === undefined) return [];
  const act = ({ origin }: SimulatedRun): void => {
    const repository = github.repository(origin.repository);
    const workflow = repository.workflows.get(origin.file);
    if (workflow === undefined || origin.actor === by) return;
    github.dispatch(repository, workflow, origin.headBranch, origin.inputs, by);
  };
  // Counted from the run's creation, and a happening from its execution.
  return [{ afterMs: Math.max(0, cancelledMs - 10 * SECOND), act }];
}

/** What GitHub does for a job with an `environment:`. */
function recordedDeployment(
  { github }: SimulatedCloud,
  environment: string | undefined,
  endMs: number,
  failed: boolean,
): readonly Happening[] {
  if (environment === undefined) return [];
  const login = "github-actions[bot]";
  const tell = (run: SimulatedRun, state: string): void => {
    const { repository, headSha } = run.origin;
    const known = github.repository(repository).deployments.findLast((each) => each.environment === environment);
    const made = { sha: headSha, environment, ref: run.origin.headBranch, login };
    const of = state === "in_progress" ? github.addDeployment(repository, made) : known;
    if (of !== undefined) github.addDeploymentStatus(of, { state, login });
  };
  return [
    { afterMs: 0, act: (run) => tell(run, "in_progress") },
    ...(failed ? [] : [{ afterMs: endMs, act: (run: SimulatedRun) => tell(run, "success") }]),
  ];
}

/** As a runner writes it: what a step writes, the error that ends it, and the clean-up after it. */
function jobLog(lines: readonly string[]): string {
  const all = [...lines, "##[error]Process completed with exit code 1.", "Post job cleanup."];
  return all.map((line, index) => `2026-01-01T00:00:0${Math.min(index, 9)}.0000000Z ${line}\n`).join("");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
