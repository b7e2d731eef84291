/** The wire form of workflow runs, jobs and what belongs to them: schemas, and their translation to our words. */
import { z } from "zod";
import { type Instant, instant } from "../model/time.ts";
import type { PendingApproval, WorkflowJob, WorkflowRun } from "../ports/workflows.ts";

const time = z.string().transform((text): Instant => instant(text));
const optionalTime = time.nullish().transform((at) => at ?? undefined);
export const runSchema = z.object({
  id: z.number(),
  run_attempt: z.number().optional(),
  status: z.enum(["queued", "in_progress", "completed", "waiting", "requested", "pending"]),
  conclusion: z
    .enum([
      "success",
      "failure",
      "neutral",
      "cancelled",
      "skipped",
      "timed_out",
      "action_required",
      "stale",
      "startup_failure",
    ])
    .nullable(),
  head_sha: z.string(),
  display_title: z.string(),
  actor: z.object({ login: z.string() }).nullish(),
  html_url: z.string(),
  created_at: time,
  run_started_at: optionalTime,
  updated_at: time,
});
export const runsSchema = z.object({ workflow_runs: z.array(runSchema) });
const jobSchema = z.object({
  id: z.number(),
  run_attempt: z.number().optional(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  html_url: z.string().nullish(),
  started_at: optionalTime,
  completed_at: optionalTime,
  steps: z.array(z.object({ name: z.string(), conclusion: z.string().nullish() })).optional(),
});
export const jobsSchema = z.object({ jobs: z.array(jobSchema) });
export const pendingSchema = z.array(
  z.object({
    environment: z.object({ name: z.string().optional(), html_url: z.string().optional() }),
    reviewers: z.array(
      z.object({ reviewer: z.object({ login: z.string().optional(), name: z.string().optional() }).nullish() }),
    ),
  }),
);
export const contentSchema = z.object({ type: z.literal("file"), encoding: z.literal("base64"), content: z.string() });
export const shaSchema = z.string().regex(/^[0-9a-f]{40,64}$/);
export const dispatchedSchema = z.union([
  z.object({ workflow_run_id: z.number() }),
  z.literal(""),
  z.null(),
  z.undefined(),
]);

export function runOf(run: z.infer<typeof runSchema>): WorkflowRun {
  return {
    id: run.id,
    attempt: run.run_attempt ?? 1,
    status: run.status,
    ...(run.conclusion === null ? {} : { conclusion: run.conclusion }),
    headSha: run.head_sha,
    title: run.display_title,
    actor: run.actor?.login ?? "",
    url: run.html_url,
    createdAt: run.created_at,
    ...(run.run_started_at === undefined ? {} : { startedAt: run.run_started_at }),
    updatedAt: run.updated_at,
  };
}

export function jobOf(job: z.infer<typeof jobSchema>): WorkflowJob {
  const failed = job.steps?.find((step) => step.conclusion === "failure" || step.conclusion === "timed_out");
  return {
    id: job.id,
    attempt: job.run_attempt ?? 1,
    name: job.name,
    status: job.status,
    ...(job.conclusion === null ? {} : { conclusion: job.conclusion }),
    url: job.html_url ?? "",
    ...(job.started_at === undefined ? {} : { startedAt: job.started_at }),
    ...(job.completed_at === undefined ? {} : { completedAt: job.completed_at }),
    ...(failed === undefined ? {} : { failedStep: failed.name }),
  };
}

export function approvalOf({ environment, reviewers }: z.infer<typeof pendingSchema>[number]): PendingApproval {
  return {
    environment: environment.name ?? "unknown",
    reviewers: reviewers.flatMap(({ reviewer }) => reviewer?.login ?? reviewer?.name ?? []),
    url: environment.html_url ?? "",
  };
}
