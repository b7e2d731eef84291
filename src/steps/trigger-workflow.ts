/** `trigger-workflow`: dispatches a GitHub Actions workflow once and follows its run to the end. Judges no service. */
import { z } from "zod";
import { PortFailure, RunbookError } from "../model/error.ts";
import { MINUTE } from "../model/time.ts";
import type { Fact, Finding, PreflightContext, StepContext, StepKind, StepOutcome } from "./step.ts";
import { clockFindings } from "./clock-findings.ts";
import { dispatchOnce, locateRun, type WorkflowOrder } from "./workflow-dispatch.ts";
import { inputFindings } from "./workflow-inputs.ts";
import { waitingForRun, watchOf, watchRun } from "./workflow-watch.ts";

const argsSchema = z.strictObject({
  workflow: z
    .string()
    .regex(/^[^/]+\.ya?ml$/, { error: 'expected the name of a file in .github/workflows, such as "deploy.yml"' })
    .describe("File name of the workflow in .github/workflows."),
  ref: z.string().min(1).describe("Branch or tag on which the workflow is dispatched (not a commit)."),
  inputs: z.record(z.string(), z.string()).prefault({}).describe("Inputs of the workflow, all as text."),
  job: z
    .string()
    .min(1)
    .optional()
    .describe("Name of the job that must have succeeded; default: no job may be missed."),
  repository: z
    .string()
    .regex(/^[^/\s]+\/[^/\s]+$/, { error: "expected owner/name" })
    .optional()
    .describe("owner/name; default: the runbook's `repository`."),
});
export type TriggerWorkflowArgs = z.infer<typeof argsSchema>;

export const triggerWorkflow: StepKind<TriggerWorkflowArgs> = {
  uses: "trigger-workflow",
  summary: "Dispatches a GitHub Actions workflow and waits for its run to succeed.",
  args: argsSchema,
  platforms: [],
  needsServices: false,
  needs: ["github:actions=write", "github:contents=read"],
  defaultTimeoutMs: 30 * MINUTE,
  preflight,
  turn,
  abandon,
};

async function preflight(context: PreflightContext<TriggerWorkflowArgs>): Promise<readonly (Finding | Fact)[]> {
  const { args, now, ports, signal, step } = context;
  if (args === undefined) return [{ severity: "remark", what: `step ${step.id}: its workflow is known only later` }];
  const repository = args.repository ?? context.run.repository;
  if (repository === undefined) return [noRepository(step.id)];
  try {
    const { at } = await ports.workflows.viewer(signal);
    const wrongClock = at === undefined ? [] : clockFindings(now, at);
    const definition = await ports.workflows.definition(repository, args.workflow, args.ref, signal);
    const commit: Fact = { severity: "fact", about: `${args.ref} of ${repository}`, is: definition.sha };
    return [commit, ...wrongClock, ...inputFindings(step.id, args, definition)];
  } catch (error) {
    const finding = error instanceof PortFailure ? findingOf(step.id, error) : undefined;
    if (finding === undefined) throw error;
    return [finding];
  }
}

async function turn(context: StepContext<TriggerWorkflowArgs>): Promise<StepOutcome> {
  const { args, step } = context;
  const repository = args.repository ?? context.run.repository;
  if (repository === undefined) {
    const { what, next = "" } = noRepository(step.id);
    throw new RunbookError({ what, state: "Nothing was dispatched.", next });
  }
  const order: WorkflowOrder = { repository, file: args.workflow, ref: args.ref, inputs: args.inputs };
  const dispatched = await dispatchOnce(context, order);
  const watch = watchOf(context.memo);
  const runId = dispatched.runId ?? watch?.runId ?? (await locateRun(context, order, dispatched));
  if (runId === undefined) return waitingForRun(context, order);
  return watchRun(context, order, dispatched, runId, watch);
}

/** Cancels the workflow's run, so that it does not deploy behind a rollback. Cancelling what is over changes nothing. */
async function abandon(context: StepContext<TriggerWorkflowArgs>): Promise<string | undefined> {
  const { args, ports, signal } = context;
  const repository = args.repository ?? context.run.repository;
  const runId = watchOf(context.memo)?.runId;
  if (repository === undefined || runId === undefined) return undefined;
  await context.effect({
    key: "cancel",
    what: `cancel run #${runId} of ${args.workflow}`,
    find: async () => {
      const { status, conclusion } = await ports.workflows.run(repository, runId, signal);
      return status === "completed" ? { found: true, result: conclusion ?? "over" } : { found: false };
    },
    act: async () => {
      await ports.workflows.cancel(repository, runId);
      return "cancelled";
    },
  });
  // GitHub only asks the runner: what it has begun may still reach production.
  const { status } = await ports.workflows.run(repository, runId, signal);
  return status === "completed" ? undefined : `the end of run #${runId} of ${args.workflow}, which was cancelled`;
}

function noRepository(step: string): Finding {
  return {
    severity: "error",
    what: `step ${step}: it is not said in which repository the workflow is`,
    next: "Write `repository: owner/name` into the runbook, or into the step's `with`.",
  };
}

/** Failures that say something about the runbook or the token; the others are nobody's fault and are thrown on. */
function findingOf(step: string, failure: PortFailure): Finding | undefined {
  const what = `step ${step}: ${failure.message}`;
  switch (failure.kind) {
    case "unauthorised":
      return {
        severity: "unauthorised",
        what,
        next: "Set GITHUB_TOKEN to a token that may read and dispatch the repository's workflows (`gh auth token` prints one).",
      };
    case "not-found":
      return { severity: "error", what, next: "Correct `workflow`, `ref` or `repository` of the step." };
    case "invalid":
      return { severity: "error", what, next: "Correct the step, or the workflow file on that ref." };
    case "conflict":
    case "rate-limited":
    case "unavailable":
    case "timeout":
    case "aborted":
    case "malformed":
      return undefined;
  }
}
