/** Jobs and executions of the simulated Cloud Run Admin API v2: both are read. Everything else is UNIMPLEMENTED. */
import type { Server } from "@grpc/grpc-js";
import type { CloudRunJobsState, SimulatedExecution, SimulatedJob } from "./cloud-run-jobs-state.ts";
import { keyOf, refusing } from "./cloud-run-server.ts";
import { answering, ApiError, type GooglePlace, serviceDefinition, Status, wireTime } from "./grpc-api.ts";

export function addCloudRunJobs(
  server: Server,
  place: GooglePlace & { readonly cloudRunJobs: CloudRunJobsState },
): void {
  const { cloudRunJobs } = place;
  server.addService(serviceDefinition("run", "google.cloud.run.v2.Jobs", place.observe), {
    GetJob: answering<{ name: string }>(place, "cloud-run", "get-job", ({ name }) =>
      refusing(() => wireJob(cloudRunJobs.job(keyOf(name)))),
    ),
  });
  server.addService(serviceDefinition("run", "google.cloud.run.v2.Executions", place.observe), {
    GetExecution: answering<{ name: string }>(place, "cloud-run", "get-execution", ({ name }) =>
      refusing(() => {
        const job = cloudRunJobs.job(keyOf(name));
        const execution = job.executions.find((one) => one.name === name.split("/").at(-1));
        if (execution === undefined) throw new ApiError(Status.NOT_FOUND, `Resource '${name}' was not found.`);
        return wireExecution(job, execution);
      }),
    ),
  });
}

function nameOf({ project, region, name }: SimulatedJob): string {
  return `projects/${project}/locations/${region}/jobs/${name}`;
}

function wireJob(job: SimulatedJob): object {
  const newest = job.executions.at(-1);
  return {
    name: nameOf(job),
    generation: String(job.generation),
    observedGeneration: String(job.generation),
    reconciling: false,
    template: {
      labels: job.commit === undefined ? {} : { "commit-sha": job.commit },
      taskCount: newest?.tasks ?? 1,
      template: { containers: [{ image: job.image }] },
    },
    terminalCondition: { type: "Ready", state: "CONDITION_SUCCEEDED", lastTransitionTime: wireTime(job.updatedAt) },
    executionCount: job.executions.length,
    updateTime: wireTime(job.updatedAt),
    ...(newest === undefined
      ? {}
      : { latestCreatedExecution: { name: newest.name, createTime: wireTime(newest.createdAt) } }),
  };
}

function wireExecution(job: SimulatedJob, execution: SimulatedExecution): object {
  const { completedAt, reason, message } = execution;
  return {
    name: `${nameOf(job)}/executions/${execution.name}`,
    job: job.name,
    createTime: wireTime(execution.createdAt),
    ...(completedAt === undefined ? {} : { completionTime: wireTime(completedAt) }),
    labels: execution.commit === undefined ? {} : { "commit-sha": execution.commit },
    taskCount: execution.tasks,
    template: { containers: [{ image: execution.image }] },
    reconciling: completedAt === undefined,
    runningCount: execution.running,
    succeededCount: execution.succeeded,
    failedCount: execution.failed,
    cancelledCount: execution.cancelled,
    conditions: [
      {
        type: "Completed",
        state:
          completedAt === undefined
            ? "CONDITION_RECONCILING"
            : reason === undefined
              ? "CONDITION_SUCCEEDED"
              : "CONDITION_FAILED",
        message: message ?? "",
        lastTransitionTime: wireTime(completedAt ?? execution.createdAt),
        ...(reason === undefined ? {} : { executionReason: reason }),
      },
    ],
  };
}
