/** Freezes a runbook for one run: inputs resolved, everything that can be known checked. Pure: asks no cloud and reads no environment. */
import { type Answer, evaluateParts, type LookUp } from "../language/evaluate.ts";
import { hasExpression, parseTemplate, referencesOf } from "../language/expressions.ts";
import { quoted } from "../language/problems.ts";
import { argumentIssues } from "../language/shape.ts";
import { didYouMean, oneOf } from "../language/suggest.ts";
import type { Plan } from "../model/plan.ts";
import type { CheckSpec, InputSpec, Position, Runbook, StepSpec } from "../model/runbook.ts";
import type { StepKind } from "../steps/step.ts";

export interface PlanRequest {
  readonly runbook: Runbook;
  /** As the operator named it. */
  readonly file: string;
  /** sha256 of the file's bytes. */
  readonly digest: string;
  /** Values given with `--input`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Names of the environment variables that are set and not empty. Values are never asked for. */
  readonly env: ReadonlySet<string>;
  readonly pullRequest?: number | undefined;
  readonly startedBy: string;
  /** A rehearsal has no environment of its own: references to it are answered by the simulation and not checked here. */
  readonly rehearsal: boolean;
  readonly kinds: readonly StepKind<never>[];
}

export interface PlanProblem {
  readonly file: string;
  /** The step or check, where it is about one. */
  readonly position?: Position;
  readonly what: string;
  readonly remedy: string;
}

export type Planned = { readonly plan: Plan } | { readonly problems: readonly PlanProblem[] };

export function makePlan(request: PlanRequest): Planned {
  const { runbook, file } = request;
  const problems: PlanProblem[] = inputProblems(request).map((problem) => ({ file, ...problem }));
  if (problems.length > 0) return { problems };
  const inputs = inputsOf(request);
  const told = (problem: Complaint, position?: Position) =>
    void problems.push({ file, ...problem, ...(position === undefined ? {} : { position }) });
  const lookUp: LookUp = ([root, name = ""]) =>
    root === "inputs" && Object.hasOwn(inputs, name) ? { value: inputs[name] ?? "" } : { missing: `\`${root}\`` };
  const resolve = (value: unknown, position?: Position) =>
    mapTexts(value, (text) => resolveInputs(text, lookUp, (problem) => told(problem, position)));

  const use = <U extends StepSpec | CheckSpec>(spec: U): U => {
    const resolved: U = { ...spec, with: resolve(spec.with, spec.position) as U["with"] };
    for (const problem of useProblems(resolved, request)) told(problem, spec.position);
    return resolved;
  };
  const frozen: Runbook = {
    ...runbook,
    ...(runbook.repository === undefined ? {} : { repository: resolve(runbook.repository) as string }),
    services: resolve(runbook.services) as Runbook["services"],
    steps: runbook.steps.map(use),
    ...(runbook.monitor === undefined
      ? {}
      : { monitor: { ...runbook.monitor, checks: runbook.monitor.checks.map(use) } }),
  };
  for (const problem of missingVariables(runbook.notify.webhook ?? "", request)) told(problem);
  for (const problem of repositoryProblems(frozen, request)) told(problem);
  if (problems.length > 0) return { problems: distinct(problems) };
  return {
    plan: {
      runbook: frozen,
      file,
      digest: request.digest,
      inputs,
      ...(request.pullRequest === undefined ? {} : { pullRequest: request.pullRequest }),
      startedBy: request.startedBy,
      rehearsal: request.rehearsal,
    },
  };
}

type Complaint = Omit<PlanProblem, "file" | "position">;

function inputsOf({ runbook, inputs }: PlanRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(runbook.inputs).map(([name, spec]) => [name, given(inputs, name) ?? spec.default ?? ""]),
  );
}

function given(inputs: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(inputs, name) ? inputs[name] : undefined;
}

function inputProblems({ runbook, inputs }: PlanRequest): readonly Complaint[] {
  const known = Object.keys(runbook.inputs);
  const strangers = Object.keys(inputs)
    .filter((name) => !known.includes(name))
    .map((name): Complaint => {
      const choice = didYouMean(name, known) ?? (known.length === 0 ? "it has none" : `it has ${oneOf(known)}`);
      return {
        what: `the runbook has no input ${quoted(name)}: ${choice}`,
        remedy: `remove \`--input ${name}=…\`, or correct its name`,
      };
    });
  return [
    ...strangers,
    ...Object.entries(runbook.inputs).flatMap(([name, spec]) => valueProblems(name, spec, given(inputs, name))),
  ];
}

function valueProblems(name: string, spec: InputSpec, value: string | undefined): readonly Complaint[] {
  if (value === undefined) {
    if (spec.default !== undefined) return [];
    return [
      { what: `the input ${quoted(name)} has no default and was not given`, remedy: `add \`--input ${name}=VALUE\`` },
    ];
  }
  // A value that came from outside must never be read as an expression: it could name a secret.
  if (hasExpression(value)) {
    return [{ what: `the input ${quoted(name)} holds an expression`, remedy: "give the value itself" }];
  }
  if (spec.options === undefined || spec.options.includes(value)) return [];
  return [
    { what: `the input ${quoted(name)} cannot be ${quoted(value)}`, remedy: `give one of ${oneOf(spec.options)}` },
  ];
}

/** Replaces the expressions that need nothing but inputs; the others stay as they are written. */
function resolveInputs(text: string, lookUp: LookUp, told: (problem: Complaint) => void): string {
  const parsed = parseTemplate(text);
  if ("error" in parsed) {
    told({ what: parsed.error.what, remedy: "correct the expression in the runbook" });
    return text;
  }
  return parsed.parts
    .map((part) => {
      if (part.kind === "literal") return part.text;
      if (referencesOf([part]).some(({ path }) => path[0] !== "inputs")) return part.source;
      const answer: Answer = evaluateParts([part], lookUp);
      if ("value" in answer) return answer.value;
      told({
        what: `${answer.missing}, and an empty value is never used`,
        remedy: "give the input a value, or write `default(…, 'something')`",
      });
      return part.source;
    })
    .join("");
}

/** The kind exists, the variables are set, and the arguments that are already known are right. */
function useProblems(spec: StepSpec | CheckSpec, request: PlanRequest): readonly Complaint[] {
  const kind = request.kinds.find((known) => known.uses === spec.uses);
  if (kind === undefined)
    return [{ what: `unknown step kind ${quoted(spec.uses)}`, remedy: "run `runbook validate` with this version" }];
  const texts: string[] = [];
  mapTexts(spec.with, (text) => (texts.push(text), text));
  const wrong = argumentIssues(kind.args, spec.with).map(({ what, expected, remedy }) => ({
    what: `${what}; expected ${expected}`,
    remedy,
  }));
  return [...wrong, ...texts.flatMap((text) => missingVariables(text, request))];
}

function missingVariables(text: string, { env, rehearsal }: PlanRequest): readonly Complaint[] {
  const parsed = parseTemplate(text);
  if (rehearsal || "error" in parsed) return [];
  return referencesOf(parsed.parts)
    .filter(({ path, optional }) => path[0] === "env" && !optional && !env.has(path[1] ?? ""))
    .map(({ path }) => ({
      what: `the environment variable ${quoted(path[1] ?? "")} is not set, or is empty`,
      remedy: `set ${quoted(path[1] ?? "")}: the runbook refers to it as \`\${{ env.${path[1]} }}\``,
    }));
}

function repositoryProblems({ repository }: Runbook, { pullRequest }: PlanRequest): readonly Complaint[] {
  if (repository !== undefined && !/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/.test(repository)) {
    return [{ what: `the repository cannot be ${quoted(repository)}`, remedy: "make it owner/name, as on GitHub" }];
  }
  if (repository !== undefined || pullRequest === undefined) return [];
  return [
    {
      what: "a pull request was named, and the runbook has no repository",
      remedy: "add `repository: owner/name` to the runbook",
    },
  ];
}

function distinct(problems: readonly PlanProblem[]): readonly PlanProblem[] {
  return problems.filter(
    (problem, index) =>
      problems.findIndex((other) => other.what === problem.what && other.position?.line === problem.position?.line) ===
      index,
  );
}

/** The same value with each text within it changed. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((inner: unknown) => mapTexts(inner, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)]));
}

/** A plan's problem on two lines: where and what, and the remedy. */
export function formatPlanProblem(problem: PlanProblem): string {
  const place = problem.position === undefined ? "" : `:${problem.position.line}:${problem.position.column}`;
  return `${problem.file}${place}  ${problem.what}\n  remedy: ${problem.remedy}`;
}
