/** The JSON Schemas that editors and readers of `--json` use, generated from zod: what only the rules know is not in them. */
import { z } from "zod";
import { runEventSchema } from "../model/event.ts";
import { isCheckKind, type StepKind } from "../steps/step.ts";
import { PLATFORM_KEYS, runbookFileSchema, WORKLOAD_KEYS } from "./schema.ts";

type JsonSchema = { [key: string]: unknown };

// Draft 7 is what every editor's YAML language server takes.
const OPTIONS = { target: "draft-7", io: "input" } as const;

/** The schema of a runbook's file, with `with:` typed by `uses:`. */
export function runbookJsonSchema(kinds: readonly StepKind<never>[]): JsonSchema {
  const schema = z.toJSONSchema(runbookFileSchema, OPTIONS) as JsonSchema;
  const service = at(schema, "properties", "services", "additionalProperties");
  service["oneOf"] = PLATFORM_KEYS.map(requires);
  at(service, "properties", "kubernetes")["oneOf"] = WORKLOAD_KEYS.map(requires);
  const steps = at(schema, "properties", "steps");
  typeUses(at(steps, "items"), kinds);
  schema["definitions"] = { step: steps["items"] };
  steps["items"] = STEP_OR_GROUP;
  typeUses(at(schema, "properties", "monitor", "properties", "checks", "items"), kinds.filter(isCheckKind));
  return { title: "A runbook", description: "Deploys a service, watches it, judges it, and puts it back.", ...schema };
}

/** The schema of one line of `--json`, and of one row of the journal. */
export function eventJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(runEventSchema, OPTIONS) as JsonSchema;
  return { title: "An event of a run", description: "One line of the output of `--json`.", ...schema };
}

/** The file's text: stable, so that a test can compare it. */
export function schemaText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** A group is told from a step by its one key, so that a mistake in either is told where it stands. */
const STEP_OR_GROUP: JsonSchema = {
  if: { required: ["parallel"] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits this.
  then: {
    type: "object",
    properties: {
      parallel: {
        description: "Steps that run side by side; the next step begins when all of them have passed.",
        type: "array",
        minItems: 2,
        items: { $ref: "#/definitions/step" },
      },
    },
    required: ["parallel"],
    additionalProperties: false,
  },
  else: { $ref: "#/definitions/step" },
};

function requires(key: string): JsonSchema {
  return { required: [key] };
}

/** One branch for each kind, chosen by `uses`: editors then complete and check its arguments only. */
function typeUses(item: JsonSchema, kinds: readonly StepKind<never>[]): void {
  at(item, "properties")["uses"] = {
    description: "The step kind.",
    anyOf: kinds.map((kind) => ({ const: kind.uses, description: kind.summary })),
  };
  item["allOf"] = kinds.map((kind) => {
    const args = orExpression(z.toJSONSchema(kind.args, OPTIONS));
    delete args["$schema"];
    const required = [
      ...(kind.needsServices ? ["services"] : []),
      ...(Array.isArray(args["required"]) && args["required"].length > 0 ? ["with"] : []),
    ];
    return {
      if: { properties: { uses: { const: kind.uses } }, required: ["uses"] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits this.
      then: { properties: { with: args }, ...(required.length === 0 ? {} : { required }) },
    };
  });
}

/** Any value but a block or free text may also be written as `${{ }}` and is then judged when the step starts. */
function orExpression(schema: JsonSchema): JsonSchema {
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, nested(key, value)]));
  const isPlain =
    ["object", "array"].includes(String(schema["type"])) || (schema["type"] === "string" && isFree(schema));
  if (isPlain || (schema["type"] === undefined && schema["enum"] === undefined && schema["const"] === undefined)) {
    return inner;
  }
  const { description, default: fallback, ...rest } = inner;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, { type: "string", pattern: "\\$\\{\\{" }],
  };
}

function nested(key: string, value: unknown): unknown {
  if (key === "properties" && isSchema(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, isSchema(each) ? orExpression(each) : each]),
    );
  }
  if (["anyOf", "oneOf", "allOf"].includes(key) && Array.isArray(value)) {
    return value.map((each: unknown) => (isSchema(each) ? orExpression(each) : each));
  }
  return ["items", "additionalProperties"].includes(key) && isSchema(value) ? orExpression(value) : value;
}

function isFree(schema: JsonSchema): boolean {
  return ["pattern", "format", "enum", "const"].every((key) => schema[key] === undefined);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Walks into a generated schema; a step that is not there is a mistake in this file. */
function at(schema: JsonSchema, ...path: readonly string[]): JsonSchema {
  return path.reduce((inner, key) => {
    const next = inner[key];
    if (!isSchema(next)) throw new RangeError(`the generated schema has no ${path.join(".")}`);
    return next;
  }, schema);
}
