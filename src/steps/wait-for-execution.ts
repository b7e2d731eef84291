/** `wait-for-execution`: waits until each Cloud Run job's execution of what this run deployed has succeeded. Changes nothing, starts none. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { CloudRunJobSnapshot, CloudRunJobTarget, ServiceSwitch } from "../model/service.ts";
import { MINUTE, plusMs, SECOND } from "../model/time.ts";
import type { CloudRunExecution } from "../ports/cloud-run-jobs.ts";
import { unreadableJob } from "./cloud-run-findings.ts";
import { type ExecutionStage, executionStageOf, jobSwitch, whyNotNew } from "./execution-stage.ts";
import { lastOutputOf } from "./last-output.ts";
import { refusedRevision } from "./revision-refusal.ts";
import type { Finding, PreflightContext, StepContext, StepKind, StepOutcome, StepService } from "./step.ts";
import { wantedVersionArgs } from "./wanted-version.ts";

const argsSchema = z.strictObject(wantedVersionArgs("new execution"));
type Args = z.infer<typeof argsSchema>;

/** Per service: the execution that is followed, and whether it has succeeded. */
const memoSchema = z.record(
  z.string(),
  z.strictObject({ execution: z.string().exactOptional(), isOver: z.boolean(), text: z.string() }),
);
type Memo = z.infer<typeof memoSchema>;

export const waitForExecution: StepKind<Args> = {
  uses: "wait-for-execution",
  summary: "Waits until each Cloud Run job's execution of what was just deployed has succeeded.",
  args: argsSchema,
  platforms: ["cloud-run-job"],
  needsServices: true,
  needs: ["google:run.jobs.get", "google:run.executions.get", "google:logging.logEntries.list"],
  defaultTimeoutMs: 60 * MINUTE,
  preflight,
  turn,
};

async function preflight(context: PreflightContext<Args>): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    context.services.map(async ({ name, target }): Promise<readonly Finding[]> => {
      if (target.platform !== "cloud-run-job") return [];
      try {
        await context.ports.cloudRunJobs.job(target, context.signal);
        return [];
      } catch (error) {
        return [unreadableJob(name, target, error)];
      }
    }),
  );
  return findings.flat();
}

async function turn(context: StepContext<Args>): Promise<StepOutcome> {
  const memo = memoSchema.parse(context.memo ?? {});
  const looks = await Promise.all(context.services.map((service) => look(context, service, memo[service.name])));
  const next: Memo = Object.fromEntries(looks.map(({ service, memo: after }) => [service.name, after]));
  const switched = looks.flatMap(({ change }) => (change === undefined ? [] : [change]));
  const news = switched.length > 0 ? { switched } : {};
  const refusal = looks.find(({ stage }) => stage.kind === "refused");
  const text = looks.map(({ service, stage }) => `${service.name}: ${stage.text}`).join("; ");
  if (refusal?.stage.kind === "refused" && switched.length === 0) {
    const { stage, words } = refusal;
    return refusedRevision(context.step, refusal.service.name, stage, { sample: "1 execution", words });
  }
  if (looks.every(({ stage }) => stage.kind === "succeeded")) {
    return { kind: "done", summary: text, output: outputOf(next), ...news };
  }
  // A refusal cannot carry switches: what switched in this very turn is reported first.
  const pause = refusal === undefined ? Math.round(10 * SECOND * (0.9 + 0.2 * context.random())) : SECOND;
  return { kind: "waiting", for: text, lookAt: plusMs(context.now, pause), memo: next, ...news };
}

interface Look {
  readonly service: StepService;
  readonly stage: ExecutionStage;
  readonly memo: Memo[string];
  readonly change?: ServiceSwitch;
  /** What a failed execution wrote last. */
  readonly words: readonly string[];
}

/** One service: at most two reads, and one of the log. An execution that has succeeded is not looked at again. */
async function look(context: StepContext<Args>, service: StepService, memo: Memo[string] | undefined): Promise<Look> {
  const { target, before } = service;
  if (target.platform !== "cloud-run-job" || before.platform !== "cloud-run-job") {
    throw new TypeError(`${service.name} is not a Cloud Run job`);
  }
  const none = { service, words: [] };
  if (memo?.isOver === true) return { ...none, stage: { kind: "succeeded", text: memo.text }, memo };
  const job = await context.ports.cloudRunJobs.job(target, context.signal);
  const name = memo?.execution ?? job.newestExecution;
  const execution = name === undefined ? undefined : await executionIfThere(context, target, name);
  if (execution === undefined) {
    const stage = missing(before, memo?.execution);
    return { ...none, stage, memo: memo ?? { isOver: false, text: stage.text } };
  }
  const facts = { before, job, execution };
  const unlike = memo?.execution === undefined ? whyNotNew(facts, context.args) : undefined;
  if (unlike !== undefined) return { ...none, stage: unlike, memo: { isOver: false, text: unlike.text } };
  const stage = executionStageOf(execution);
  const hasFailed = stage.kind === "refused" && stage.failing !== undefined;
  const words = hasFailed ? await lastOutputOf(context, target, execution) : [];
  return {
    service,
    stage,
    words,
    memo: { execution: execution.name, isOver: stage.kind === "succeeded", text: stage.text },
    ...(memo?.execution === undefined ? { change: jobSwitch(service.name, facts) } : {}),
  };
}

function missing(before: CloudRunJobSnapshot, followed: string | undefined): ExecutionStage {
  if (followed === undefined) {
    const last = before.newestExecution === undefined ? "" : ` (the last one is ${before.newestExecution}, of before)`;
    return { kind: "waiting", text: `no new execution yet${last}` };
  }
  const because = `execution ${followed} is gone: somebody deleted it before its end was seen`;
  return { kind: "refused", text: because, because };
}

async function executionIfThere(
  { ports, signal }: StepContext<Args>,
  target: CloudRunJobTarget,
  name: string,
): Promise<CloudRunExecution | undefined> {
  try {
    return await ports.cloudRunJobs.execution(target, name, signal);
  } catch (error) {
    if (error instanceof PortFailure && error.kind === "not-found") return undefined;
    throw error;
  }
}

/** Executions are told by service; `execution` alone where there is but one. */
function outputOf(memo: Memo): Readonly<Record<string, string>> {
  const names = Object.entries(memo).map(([service, { execution }]) => [service, execution ?? ""] as const);
  const [only] = names;
  return { ...Object.fromEntries(names), ...(names.length === 1 && only !== undefined ? { execution: only[1] } : {}) };
}
