/** A step's `if:` at the moment when it is judged: true, false, or not to be told. Pure. */
import { evaluateCondition, parseCondition } from "../language/conditions.ts";
import { lookUpIn, type Scope } from "../language/evaluate.ts";
import { RunbookError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import type { StepSpec } from "../model/runbook.ts";

export interface JudgedCondition {
  readonly holds: boolean;
  readonly because: string;
}

/** Undefined where the step has none. Throws RunbookError when what it looks up has no value: that is no false. */
export function conditionIn(step: StepSpec, scope: Scope): JudgedCondition | undefined {
  if (step.if === undefined) return undefined;
  const judged = judge(step.if, scope);
  if ("holds" in judged) return judged;
  throw new RunbookError({
    what: `Whether ${step.id} is to run cannot be told: ${judged.missing}.`,
    state: `${step.id} was not started and changed nothing.`,
    next: "Write `default(…, 'something')` around what may be missing, and deploy again.",
  });
}

/** The same before the run, from its inputs alone; undefined where it depends on what the run finds out. */
export function plannedCondition(step: StepSpec, plan: Pick<Plan, "inputs">): JudgedCondition | undefined {
  if (step.if === undefined) return undefined;
  const judged = judge(step.if, { inputs: plan.inputs });
  return "holds" in judged ? judged : undefined;
}

function judge(text: string, scope: Scope): JudgedCondition | { readonly missing: string } {
  const parsed = parseCondition(text);
  if ("error" in parsed) return { missing: parsed.error.what };
  const answer = evaluateCondition(parsed.condition, lookUpIn(scope));
  if ("missing" in answer) return answer;
  const told = answer.told.length === 0 ? "" : `: ${answer.told.join(", ")}`;
  return { holds: answer.holds, because: `its \`if: ${text.trim()}\` is ${answer.holds}${told}` };
}
