/** The steps in their order: starts the next one, gives it one turn, and keeps what came of it. */
import { PortFailure, RunbookError } from "../model/error.ts";
import { type ItemProgress, openQuestion, type Progress } from "../model/progress.ts";
import type { StepSpec } from "../model/runbook.ts";
import { type ServiceSwitch, shareOf } from "../model/service.ts";
import { earliest, formatDuration, type Instant, msBetween, plusMs, SECOND } from "../model/time.ts";
import { worstVerdict } from "../model/verdict.ts";
import { type AskSpec, isCheckKind, type StepContext, type StepKind, type StepOutcome } from "../steps/step.ts";
import type { ResolvedArgs } from "./deps.ts";
import { effectsOf } from "./effect.ts";
import { failureOf, isTransient, MOST_ATTEMPTS, retryAt } from "./failure.ts";
import { AwaitsAnswer, restingUntilAnswered } from "./in-doubt.ts";
import { lookBase, resultsToRecord } from "./look.ts";
import { restoreTurn } from "./restore.ts";
import { identityOfRun, serviceOf } from "./services.ts";
import type { ItemResult, Turn } from "./turn.ts";

export function itemOf(step: StepSpec): string {
  return `step:${step.id}`;
}

const PASSED: readonly ItemProgress["state"][] = ["done", "skipped"];

/** The first step that has not passed; undefined when all have. */
export function currentStep(progress: Progress): StepSpec | undefined {
  return currentSteps(progress)[0];
}

/** The steps whose turn it is: the first that has not passed, and with it those of its group that have not. */
export function currentSteps(progress: Progress): readonly StepSpec[] {
  const { steps } = progress.plan.runbook;
  const first = steps.find((step) => !hasPassed(progress, step));
  if (first?.group === undefined) return first === undefined ? [] : [first];
  return steps.filter((step) => step.group === first.group && !hasPassed(progress, step));
}

function hasPassed(progress: Progress, step: StepSpec): boolean {
  const item = progress.items[itemOf(step)];
  return item !== undefined && (PASSED.includes(item.state) || mayContinue(progress, step));
}

/** An inconclusive gate lets the run go on when the runbook or the operator says so. */
function mayContinue(progress: Progress, step: StepSpec): boolean {
  const item = progress.items[itemOf(step)];
  if (item?.state !== "refused" || item.verdict !== "inconclusive") return false;
  return step.onInconclusive === "continue" || progress.questions[continueQuestion(step)]?.answer === "continue";
}

export function continueQuestion(step: StepSpec): string {
  return `continue:${step.id}`;
}

export async function advanceStep(turn: Turn, step: StepSpec): Promise<ItemResult> {
  const item = turn.progress.items[itemOf(step)];
  if (item?.state === "refused" || item?.state === "failed") return "idle";
  const kind = kindOf(turn, step);
  if (item === undefined) return startStep(turn, step, kind);
  if (item.state === "retrying" && item.retryAt !== undefined && turn.now < item.retryAt) {
    return waitOf(step, item, `another try after: ${item.failure?.what ?? "a failure"}`, item.retryAt);
  }
  return turn.resting(itemOf(step)) ?? takeStepTurn(turn, step, kind, item);
}

async function startStep(turn: Turn, step: StepSpec, kind: StepKind<never>): Promise<ItemResult> {
  if (openQuestion(turn.progress) !== undefined) return "idle";
  const deadline = plusMs(turn.now, step.timeoutMs ?? kind.defaultTimeoutMs);
  let journalArgs: ResolvedArgs["journalArgs"];
  try {
    const condition = turn.deps.condition(step, turn.progress);
    if (condition?.holds === false) {
      await turn.record({ type: "item-skipped", item: itemOf(step), because: condition.because });
      return "changed";
    }
    journalArgs = resolved(turn, step).journalArgs;
  } catch (error) {
    // What it needs to know is not there: a person has to look.
    return giveUp(turn, itemOf(step), error);
  }
  await turn.record({ type: "item-started", item: itemOf(step), args: { ...journalArgs }, deadline });
  return "changed";
}

async function takeStepTurn(
  turn: Turn,
  step: StepSpec,
  kind: StepKind<never>,
  item: ItemProgress,
): Promise<ItemResult> {
  const deadline = item.deadline ?? plusMs(item.since, step.timeoutMs ?? kind.defaultTimeoutMs);
  try {
    const outcome = takenOver(turn.progress, step) ?? (await kind.turn(await contextOf(turn, step, item, deadline)));
    return await keepOutcome(turn, step, item, outcome, deadline);
  } catch (error) {
    if (turn.deps.signal.aborted) throw error;
    if (error instanceof AwaitsAnswer) return restingUntilAnswered(turn, itemOf(step));
    return keepFailure(turn, itemOf(step), error, deadline);
  }
}

/** What serves somebody else's deploy is neither judged nor changed by this run, and what builds on it is not begun. */
function takenOver({ superseded }: Progress, step: StepSpec): StepOutcome | undefined {
  const theirs = step.services.flatMap((service) => superseded[service] ?? []);
  if (theirs.length === 0) return undefined;
  const told = theirs.map(({ service, serving }) => `${service} serves ${serving}`).join(", ");
  return { kind: "refused", because: `somebody else has deployed in the middle: ${told}` };
}

export async function contextOf(
  turn: Turn,
  step: StepSpec,
  item: ItemProgress,
  deadline: Instant,
): Promise<StepContext<never>> {
  const { deps, progress } = turn;
  const kind = kindOf(turn, step);
  const args = resolved(turn, step).args as never;
  const services = step.services.map((name) => serviceOf(progress, name));
  const switches = services.flatMap(({ switched }) =>
    switched === undefined ? [] : [msBetween(switched.at, turn.now)],
  );
  return {
    run: identityOfRun(progress),
    step,
    args,
    services,
    startedAt: item.startedAt,
    deadline,
    now: turn.now,
    memo: item.memo,
    ports: deps.ports,
    signal: deps.signal,
    redaction: turn.redaction,
    random: () => deps.random(),
    effect: effectsOf(turn, itemOf(step)),
    ask: (question) => ask(turn, itemOf(step), question),
    restore: (service, memo) => restoreTurn(turn, `${itemOf(step)}/${service}`, service, memo),
    look: await lookBase(deps, progress, step.id, Math.max(0, ...switches), samplesOf(kind, args)),
  };
}

async function ask(turn: Turn, item: string, question: AskSpec): Promise<string | undefined> {
  const asked = turn.progress.questions[question.id];
  // One question at a time: a step beside this one may have asked first.
  if (asked === undefined && openQuestion(turn.progress) !== undefined) return undefined;
  if (asked === undefined) {
    await turn.record({ type: "question-asked", item, question: { ...question, options: [...question.options] } });
  }
  return asked?.answer;
}

async function keepOutcome(
  turn: Turn,
  step: StepSpec,
  item: ItemProgress,
  outcome: StepOutcome,
  deadline: Instant,
): Promise<ItemResult> {
  const name = itemOf(step);
  if ("switched" in outcome) await keepSwitches(turn, outcome.switched ?? []);
  const link = "link" in outcome && outcome.link !== undefined ? { link: outcome.link } : {};
  switch (outcome.kind) {
    case "done":
      await turn.record({
        type: "item-done",
        item: name,
        summary: outcome.summary,
        output: { ...outcome.output },
        ...link,
        ...(await resultsToRecord(turn.deps, outcome)),
      });
      return "changed";
    case "refused":
      await turn.record({
        type: "item-refused",
        item: name,
        because: outcome.because,
        ...link,
        ...(outcome.verdict === undefined ? {} : { verdict: outcome.verdict }),
        ...(await resultsToRecord(turn.deps, outcome)),
      });
      return "changed";
    case "skipped":
      await turn.record({ type: "item-skipped", item: name, because: outcome.because });
      return "changed";
    case "waiting":
      return keepWaiting(turn, step, item, outcome, deadline);
  }
}

async function keepSwitches(turn: Turn, switches: readonly ServiceSwitch[]): Promise<void> {
  for (const change of switches) {
    const known = turn.progress.switched[change.service];
    // Of a canary every stage is told; anything else switches once.
    if (known !== undefined && (known.to !== change.to || shareOf(change) <= shareOf(known))) continue;
    await turn.record({ type: "service-switched", change });
  }
}

async function keepWaiting(
  turn: Turn,
  step: StepSpec,
  item: ItemProgress,
  told: Extract<StepOutcome, { kind: "waiting" }>,
  before: Instant,
): Promise<ItemResult> {
  const outcome = { ...told, for: turn.words(told.for) };
  // A step may find out that it needs longer (a rollout's budget); an explicit timeout in the runbook stays.
  const deadline = step.timeoutMs === undefined ? (outcome.deadline ?? before) : before;
  if (turn.now >= deadline) return giveUp(turn, itemOf(step), timedOut(turn, step, item, outcome.for));
  const isNews =
    item.state !== "waiting" ||
    item.waitingFor !== outcome.for ||
    item.deadline !== deadline ||
    JSON.stringify(item.memo) !== JSON.stringify(outcome.memo);
  if (isNews) {
    await turn.record({
      type: "item-waiting",
      item: itemOf(step),
      for: outcome.for,
      deadline,
      ...(outcome.link === undefined ? {} : { link: outcome.link }),
      ...(outcome.memo === undefined ? {} : { memo: outcome.memo }),
    });
  }
  const soonest = plusMs(turn.now, SECOND);
  const lookAt = outcome.lookAt > soonest ? outcome.lookAt : soonest;
  const kept = turn.progress.items[itemOf(step)] ?? item;
  return turn.rest({ ...waitOf(step, kept, outcome.for, earliest([lookAt, deadline]) ?? lookAt), deadline });
}

function waitOf(step: StepSpec, item: ItemProgress, what: string, lookAt: Instant): Exclude<ItemResult, string> {
  return {
    item: itemOf(step),
    for: what,
    since: item.since,
    lookAt,
    ...(item.deadline === undefined ? {} : { deadline: item.deadline }),
    ...(item.link === undefined ? {} : { link: item.link }),
  };
}

function timedOut(turn: Turn, step: StepSpec, item: ItemProgress, what: string): RunbookError {
  return new RunbookError({
    what: `Step ${step.id} timed out after ${formatDuration(msBetween(item.startedAt, turn.now))}, waiting for ${what}`,
    state: "A timeout says nothing about production's health: it was kept as it is.",
    next: `\`runbook resume ${turn.lease.run}\` waits again; \`runbook rollback ${turn.progress.plan.runbook.name} --run ${turn.lease.run}\` puts production back.`,
  });
}

/**
 * Transient failures are tried again with backoff until the limit or the deadline; definite refusals so often as `patience`
 * says, everything else gives up at once.
 */
export async function keepFailure(
  turn: Turn,
  item: string,
  error: unknown,
  deadline: Instant,
  patience = 1,
): Promise<ItemResult> {
  const attempt = (turn.progress.items[item]?.attempts ?? 0) + 1;
  const at = retryAt(turn.now, attempt, error, () => turn.deps.random());
  const most = isTransient(error) ? MOST_ATTEMPTS : error instanceof PortFailure ? patience : 1;
  if (attempt >= most || at >= deadline) return giveUp(turn, item, error);
  await turn.record({ type: "item-retrying", item, attempt, failure: failureOf(error), retryAt: at });
  return "changed";
}

async function giveUp(turn: Turn, item: string, error: unknown): Promise<ItemResult> {
  await turn.record({ type: "item-failed", item, failure: failureOf(error) });
  return "changed";
}

/** A gate counts together with the monitor's checks that count the same. */
function samplesOf(kind: StepKind<never>, args: never): string | undefined {
  return isCheckKind(kind) ? kind.samples?.(args) : undefined;
}

function resolved(turn: Turn, step: StepSpec): ResolvedArgs {
  return turn.deps.resolveArgs(step, turn.progress);
}

function kindOf(turn: Turn, step: StepSpec): StepKind<never> {
  const kind = turn.deps.kindOf(step.uses);
  if (kind === undefined) throw new RangeError(`no step kind ${step.uses}`);
  return kind;
}

/** The verdict of the gates that have been passed or refused so far. */
export function stepsVerdict(progress: Progress): ReturnType<typeof worstVerdict> | undefined {
  const results = Object.values(progress.items).flatMap((item) => item.results ?? []);
  return results.length === 0 ? undefined : worstVerdict(results.map(({ verdict }) => verdict));
}
