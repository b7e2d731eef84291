/** After a resume: has somebody else changed what this run has yet to deploy? Reads and asks; decides nothing by itself. */
import { messageOf } from "../model/error.ts";
import { openQuestion, type Progress, type QuestionProgress } from "../model/progress.ts";
import { plusMs } from "../model/time.ts";
import type { Fact, Finding } from "../steps/step.ts";
import { hasEffects, identityOfRun, isUntouched, serviceOf } from "./services.ts";
import { currentStep, itemOf } from "./steps.ts";
import { servesText } from "./survey.ts";
import type { Turn } from "./turn.ts";

const PREFIX = "moved:";

/** Repeats preflight's reads for what has not been begun, and asks whether to go on when an answer is another one now. */
export async function askWhetherMoved(turn: Turn, word: number): Promise<void> {
  const { progress } = turn;
  const id = `${PREFIX}${word}`;
  const hasWork = progress.rollback === undefined && currentStep(progress) !== undefined;
  if (!hasWork || openQuestion(progress) !== undefined || progress.questions[id] !== undefined) return;
  const news = [...(await movedServices(turn)), ...(await brokenSteps(turn))];
  if (news.length === 0) return;
  const deadline = plusMs(turn.now, progress.plan.runbook.rollback.askTimeoutMs);
  await turn.record({
    type: "question-asked",
    item: "resume",
    question: {
      id,
      about: "continue",
      text: `Since this run was planned: ${news.join("; ")}. May the deploy go on?`,
      options: ["continue", "stop"],
      fallback: "stop",
      deadline,
    },
  });
}

/** Its question, the newest; the steps rest while it is open. */
export function movedQuestion(progress: Progress): QuestionProgress | undefined {
  return Object.values(progress.questions).findLast(({ question }) => question.id.startsWith(PREFIX));
}

async function movedServices(turn: Turn): Promise<readonly string[]> {
  const untouched = Object.keys(turn.progress.plan.runbook.services).filter((name) => isUntouched(turn.progress, name));
  const told = await Promise.all(untouched.map((service) => movedFrom(turn, service)));
  return told.filter((one) => one !== undefined);
}

async function movedFrom(turn: Turn, service: string): Promise<string | undefined> {
  const { target, before } = serviceOf(turn.progress, service);
  const platform = turn.deps.platformOf(target);
  const expected = platform.versionOf(before);
  try {
    const serving = await platform.serving(target, turn.deps.ports, turn.deps.signal);
    if (serving === (expected ?? "mixed")) return undefined;
    return `${servesText(service, serving)}, then: ${expected ?? "a split"}`;
  } catch (error) {
    if (turn.deps.signal.aborted) throw error;
    return `${service} could not be read (${messageOf(error)})`;
  }
}

/** Steps to come of which preflight says something else now: a workflow file or a branch that has moved, a permission that is gone. */
async function brokenSteps(turn: Turn): Promise<readonly string[]> {
  const { progress } = turn;
  const { id: _id, ...run } = identityOfRun(progress);
  const told: string[] = [];
  for (const step of progress.plan.runbook.steps.filter((one) => isToCome(progress, itemOf(one)))) {
    const kind = turn.deps.kindOf(step.uses);
    const services = step.services.map((name) => ({
      name,
      target: serviceOf(progress, name).target,
      touched: !isUntouched(progress, name),
    }));
    try {
      const { ports, signal } = turn.deps;
      const args = argsOf(turn, step) as never;
      const findings = await kind?.preflight?.({ run, step, args, services, now: turn.now, ports, signal });
      told.push(...(findings ?? []).flatMap((finding) => newsOf(progress, finding)));
    } catch (error) {
      if (turn.deps.signal.aborted) throw error;
      told.push(`step ${step.id} could not be checked beforehand (${messageOf(error)})`);
    }
  }
  return [...new Set(told)];
}

function newsOf({ facts }: Progress, finding: Finding | Fact): readonly string[] {
  if (finding.severity === "remark") return [];
  if (finding.severity !== "fact") return [finding.what];
  const { about, is } = finding;
  const then = facts[about];
  return then === undefined || then === is ? [] : [`${about} is at ${is.slice(0, 7)}, then: ${then.slice(0, 7)}`];
}

function isToCome(progress: Progress, item: string): boolean {
  const state = progress.items[item]?.state;
  if (state === undefined) return true;
  return ["started", "retrying", "failed"].includes(state) && !hasEffects(progress, item);
}

/** Undefined where they depend on what steps before it will give. */
function argsOf(turn: Turn, step: Parameters<Turn["deps"]["resolveArgs"]>[0]): unknown {
  try {
    return turn.deps.resolveArgs(step, turn.progress).args;
  } catch {
    return undefined;
  }
}
