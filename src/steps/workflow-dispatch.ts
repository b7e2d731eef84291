/** Dispatches a workflow once, and finds the run again: after a doubt, and where the server tells no id. */
import { RunbookError } from "../model/error.ts";
import { type Instant, instant, MINUTE, msBetween, plusMs, SECOND } from "../model/time.ts";
import type { WorkflowDefinition, WorkflowRun } from "../ports/workflows.ts";
import type { Found, StepContext } from "./step.ts";

export interface WorkflowOrder {
  readonly repository: string;
  readonly file: string;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/** As journaled. `sha`: what the ref pointed to when the file was read. */
export type Dispatched = {
  readonly runId?: number;
  readonly sha: string;
  readonly dispatchedAt: Instant;
};

/** Inputs in which a workflow may take the run's id. */
const NONCE_INPUTS = ["runbook_id", "runbook_run", "correlation_id"];
/** Our clock and GitHub's may differ by this much. */
const CLOCK_SKEW_MS = MINUTE;
/** A dispatched run is listed within seconds. */
const LOCATE_WITHIN_MS = 2 * MINUTE;

type Context = Pick<StepContext<unknown>, "run" | "step" | "ports" | "signal" | "now" | "startedAt" | "effect">;

export function dispatchOnce(context: Context, order: WorkflowOrder): Promise<Dispatched> {
  return context.effect<Dispatched>({
    key: "dispatch",
    what: `dispatch ${order.file} of ${order.repository} on ${order.ref}`,
    find: () => findDispatched(context, order),
    act: async () => {
      const definition = await definitionOf(context, order);
      const inputs = { ...nonceInputs(context, order, definition), ...order.inputs };
      const { runId } = await context.ports.workflows.dispatch({ ...order, inputs });
      return { ...(runId === undefined ? {} : { runId }), sha: definition.sha, dispatchedAt: context.now };
    },
  });
}

/**
 * The id of a run whose dispatch told none; undefined while it is not listed yet.
 * Throws RunbookError when there are several, or none after two minutes.
 */
export async function locateRun(
  context: Context,
  order: WorkflowOrder,
  dispatched: Dispatched,
): Promise<number | undefined> {
  const { found, by } = await candidates(context, order, dispatched.dispatchedAt);
  const ours = found.filter((run) => run.headSha === dispatched.sha);
  const [run] = ours;
  if (run !== undefined && ours.length === 1) return run.id;
  if (ours.length === 0 && msBetween(dispatched.dispatchedAt, context.now) < LOCATE_WITHIN_MS) return undefined;
  const seen = found.map(({ url }) => url).join(", ");
  throw new RunbookError({
    what: `${order.file} was dispatched, but ${ours.length === 0 ? "no" : `${ours.length}`} run can be told to be ours (${by})${seen === "" ? "" : `: ${seen}`}`,
    state: "The workflow probably runs and may change production; this run does not follow it.",
    next: `Look at https://github.com/${order.repository}/actions/workflows/${order.file}; give the workflow an input \`runbook_id\` that its \`run-name\` shows, so that its runs can be told apart.`,
  });
}

export function locateAgainAt(now: Instant): Instant {
  return plusMs(now, 3 * SECOND);
}

/** Only with the intent journaled and no outcome: did the dispatch reach GitHub? */
async function findDispatched(context: Context, order: WorkflowOrder): Promise<Found<Dispatched>> {
  const { found, by, nonce, definition } = await candidates(context, order, context.startedAt);
  const [run] = found;
  if (run === undefined) return { found: false };
  const listed = found.map(({ url }) => url).join(", ");
  const newest: Dispatched = { runId: run.id, sha: run.headSha, dispatchedAt: instant(run.createdAt) };
  if (found.length > 1) {
    return { ambiguous: `Several runs may be its result (${by}), the newest first: ${listed}`, newest };
  }
  // Without a nonce, a run of another commit may be somebody's, or ours from before the ref moved.
  if (!nonce && run.headSha !== definition.sha) {
    return {
      ambiguous: `One run may be its result, but of another commit than ${order.ref} has now: ${listed}`,
      newest,
    };
  }
  return { found: true, result: newest };
}

/** Runs that may be ours: by the run's id in their title where the workflow shows it, else by who dispatched them. */
async function candidates(
  context: Context,
  order: WorkflowOrder,
  since: Instant,
): Promise<{ found: readonly WorkflowRun[]; by: string; nonce: boolean; definition: WorkflowDefinition }> {
  const { ports, signal } = context;
  const definition = await definitionOf(context, order);
  const filter = { repository: order.repository, file: order.file, since: plusMs(since, -CLOCK_SKEW_MS) };
  if (showsNonce(context, order, definition)) {
    const all = await ports.workflows.findRuns(filter, signal);
    const ours = nonceOf(context);
    // As a whole word: "RUN/deploy" is not "RUN/deploy-again".
    const found = all.filter(({ title }) => title.split(/[^\w/-]+/).includes(ours));
    return { found, by: `by ${ours} in the run's name`, nonce: true, definition };
  }
  const { login } = await ports.workflows.viewer(signal);
  const found = await ports.workflows.findRuns({ ...filter, actor: login }, signal);
  return { found, by: `dispatched by ${login} since then`, nonce: false, definition };
}

function definitionOf({ ports, signal }: Context, order: WorkflowOrder): Promise<WorkflowDefinition> {
  return ports.workflows.definition(order.repository, order.file, order.ref, signal);
}

/** Names this very dispatch: a run may dispatch one workflow in several steps. */
function nonceOf({ run, step }: Context): string {
  return `${run.id}/${step.id}`;
}

/** The nonce for each input that is made for it and that the runbook does not set itself. */
function nonceInputs(context: Context, order: WorkflowOrder, definition: WorkflowDefinition): Record<string, string> {
  const free = NONCE_INPUTS.filter((name) => name in definition.inputs && !(name in order.inputs));
  return Object.fromEntries(free.map((name) => [name, nonceOf(context)]));
}

function showsNonce(context: Context, order: WorkflowOrder, definition: WorkflowDefinition): boolean {
  const shown = [...(definition.runName ?? "").matchAll(/\binputs\.([\w-]+)/g)].map(([, name]) => name);
  return Object.keys(nonceInputs(context, order, definition)).some((name) => shown.includes(name));
}
