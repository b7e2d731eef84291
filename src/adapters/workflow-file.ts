/** Reads what a workflow file says about being dispatched; evaluates no expression and judges nothing. */
import { parse } from "yaml";
import { z } from "zod";
import { messageOf, PortFailure } from "../model/error.ts";
import type { WorkflowDefinition, WorkflowInput } from "../ports/workflows.ts";

/** Aliases may be used this often: enough for people, too few for a billion laughs. */
const MAX_ALIASES = 100;

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const inputSchema = z
  .looseObject({
    required: z.boolean().optional(),
    type: z.string().optional(),
    default: scalar.nullish().transform((value) => value ?? undefined),
    options: z
      .array(scalar)
      .nullish()
      .transform((values) => values ?? undefined),
  })
  .nullable();
const fileSchema = z.looseObject({
  name: z.string().optional(),
  "run-name": z.string().optional(),
  // Read leniently: what is not understood names no group.
  concurrency: z.unknown().optional(),
  jobs: z.unknown().optional(),
  on: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]),
});
const dispatchSchema = z.looseObject({ inputs: z.record(z.string(), inputSchema).nullish() }).nullish();

/** Throws PortFailure (invalid) for a text that GitHub itself would not accept as a workflow. */
export function workflowDefinition(file: string, sha: string, text: string): WorkflowDefinition {
  const document = parsed(file, text);
  const workflow = fileSchema.safeParse(document);
  if (!workflow.success) throw invalid(file, "it has no `on:`, or `name:` or `run-name:` is no text");
  const { name, "run-name": runName, on } = workflow.data;
  const trigger = typeof on === "string" ? { [on]: null } : Array.isArray(on) ? fromNames(on) : on;
  const dispatch = dispatchSchema.safeParse(trigger["workflow_dispatch"]);
  if (!dispatch.success) throw invalid(file, "the inputs of `workflow_dispatch` cannot be read");
  const inputs = Object.entries(dispatch.data?.inputs ?? {}).map(([key, spec]) => [key, inputOf(spec)] as const);
  return {
    file,
    name: name ?? `.github/workflows/${file}`,
    sha,
    dispatchable: "workflow_dispatch" in trigger,
    inputs: Object.fromEntries(inputs),
    ...(runName === undefined ? {} : { runName }),
    usedInputs: usedInputs(
      document,
      inputs.map(([key]) => key),
    ),
    concurrency: groupsOf(workflow.data),
  };
}

function parsed(file: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: MAX_ALIASES, logLevel: "error" });
  } catch (error) {
    throw invalid(file, messageOf(error).split("\n")[0] ?? "it is no YAML");
  }
}

function invalid(file: string, why: string): PortFailure {
  return new PortFailure("invalid", `the workflow file ${file} cannot be used: ${why}`);
}

function fromNames(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

function inputOf(spec: z.infer<typeof inputSchema>): WorkflowInput {
  return {
    required: spec?.required ?? false,
    type: spec?.type ?? "string",
    ...(spec?.default === undefined ? {} : { default: spec.default }),
    ...(spec?.options === undefined ? {} : { options: spec.options }),
  };
}

const groupSchema = z.union([z.string(), z.looseObject({ group: z.string() }).transform(({ group }) => group)]);
const jobsSchema = z.record(z.string(), z.looseObject({ concurrency: z.unknown().optional() }));

function groupsOf({ concurrency, jobs }: { concurrency?: unknown; jobs?: unknown }): readonly string[] {
  const ofJobs = jobsSchema.safeParse(jobs);
  const all = [concurrency, ...(ofJobs.success ? Object.values(ofJobs.data).map((job) => job.concurrency) : [])];
  return [...new Set(all.flatMap((one) => groupSchema.safeParse(one).data ?? []))];
}

/** Searches the parsed document, so that YAML comments do not count as a use. */
function usedInputs(document: unknown, declared: readonly string[]): readonly string[] {
  const text = JSON.stringify(document);
  if (/\binputs\s*(\)|\}\}|\[(?!\s*')|,)/.test(text)) return declared;
  const names = text.matchAll(/\binputs\s*(?:\.\s*([A-Za-z_][\w-]*)|\[\s*'([^']+)'\s*\])/g);
  return [...new Set([...names].map(([, dotted, quoted]) => dotted ?? quoted ?? ""))];
}
