/** Follows one workflow run: what it waits for, and what its end means. One look per turn. */
import { z } from "zod";
import type { Json } from "../model/json.ts";
import { DAY, formatDuration, type Instant, instantSchema, MINUTE, msBetween, plusMs, SECOND } from "../model/time.ts";
import type { WorkflowJob, WorkflowRun } from "../ports/workflows.ts";
import type { StepContext, StepOutcome } from "./step.ts";
import { lastWordsOf } from "./job-log.ts";
import { cancelledBy } from "./workflow-cancelled.ts";
import { type Dispatched, locateAgainAt, type WorkflowOrder } from "./workflow-dispatch.ts";

/** What a turn leaves for the next one. */
const watchSchema = z.object({
  runId: z.number(),
  attempt: z.number(),
  /** Of the run when its jobs were last read: they are read again only when it changed. */
  updatedAt: instantSchema,
  progress: z.string(),
  /** The environment for which it waited for approval, once it did. */
  environment: z.string().exactOptional(),
});
export type Watch = z.infer<typeof watchSchema>;
type Context = StepContext<{ readonly job?: string | undefined }>;

export function watchOf(memo: Json | undefined): Watch | undefined {
  return watchSchema.safeParse(memo).data;
}

export function waitingForRun({ now }: Context, order: WorkflowOrder): StepOutcome {
  return { kind: "waiting", for: `the run of ${order.file}, dispatched, to be listed`, lookAt: locateAgainAt(now) };
}

export async function watchRun(
  context: Context,
  order: WorkflowOrder,
  dispatched: Dispatched,
  runId: number,
  before: Watch | undefined,
): Promise<StepOutcome> {
  const { ports, signal } = context;
  const run = await ports.workflows.run(order.repository, runId, signal);
  if (run.status === "completed") {
    const jobs = await ports.workflows.jobs(order.repository, runId, signal);
    // Somebody pressed "Re-run" between the two looks: the jobs are of an attempt that is not over.
    if (jobs.some(({ attempt }) => attempt > run.attempt)) return beganAgain(context, order, run);
    return concluded(context, order, run, jobs, before);
  }
  const isNews = before === undefined || before.updatedAt !== run.updatedAt || before.attempt !== run.attempt;
  const watch: Watch = {
    runId,
    attempt: run.attempt,
    updatedAt: run.updatedAt,
    progress: isNews ? await progressOf(context, order, run) : before.progress,
    ...(before?.environment === undefined ? {} : { environment: before.environment }),
  };
  const label = `run #${runId} of ${order.file}${run.attempt > 1 ? ` (attempt ${run.attempt})` : ""}`;
  if (run.status === "waiting") return awaitingApproval(context, order, dispatched, run, watch, label);
  return {
    kind: "waiting",
    for: `${label}: ${run.status}${watch.progress}`,
    lookAt: nextLook(context, dispatched),
    link: run.url,
    memo: watch,
    ...longerFor(context, watch),
  };
}

function beganAgain({ now, memo }: Context, order: WorkflowOrder, run: WorkflowRun): StepOutcome {
  const what = `run #${run.id} of ${order.file} to be re-run (attempt ${run.attempt + 1})`;
  return {
    kind: "waiting",
    for: what,
    lookAt: locateAgainAt(now),
    link: run.url,
    ...(memo === undefined ? {} : { memo }),
  };
}

async function awaitingApproval(
  context: Context,
  order: WorkflowOrder,
  dispatched: Dispatched,
  run: WorkflowRun,
  watch: Watch,
  label: string,
): Promise<StepOutcome> {
  const approvals = await context.ports.workflows.pendingApprovals(order.repository, run.id, context.signal);
  const wanted = approvals.map(({ environment, reviewers }) => {
    const who = reviewers.length === 0 ? "" : ` by ${reviewers.join(", ")}`;
    return `approval of environment ${environment}${who}`;
  });
  const [first] = approvals;
  const memo = first === undefined ? watch : { ...watch, environment: first.environment };
  return {
    kind: "waiting",
    for: `${label} waits for ${wanted.join(" and ") || "a protection rule of its environment"}`,
    lookAt: nextLook(context, dispatched),
    link: run.url,
    memo,
    ...longerFor(context, memo),
  };
}

/** Reviewers take hours: a run that waited for one has a day, unless the runbook sets a timeout. */
function longerFor(context: Context, watch: Watch): { deadline?: Instant } {
  return watch.environment === undefined ? {} : { deadline: plusMs(context.startedAt, DAY) };
}

async function progressOf(context: Context, order: WorkflowOrder, run: WorkflowRun): Promise<string> {
  const jobs = await context.ports.workflows.jobs(order.repository, run.id, context.signal);
  if (jobs.length === 0) return "";
  const done = jobs.filter((job) => job.status === "completed").length;
  const current = jobs.find((job) => job.status === "in_progress");
  return `${current === undefined ? "" : `, job ${current.name}`} (${done} of ${jobs.length} done)`;
}

/** Often while something is likely to happen, seldom later; with jitter so that many runs do not ask in step. */
function nextLook(context: Context, dispatched: Dispatched): Instant {
  const elapsed = msBetween(dispatched.dispatchedAt, context.now);
  const interval = elapsed < MINUTE ? 5 * SECOND : elapsed < 5 * MINUTE ? 10 * SECOND : 20 * SECOND;
  return plusMs(context.now, Math.round(interval * (0.8 + 0.4 * context.random())));
}

async function concluded(
  context: Context,
  order: WorkflowOrder,
  run: WorkflowRun,
  jobs: readonly WorkflowJob[],
  before: Watch | undefined,
): Promise<StepOutcome> {
  const because =
    run.conclusion === "success"
      ? missedBy(context.args.job, jobs)
      : run.conclusion === "cancelled"
        ? await cancelledBy(context, order, run)
        : endedBy(run, jobs, before);
  if (because !== undefined) {
    const failed = jobs.find(isFailed);
    // A job that never began a step wrote nothing: it was rejected, or its workflow is broken.
    const words = failed?.failedStep === undefined ? [] : await lastWordsOf(context, order.repository, failed);
    const what = `run #${run.id} of ${order.file} ${because}`;
    return { kind: "refused", because: [what, ...words].join("\n"), link: failed?.url || run.url };
  }
  const took = formatDuration(msBetween(run.startedAt ?? run.createdAt, run.updatedAt));
  return {
    kind: "done",
    summary: `run #${run.id} of ${order.file} succeeded in ${took}, at ${run.headSha.slice(0, 7)}`,
    output: { "run-id": String(run.id), "run-attempt": String(run.attempt), sha: run.headSha, url: run.url },
    link: run.url,
  };
}

/** A run succeeds when its jobs were skipped: the job that deploys must really have succeeded. */
function missedBy(wanted: string | undefined, jobs: readonly WorkflowJob[]): string | undefined {
  if (wanted === undefined) {
    if (jobs.some((job) => job.conclusion === "success")) return undefined;
    return "succeeded without doing anything: none of its jobs ran";
  }
  // "deploy", "deploy (us, 1)" of a matrix, "caller / deploy" of a reusable workflow.
  const matching = jobs.filter(
    ({ name }) => name === wanted || name.startsWith(`${wanted} (`) || name.endsWith(` / ${wanted}`),
  );
  if (matching.length === 0) {
    return `has no job "${wanted}" (its jobs: ${jobs.map(({ name }) => name).join(", ") || "none"})`;
  }
  const missed = matching.find((job) => job.conclusion !== "success");
  return missed === undefined
    ? undefined
    : `succeeded, but its job "${missed.name}" was ${missed.conclusion ?? "unknown"}`;
}

function endedBy(run: WorkflowRun, jobs: readonly WorkflowJob[], before: Watch | undefined): string {
  if (run.conclusion === "skipped") return "was skipped: none of its jobs ran";
  const failed = jobs.filter(isFailed);
  const [first] = failed;
  // A rejected approval ends a job before its first step.
  if (before?.environment !== undefined && failed.every((job) => job.failedStep === undefined)) {
    return `was not approved for environment ${before.environment}`;
  }
  if (first === undefined) return `ended as ${run.conclusion ?? "unknown"}`;
  const verb = first.conclusion === "timed_out" ? "timed out" : "failed";
  const step = first.failedStep === undefined ? "before any of its steps" : `in step "${first.failedStep}"`;
  const others = failed.length > 1 ? ` and ${failed.length - 1} more` : "";
  return `ended as ${run.conclusion ?? "unknown"}: job "${first.name}" ${verb} ${step}${others}`;
}

function isFailed(job: WorkflowJob): boolean {
  return job.conclusion === "failure" || job.conclusion === "timed_out";
}
