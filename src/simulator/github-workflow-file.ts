/** What simulated GitHub makes of a workflow file at a dispatch: the inputs it accepts and the run's name. Runs nothing. */
import { parse } from "yaml";
import { z } from "zod";

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const schema = z.looseObject({
  name: z.string().optional(),
  "run-name": z.string().optional(),
  on: z.union([
    z.string().transform((name): Record<string, unknown> => ({ [name]: null })),
    z.array(z.string()).transform((names): Record<string, unknown> => Object.fromEntries(names.map((n) => [n, null]))),
    z.record(z.string(), z.unknown()),
  ]),
});
const dispatchSchema = z
  .looseObject({
    inputs: z
      .record(
        z.string(),
        z
          .looseObject({ required: z.boolean().optional(), default: text.nullish(), options: z.array(text).optional() })
          .nullable(),
      )
      .nullish(),
  })
  .nullish();

export interface Dispatched {
  /** With the defaults filled in. */
  readonly inputs: Readonly<Record<string, string>>;
  /** `run-name` evaluated, else the workflow's name. */
  readonly title: string;
}

export function workflowName(source: string, path: string): string {
  return schema.parse(parse(source)).name ?? path;
}

/** The dispatch as GitHub would take it, or the message of its 422. */
export function acceptDispatch(
  source: string,
  path: string,
  given: Readonly<Record<string, string>>,
  github: Readonly<Record<string, string>>,
): Dispatched | { readonly refused: string } {
  const workflow = schema.parse(parse(source));
  if (!("workflow_dispatch" in workflow.on)) return { refused: "Workflow does not have 'workflow_dispatch' trigger" };
  const declared = dispatchSchema.parse(workflow.on["workflow_dispatch"])?.inputs ?? {};
  const unexpected = Object.keys(given).filter((name) => !(name in declared));
  if (unexpected.length > 0) return { refused: `Unexpected inputs provided: ${JSON.stringify(unexpected)}` };
  const inputs: Record<string, string> = {};
  for (const [name, spec] of Object.entries(declared)) {
    const value = given[name] ?? spec?.default ?? undefined;
    if (value === undefined) {
      if (spec?.required === true) return { refused: `Required input '${name}' not provided` };
      continue;
    }
    if (spec?.options !== undefined && !spec.options.includes(value)) {
      return { refused: `Provided value '${value}' for input '${name}' not in the list of allowed values` };
    }
    inputs[name] = value;
  }
  const title = workflow["run-name"] ?? workflow.name ?? path;
  return { inputs, title: evaluate(title, inputs, github) };
}

/** Look-ups only; anything else is the empty text, as a missing value is for GitHub. */
function evaluate(
  template: string,
  inputs: Readonly<Record<string, string>>,
  github: Readonly<Record<string, string>>,
): string {
  return template.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_all, expression: string) => {
    const input = /^(?:github\.event\.)?inputs\.([\w-]+)$/.exec(expression)?.[1];
    if (input !== undefined) return inputs[input] ?? "";
    const fact = /^github\.(\w+)$/.exec(expression)?.[1];
    return fact === undefined ? "" : (github[fact] ?? "");
  });
}
