/** Freezes a runbook for one run: inputs resolved, everything that can be known checked. Pure: asks no cloud and reads no environment. */
import { evaluateCondition, parseCondition, referencesOfCondition } from "../language/conditions.ts";
import { type Answer, evaluateParts, type LookUp, lookUpIn } from "../language/evaluate.ts";
import { hasExpression, parseTemplate, referencesOf } from "../language/expressions.ts";
import { type Problem, quoted } from "../language/problems.ts";
import { argumentIssues } from "../language/shape.ts";
import { didYouMean, oneOf } from "../language/suggest.ts";
import type { Plan } from "../model/plan.ts";
import type { CheckSpec, InputSpec, Position, Runbook, StepSpec } from "../model/runbook.ts";
import type { StepKind } from "../steps/step.ts";
import { mapTexts } from "./map-texts.ts";

export interface PlanRequest {
  readonly runbook: Runbook;
  /** As the operator named it. */
  readonly file: string;
  /** sha256 of the file's bytes. */
  readonly digest: string;
  /** Values given with `--input`. */
  readonly given: Readonly<Record<string, string>>;
  /** Asked only whether a variable is set and not empty: its value never gets into a plan. */
  readonly env: (name: string) => string | undefined;
  readonly pullRequest?: number | undefined;
  readonly startedBy: string;
  /** A rehearsal has no environment of its own: references to it are answered by the simulation and not checked here. */
  readonly rehearsal: boolean;
  readonly kinds: readonly StepKind<never>[];
}

export type Planned = { readonly plan: Plan } | { readonly problems: readonly Problem[] };

export function makePlan(request: PlanRequest): Planned {
  const { runbook, file } = request;
  const wrongInputs = inputProblems(request);
  if (wrongInputs.length > 0) return { problems: wrongInputs.map((complaint) => problemOf(file, complaint)) };
  const problems: Problem[] = [];
  const inputs = inputsOf(request);
  const told = (complaint: Complaint, position?: Position) => void problems.push(problemOf(file, complaint, position));
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
  for (const step of frozen.steps) {
    for (const problem of conditionProblems(step, inputs)) told(problem, step.position);
  }
  for (const reference of Object.values(runbook.notify)) {
    for (const problem of missingVariables(reference ?? "", request)) told(problem);
  }
  for (const problem of [...repositoryProblems(frozen, request), ...targetProblems(frozen)]) told(problem);
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

type Complaint = Pick<Problem, "rule" | "what" | "expected" | "remedy">;

/** Without a position it is about the command line or the environment, not about a line of the file. */
function problemOf(file: string, complaint: Complaint, position: Position = { line: 0, column: 0 }): Problem {
  const { rule, what, expected, remedy } = complaint;
  return { file, ...position, rule, what, excerpt: "", sourceLine: "", expected, remedy };
}

function complain(rule: string, what: string, expected: string, remedy: string): Complaint {
  return { rule, what, expected, remedy };
}

function inputsOf({ runbook, given }: PlanRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(runbook.inputs).map(([name, spec]) => [name, valueOf(given, name) ?? spec.default ?? ""]),
  );
}

function valueOf(inputs: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(inputs, name) ? inputs[name] : undefined;
}

function inputProblems({ runbook, given }: PlanRequest): readonly Complaint[] {
  const known = Object.keys(runbook.inputs);
  const strangers = Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name): Complaint => {
      const choice =
        known.length === 0 ? "no input" : [oneOf(known), didYouMean(name, known)].filter(Boolean).join("; ");
      const what = `the runbook has no input ${quoted(name)}`;
      return complain("unknown-input", what, choice, "remove it, or correct its name");
    });
  return [
    ...strangers,
    ...Object.entries(runbook.inputs).flatMap(([name, spec]) => valueProblems(name, spec, valueOf(given, name))),
  ];
}

function valueProblems(name: string, spec: InputSpec, value: string | undefined): readonly Complaint[] {
  if (value === undefined) {
    if (spec.default !== undefined) return [];
    const what = `the input ${quoted(name)} has no default and was not given`;
    return [complain("missing-input", what, "a value", `add \`--input ${name}=VALUE\``)];
  }
  // A value that came from outside must never be read as an expression: it could name a secret.
  if (hasExpression(value)) {
    const what = `the input ${quoted(name)} holds an expression`;
    return [complain("bad-input", what, "literal text", "give the value itself")];
  }
  if (spec.options === undefined || spec.options.includes(value)) return [];
  const what = `the input ${quoted(name)} cannot be ${quoted(value)}`;
  return [complain("bad-input", what, oneOf(spec.options), "give one of these")];
}

/** Replaces the expressions that need nothing but inputs; the others stay as they are written. */
function resolveInputs(text: string, lookUp: LookUp, told: (problem: Complaint) => void): string {
  const parsed = parseTemplate(text);
  if ("error" in parsed) {
    told(complain("expression-syntax", parsed.error.what, parsed.error.expected, "correct the expression"));
    return text;
  }
  return parsed.parts
    .map((part) => {
      if (part.kind === "literal") return part.text;
      if (referencesOf([part]).some(({ path }) => path[0] !== "inputs")) return part.source;
      const answer: Answer = evaluateParts([part], lookUp);
      if ("value" in answer) return answer.value;
      const remedy = "give the input a value, or write `default(…, 'something')` in the runbook";
      told(complain("empty-reference", answer.missing, "a value: an empty one is never used", remedy));
      return part.source;
    })
    .join("");
}

/** The kind exists, the variables are set, and the arguments that are already known are right. */
function useProblems(spec: StepSpec | CheckSpec, request: PlanRequest): readonly Complaint[] {
  const kind = request.kinds.find((known) => known.uses === spec.uses);
  if (kind === undefined) {
    return [
      complain("unknown-kind", `unknown step kind ${quoted(spec.uses)}`, "a known one", "run `runbook validate`"),
    ];
  }
  const texts: string[] = [];
  mapTexts(spec.with, (text) => {
    texts.push(text);
    return text;
  });
  return [...argumentIssues(kind.args, spec.with), ...texts.flatMap((text) => missingVariables(text, request))];
}

/** A condition over inputs alone is judged before anything is touched: it must be true or false. */
function conditionProblems(step: StepSpec, inputs: Readonly<Record<string, string>>): readonly Complaint[] {
  const parsed = parseCondition(step.if ?? "true");
  if ("error" in parsed) {
    return [complain("condition", parsed.error.what, parsed.error.expected, "correct the condition")];
  }
  if (referencesOfCondition(parsed.condition).some(({ path }) => path[0] !== "inputs")) return [];
  const answer = evaluateCondition(parsed.condition, lookUpIn({ inputs }));
  if ("holds" in answer) return [];
  const remedy = "give the input a value, or compare it with one";
  return [
    complain(
      "condition",
      `the \`if:\` of ${quoted(step.id)} cannot be told: ${answer.missing}`,
      "true or false",
      remedy,
    ),
  ];
}

function missingVariables(text: string, { env, rehearsal }: PlanRequest): readonly Complaint[] {
  const parsed = parseTemplate(text);
  if (rehearsal || "error" in parsed) return [];
  return referencesOf(parsed.parts)
    .filter(({ path, optional }) => path[0] === "env" && !optional && (env(path[1] ?? "") ?? "") === "")
    .map(({ path }) => {
      const what = `the environment variable ${quoted(path[1] ?? "")} is not set, or is empty`;
      return complain("missing-variable", what, "a value: the runbook refers to it", `set ${quoted(path[1] ?? "")}`);
    });
}

function repositoryProblems({ repository }: Runbook, { pullRequest }: PlanRequest): readonly Complaint[] {
  if (repository !== undefined && !/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/.test(repository)) {
    const what = `the repository cannot be ${quoted(repository)}`;
    return [complain("repository", what, "owner/name, as on GitHub", "correct the input that it is made from")];
  }
  if (repository !== undefined || pullRequest === undefined) return [];
  const what = "a pull request was named, and the runbook has no repository";
  return [complain("repository", what, "`repository: owner/name`", "add it to the runbook")];
}

/** An input may name a project or a service, never a path or a query. */
function targetProblems({ services }: Runbook): readonly Complaint[] {
  return Object.entries(services).flatMap(([name, { platform: _platform, ...target }]) =>
    Object.entries(target)
      .filter(([key, value]) => !(key === "context" ? /^[\w.:@/-]+$/ : /^[\w.:-]+$/).test(value ?? ""))
      .map(([key, value]) => {
        const what = `the ${key} of the service ${quoted(name)} cannot be ${quoted(value ?? "")}`;
        return complain("bad-target", what, "letters, digits, `.`, `:`, `_` and `-`", "correct it");
      }),
  );
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  const places = problems.map(({ line, what }) => `${line} ${what}`);
  return problems.filter((_problem, index) => places.indexOf(places[index] ?? "") === index);
}
