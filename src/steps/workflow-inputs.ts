/** Compares what a step would send with what the workflow file on that ref accepts. Asks nobody. */
import type { WorkflowDefinition, WorkflowInput } from "../ports/workflows.ts";
import type { Finding } from "./step.ts";

interface Order {
  readonly workflow: string;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
}

export function inputFindings(step: string, order: Order, definition: WorkflowDefinition): readonly Finding[] {
  const where = `${order.workflow} on ${order.ref}`;
  const error = (what: string, next: string): Finding => ({ severity: "error", what: `step ${step}: ${what}`, next });
  if (!definition.dispatchable) {
    return [error(`${where} cannot be dispatched`, "Add the trigger `workflow_dispatch` to the workflow's `on:`.")];
  }
  const declared = Object.keys(definition.inputs);
  const list = declared.length === 0 ? "It has no inputs." : `Its inputs on that ref: ${declared.join(", ")}.`;
  const unknown = Object.keys(order.inputs)
    .filter((name) => !declared.includes(name))
    .map((name) => error(`${where} has no input "${name}"`, `Remove it, or correct its name. ${list}`));
  const wrong = Object.entries(definition.inputs).flatMap(([name, input]) => {
    const problem = problemOf(name, input, order.inputs[name]);
    return problem === undefined ? [] : [error(`${where}: ${problem.what}`, problem.next)];
  });
  return [...commitAsRef(order, error), ...unknown, ...wrong, ...unusedRemarks(step, where, order, definition)];
}

type Problem = { readonly what: string; readonly next: string };

function commitAsRef(order: Order, error: (what: string, next: string) => Finding): readonly Finding[] {
  if (!/^[0-9a-f]{40}$/.test(order.ref)) return [];
  return [error(`GitHub does not dispatch on a commit (${order.ref})`, "Give a branch or a tag as `ref`.")];
}

function problemOf(name: string, input: WorkflowInput, value: string | undefined): Problem | undefined {
  if (value === undefined) {
    if (!input.required || input.default !== undefined) return undefined;
    return { what: `the required input "${name}" is missing`, next: `Add \`${name}\` to the step's \`inputs\`.` };
  }
  const allowed = input.type === "boolean" ? ["true", "false"] : input.options;
  if (allowed === undefined || allowed.includes(value)) return undefined;
  return { what: `the input "${name}" cannot be "${value}"`, next: `Use one of: ${allowed.join(", ")}.` };
}

/** An input that nothing reads gives a false feeling of control. */
function unusedRemarks(step: string, where: string, order: Order, definition: WorkflowDefinition): readonly Finding[] {
  return Object.keys(definition.inputs)
    .filter((name) => !definition.usedInputs.includes(name))
    .map((name) => {
      const value = order.inputs[name];
      const effect = value === undefined ? "" : `; "${value}" has no effect`;
      return {
        severity: "remark",
        what: `step ${step}: ${where} declares the input "${name}" but never uses it${effect}`,
      };
    });
}
