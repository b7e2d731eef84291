/** The value of expressions in a scope. A look-up that finds nothing, or nothing but "", is an error and never "". */
import type { Expression } from "./expression-parser.ts";
import { parseTemplate, type TemplatePart } from "./expressions.ts";

/** Answers one look-up, or says why there is no answer. */
export type LookUp = (path: readonly string[]) => Answer;

export type Answer = { readonly value: string } | { readonly missing: string };

/** What is known when a text is resolved. Absent parts are not known yet. */
export interface Scope {
  readonly inputs: Readonly<Record<string, string>>;
  /** Outputs of the steps that are done. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly before?: Readonly<Record<string, ServiceFacts>>;
  readonly env?: (name: string) => string | undefined;
  readonly run?: { readonly id: string };
}

/** The part of a service's snapshot that expressions may look up; both platforms' snapshots have this shape. */
export interface ServiceFacts {
  readonly revision?: string | undefined;
  readonly commit?: string | undefined;
  readonly images: readonly string[] | Readonly<Record<string, string>>;
  readonly digests?: Readonly<Record<string, readonly string[]>>;
}

/** The text with every expression replaced by its value. */
export function evaluateText(text: string, lookUp: LookUp): Answer {
  const parsed = parseTemplate(text);
  return "error" in parsed ? { missing: parsed.error.what } : evaluateParts(parsed.parts, lookUp);
}

export function evaluateParts(parts: readonly TemplatePart[], lookUp: LookUp): Answer {
  let value = "";
  for (const part of parts) {
    const answer = part.kind === "literal" ? { value: part.text } : evaluate(part.expression, lookUp);
    if ("missing" in answer) return answer;
    if (part.kind === "expression" && answer.value === "") return { missing: `\`${part.source}\` is empty` };
    value += answer.value;
  }
  return { value };
}

export function evaluate(expression: Expression, lookUp: LookUp): Answer {
  switch (expression.kind) {
    case "text":
      return { value: expression.text };
    case "reference": {
      const answer = lookUp(expression.path);
      return "value" in answer && answer.value === ""
        ? { missing: `\`${expression.path.join(".")}\` is empty` }
        : answer;
    }
    case "call": {
      const [first, second] = expression.arguments.map((argument) => () => evaluate(argument, lookUp));
      const answer = first?.() ?? { missing: "nothing was given" };
      switch (expression.name) {
        case "short":
          return mapped(answer, (value) => value.slice(0, 7));
        case "lower":
          return mapped(answer, (value) => value.toLowerCase());
        case "upper":
          return mapped(answer, (value) => value.toUpperCase());
        case "default":
          return "value" in answer && answer.value !== "" ? answer : (second?.() ?? answer);
      }
    }
  }
}

function mapped(answer: Answer, change: (value: string) => string): Answer {
  return "value" in answer ? { value: change(answer.value) } : answer;
}

/** Look-ups in a scope. */
export function lookUpIn(scope: Scope): LookUp {
  return (path) => {
    const value = valueAt(scope, path);
    return value === undefined ? { missing: `\`${path.join(".")}\` has no value` } : { value };
  };
}

function valueAt(scope: Scope, path: readonly string[]): string | undefined {
  const [root = "", name = "", ...rest] = path;
  switch (root) {
    case "inputs":
      return own(scope.inputs, name);
    case "env":
      return scope.env?.(name);
    case "run":
      return name === "id" ? scope.run?.id : undefined;
    case "steps":
      return rest[0] === "outputs" ? own(own(scope.outputs, name), rest[1] ?? "") : undefined;
    case "services":
      return rest[0] === "before" ? factOf(own(scope.before, name), rest.slice(1)) : undefined;
    default:
      return undefined;
  }
}

/** `images` and `digests` without a name are a list with commas; with a name, that container's. */
function factOf(facts: ServiceFacts | undefined, [fact = "", name]: readonly string[]): string | undefined {
  if (facts === undefined) return undefined;
  switch (fact) {
    case "revision":
      return facts.revision;
    case "commit":
      return facts.commit;
    case "images":
      if (name !== undefined)
        return Array.isArray(facts.images) ? undefined : own(facts.images as Record<string, string>, name);
      return Object.values<string>(facts.images).join(",");
    case "digests":
      if (name !== undefined) return own(facts.digests, name)?.join(",");
      return facts.digests && Object.values(facts.digests).flat().join(",");
    default:
      return undefined;
  }
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
