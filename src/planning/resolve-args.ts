/** A step's arguments at the moment when it starts: every expression resolved and the kind's own schema applied. Pure. */
import { type Answer, evaluate, evaluateText, lookUpIn, type Scope } from "../language/evaluate.ts";
import { parseTemplate, referencesIn } from "../language/expressions.ts";
import { quoted } from "../language/problems.ts";
import { shapeIssues } from "../language/shape.ts";
import { RunbookError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import type { CheckSpec, StepSpec } from "../model/runbook.ts";
import type { StepKind } from "../steps/step.ts";
import { mapTexts } from "./map-texts.ts";

export interface ResolvedArgs<A> {
  readonly args: A;
  /** The same for the journal: values that came from the environment stay `${{ env.X }}`. */
  readonly journalArgs: Readonly<Record<string, unknown>>;
}

type Spec = Pick<StepSpec | CheckSpec, "id" | "uses" | "with">;

/** Throws RunbookError when something has no value or does not fit; its text never holds a value of the environment. */
export function resolveArgs<A>(kind: StepKind<A> | undefined, step: Spec, scope: Scope): ResolvedArgs<A> {
  const resolved = tryResolve(kind, step, scope);
  if ("args" in resolved) return { args: resolved.args, journalArgs: journalArgs(step, scope) };
  throw new RunbookError({
    what: `The arguments of ${step.id} cannot be used: ${resolved.problem}.`,
    state: `${step.id} was not started and changed nothing.`,
    next: "Correct the runbook or what it refers to, and deploy again.",
  });
}

/** The arguments of a planned step before the run, or undefined where they depend on what the run finds out. */
export function resolvePlanned<A>(
  kind: StepKind<A> | undefined,
  step: Spec,
  plan: Pick<Plan, "inputs">,
  env: (name: string) => string | undefined,
): A | undefined {
  const resolved = tryResolve(kind, step, { inputs: plan.inputs, env });
  return "args" in resolved ? resolved.args : undefined;
}

function tryResolve<A>(
  kind: StepKind<A> | undefined,
  step: Spec,
  scope: Scope,
): { readonly args: A } | { readonly problem: string } {
  if (kind === undefined) return { problem: `this version has no step kind ${quoted(step.uses)}` };
  const lookUp = lookUpIn(scope);
  let problem: string | undefined;
  const secrets = new Set<string>();
  const resolved = mapTexts(step.with, (text) => {
    const answer = evaluateText(text, lookUp);
    if ("missing" in answer) problem ??= answer.missing;
    else if (readsEnv(text)) secrets.add(answer.value);
    return "value" in answer ? answer.value : text;
  });
  if (problem !== undefined) return { problem };
  const parsed = kind.args.safeParse(resolved);
  if (parsed.success) return { args: parsed.data };
  const retyped = kind.args.safeParse(retype(resolved, step.with));
  if (retyped.success) return { args: retyped.data };
  const [issue] = shapeIssues(kind.args, resolved);
  const told = issue === undefined ? "they do not fit" : `${issue.what}; expected ${issue.expected}`;
  return { problem: withoutSecrets(told, secrets) };
}

/** The same arguments for the journal: values that came from the environment stay `${{ env.X }}`. */
export function journalArgs(step: Spec, scope: Scope): Readonly<Record<string, unknown>> {
  const lookUp = lookUpIn(scope);
  return mapTexts(step.with, (text) => {
    const parsed = parseTemplate(text);
    if ("error" in parsed) return text;
    return parsed.parts
      .map((part) => {
        if (part.kind === "literal") return part.text;
        const open = referencesIn(part.expression, false).some(({ path }) => path[0] === "env");
        const answer: Answer = open ? { missing: "env" } : evaluate(part.expression, lookUp);
        return "value" in answer ? answer.value : part.source;
      })
      .join("");
  }) as Record<string, unknown>;
}

function readsEnv(text: string): boolean {
  const parsed = parseTemplate(text);
  if ("error" in parsed) return false;
  return parsed.parts.some(
    (part) => part.kind === "expression" && referencesIn(part.expression, false).some(({ path }) => path[0] === "env"),
  );
}

/** Expressions give text; where a whole value was one expression, "200" may also be the number and "true" the flag. */
function retype(resolved: unknown, written: unknown): unknown {
  if (typeof resolved === "string") {
    return typeof written === "string" && /^\$\{\{[^{}]*\}\}$/.test(written) ? literalOf(resolved) : resolved;
  }
  if (Array.isArray(resolved)) {
    const source = Array.isArray(written) ? (written as readonly unknown[]) : [];
    return resolved.map((inner: unknown, index) => retype(inner, source[index]));
  }
  if (typeof resolved !== "object" || resolved === null) return resolved;
  const source = (written ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(resolved).map(([key, inner]) => [key, retype(inner, source[key])]));
}

function literalOf(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/.test(text) ? Number(text) : text;
}

function withoutSecrets(text: string, secrets: ReadonlySet<string>): string {
  return [...secrets].reduce((told, secret) => (secret === "" ? told : told.replaceAll(secret, "***")), text);
}
