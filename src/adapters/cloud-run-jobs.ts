/** Cloud Run jobs over the official Admin API v2 clients: reads jobs and executions, and changes nothing. */
import type { v2 } from "@google-cloud/run";
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { CloudRunJobTarget } from "../model/service.ts";
import type { CloudRunExecution, CloudRunJob, CloudRunJobs } from "../ports/cloud-run-jobs.ts";
import { conditionOf, conditionSchema, int64, parsed, short, text, timestamp } from "./cloud-run-wire.ts";
import { bounded, callOptions, type GoogleConfig, instantOf, once, present } from "./google.ts";

export function createCloudRunJobs(config: GoogleConfig): CloudRunJobs {
  const clients = once(() => connect(config));
  return {
    async job(target, signal) {
      const what = `Cloud Run job ${target.job}`;
      const [answer] = await bounded(what, config, signal, async () =>
        (await clients()).jobs.getJob({ name: jobName(target) }, callOptions(config)),
      );
      return jobOf(parsed(what, jobSchema, answer));
    },
    async execution(target, name, signal) {
      const what = `execution ${name} of Cloud Run job ${target.job}`;
      const [answer] = await bounded(what, config, signal, async () =>
        (await clients()).executions.getExecution(
          { name: `${jobName(target)}/executions/${name}` },
          callOptions(config),
        ),
      );
      return executionOf(what, parsed(what, executionSchema, answer));
    },
  };
}

interface Clients {
  readonly jobs: v2.JobsClient;
  readonly executions: v2.ExecutionsClient;
}

async function connect(config: GoogleConfig): Promise<Clients> {
  const [{ v2 }, { clientOptions }] = await Promise.all([import("@google-cloud/run"), import("./google-client.ts")]);
  const options = await clientOptions(config);
  return { jobs: new v2.JobsClient(options), executions: new v2.ExecutionsClient(options) };
}

function jobName(target: CloudRunJobTarget): string {
  return `projects/${target.project}/locations/${target.region}/jobs/${target.job}`;
}

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
const taskTemplate = z.object({ containers: z.array(z.object({ image: text })).nullish() }).nullish();

const jobSchema = z.object({
  generation: int64,
  observedGeneration: int64,
  reconciling: z.boolean().nullish(),
  labels,
  template: z.object({ labels, template: taskTemplate }).nullish(),
  terminalCondition: conditionSchema.nullish(),
  latestCreatedExecution: z.object({ name: text }).nullish(),
  updateTime: timestamp,
});

const executionSchema = z.object({
  name: z.string(),
  createTime: timestamp,
  completionTime: timestamp,
  labels,
  template: taskTemplate,
  conditions: z.array(conditionSchema).nullish(),
  taskCount: count,
  runningCount: count,
  succeededCount: count,
  failedCount: count,
  cancelledCount: count,
  retriedCount: count,
});

function jobOf(wire: z.infer<typeof jobSchema>): CloudRunJob {
  return {
    generation: wire.generation,
    observedGeneration: wire.observedGeneration,
    reconciling: wire.reconciling ?? false,
    ready: conditionOf(wire.terminalCondition ?? undefined),
    images: imagesOf(wire.template?.template),
    ...present({
      commit: wire.template?.labels["commit-sha"] ?? wire.labels["commit-sha"],
      newestExecution: short(wire.latestCreatedExecution?.name),
      updatedAt: instantOf(wire.updateTime),
    }),
  };
}

function executionOf(what: string, wire: z.infer<typeof executionSchema>): CloudRunExecution {
  const createdAt = instantOf(wire.createTime);
  if (createdAt === undefined) throw new PortFailure("malformed", `${what} has no creation time`);
  return {
    name: short(wire.name) ?? wire.name,
    createdAt,
    images: imagesOf(wire.template),
    completed: conditionOf(wire.conditions?.find(({ type }) => type === "Completed")),
    tasks: {
      wanted: wire.taskCount,
      running: wire.runningCount,
      succeeded: wire.succeededCount,
      failed: wire.failedCount,
      cancelled: wire.cancelledCount,
      retried: wire.retriedCount,
    },
    ...present({ completedAt: instantOf(wire.completionTime), commit: wire.labels["commit-sha"] }),
  };
}

function imagesOf(template: z.infer<typeof taskTemplate>): readonly string[] {
  return (template?.containers ?? []).flatMap(({ image }) => (image === undefined ? [] : [image]));
}
