/** Whether an execution of a Cloud Run job is of what was just deployed, and how far it is: pure decisions over what was read. */
import { type CloudRunJobSnapshot, jobVersion, type ServiceSwitch } from "../model/service.ts";
import { MINUTE, msBetween } from "../model/time.ts";
import type { CloudRunExecution, CloudRunJob } from "../ports/cloud-run-jobs.ts";
import { commitProblem, imageProblem, type Unlike, type WantedVersion } from "./wanted-version.ts";

export interface ExecutionFacts {
  readonly before: CloudRunJobSnapshot;
  readonly job: CloudRunJob;
  readonly execution: CloudRunExecution;
}

/** The clocks of this machine and of the API may differ by a little. */
const SKEW_MS = MINUTE;

/**
 * Undefined: it is of what was deployed after the snapshot. A job also runs by schedule, so an execution that is merely
 * newer than the snapshot may be of the former template.
 */
export function whyNotNew({ before, job, execution }: ExecutionFacts, wanted: WantedVersion): Unlike | undefined {
  const { name } = execution;
  if (name === before.newestExecution || msBetween(before.takenAt, execution.createdAt) < -SKEW_MS) {
    return waiting("no new execution yet");
  }
  const what = `execution ${name}`;
  const unlike = commitProblem(what, execution.commit, wanted) ?? imageProblem(what, execution.images, wanted);
  if (unlike !== undefined) return unlike;
  // What the runbook names is proof enough: the same commit may be run once more.
  if (wanted.commit !== undefined || wanted.image !== undefined) return undefined;
  if (job.generation === before.generation) {
    return waiting(`execution ${name} runs what was deployed before: the job was not changed yet`);
  }
  if (execution.commit !== undefined && execution.commit === job.commit && execution.commit !== before.commit) {
    return undefined;
  }
  if (!same(execution.images, before.images) && same(execution.images, job.images)) return undefined;
  if (!same(execution.images, job.images)) {
    return waiting(`execution ${name} runs ${execution.images.join(", ")}, the job has ${job.images.join(", ")}`);
  }
  if (job.updatedAt !== undefined && execution.createdAt >= job.updatedAt) return undefined;
  return waiting(
    `execution ${name} was created before the job was last changed, and its image has the same name as before: ` +
      `it cannot be told whether it is new (give \`commit\` or \`image\`)`,
  );
}

export type ExecutionStage =
  | { readonly kind: "waiting"; readonly text: string }
  | { readonly kind: "succeeded"; readonly text: string }
  /** `failing`: the new version itself has failed, in short of what; absent where somebody ended it. */
  | { readonly kind: "refused"; readonly text: string; readonly because: string; readonly failing?: string };

export function executionStageOf({ name, completed, tasks }: CloudRunExecution): ExecutionStage {
  const of = `${tasks.succeeded} of ${tasks.wanted} tasks succeeded`;
  if (completed.state === "succeeded" && tasks.failed === 0 && tasks.succeeded >= tasks.wanted) {
    return { kind: "succeeded", text: `execution ${name} succeeded (${of})` };
  }
  if (completed.state === "succeeded") {
    return refused(`execution ${name} is told to have succeeded, and yet ${of} and ${tasks.failed} failed`);
  }
  if (completed.state !== "failed") {
    return { kind: "waiting", text: `execution ${name}: ${of}, ${tasks.running} running, ${tasks.failed} failed` };
  }
  const { reason, message } = completed;
  if (reason === "CANCELLED" || reason === "DELETED" || (tasks.cancelled > 0 && tasks.failed === 0)) {
    return refused(`execution ${name} was ${reason === "DELETED" ? "deleted" : "cancelled"} by somebody (${of})`);
  }
  const told = [reason, message].filter((part) => part !== undefined).join(": ") || "no reason given";
  const failure = `${tasks.failed} of ${tasks.wanted} tasks failed`;
  const because = `execution ${name} failed: ${failure}${tasks.retried > 0 ? ` after ${tasks.retried} retries` : ""} (${told})`;
  // Without a failed task it is the platform that did not manage.
  return tasks.failed > 0 ? { ...refused(because), failing: failure } : refused(because);
}

/** A job switches when the first execution of its new template begins. */
export function jobSwitch(service: string, { before, job, execution }: ExecutionFacts): ServiceSwitch {
  return {
    service,
    at: execution.createdAt,
    from: jobVersion(before.generation),
    to: jobVersion(job.generation),
    rolloutStartedAt: execution.createdAt,
    images: [...execution.images],
    ...(execution.commit === undefined ? {} : { commit: execution.commit }),
  };
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((image, index) => b[index] === image);
}

function waiting(text: string): Unlike {
  return { kind: "waiting", text };
}

function refused(because: string): Extract<ExecutionStage, { kind: "refused" }> {
  return { kind: "refused", text: because, because };
}
