/** Why a workflow run was cancelled, as far as GitHub lets it be told: by a newer run of its concurrency group, or by somebody. Reads only. */
import { PortFailure } from "../model/error.ts";
import { clockTime, plusMs, SECOND } from "../model/time.ts";
import type { WorkflowRun } from "../ports/workflows.ts";
import type { StepContext } from "./step.ts";
import type { WorkflowOrder } from "./workflow-dispatch.ts";

type Context = Pick<StepContext<unknown>, "ports" | "signal">;

/** Soft: what cannot be read leaves both causes open. */
export async function cancelledBy(context: Context, order: WorkflowOrder, run: WorkflowRun): Promise<string> {
  try {
    const [groups, newer] = await Promise.all([groupsOf(context, order), newerRun(context, order, run)]);
    const group = groups.map((name) => `"${name}"`).join(" or ");
    if (newer !== undefined && group !== "") {
      const { id, actor, createdAt } = newer;
      // A group's name may hold expressions, and then be another one for each run.
      return `was cancelled, probably by the newer run #${id} of its concurrency group ${group} (by ${actor}, ${clockTime(createdAt)})`;
    }
    return group === ""
      ? "was cancelled by somebody (its workflow names no concurrency group)"
      : `was cancelled by somebody, or by another workflow's run of its concurrency group ${group}`;
  } catch (error) {
    if (!(error instanceof PortFailure) || context.signal.aborted) throw error;
    return "was cancelled (by somebody, or by a newer run of its concurrency group)";
  }
}

async function groupsOf(
  { ports, signal }: Context,
  { repository, file, ref }: WorkflowOrder,
): Promise<readonly string[]> {
  return (await ports.workflows.definition(repository, file, ref, signal)).concurrency;
}

/** GitHub tells times to the second. */
const SLACK_MS = 2 * SECOND;

/** The newest run of the workflow that began after ours, and before ours had ended. */
async function newerRun(
  { ports, signal }: Context,
  { repository, file }: WorkflowOrder,
  run: WorkflowRun,
): Promise<WorkflowRun | undefined> {
  const filter = { repository, file, since: run.createdAt, anyEvent: true } as const;
  const runs = await ports.workflows.findRuns(filter, signal);
  return runs.find(({ id, createdAt }) => id > run.id && createdAt <= plusMs(run.updatedAt, SLACK_MS));
}
