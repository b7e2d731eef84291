/** One row for each scenario of a rehearsed library: what was expected, what came out, what it left. Runs nothing. */
import { z } from "zod";
import { type Outcome, outcomeSchema, type RunEvent } from "../model/event.ts";
import { type Progress, progressOf } from "../model/progress.ts";
import { msBetween } from "../model/time.ts";
import { type Verdict, verdictSchema } from "../model/verdict.ts";
import { type Footprint, footprintSchema } from "./footprint.ts";
import type { Scenario } from "./scenario.ts";

const resultSchema = z.strictObject({
  exit: z.number(),
  outcome: outcomeSchema.optional(),
  verdict: verdictSchema.optional(),
});
export type RehearsalResult = z.infer<typeof resultSchema>;

export const matrixRowSchema = z.strictObject({
  scenario: z.string(),
  expected: resultSchema,
  actual: resultSchema,
  /** How the two differ, one sentence each; empty: as expected. */
  surprises: z.array(z.string()),
  footprint: footprintSchema,
  /** The step, restoration or question that took longest in the world's time. */
  longest: z.strictObject({ item: z.string(), ms: z.number() }).optional(),
  /** Why the run ended so, or what refused it beforehand. */
  because: z.string(),
  /** Of a surprise: the step or the service where it came about. */
  trouble: z
    .strictObject({ step: z.string().optional(), ranOutOfTime: z.boolean().optional(), service: z.string().optional() })
    .optional(),
  /** Of a surprise, where that stands in the runbook's file: "runbooks/x.yaml:33:5  step deploy-backend". */
  place: z.string().optional(),
});
export type MatrixRow = z.infer<typeof matrixRowSchema>;

export interface Rehearsed {
  readonly code: number;
  readonly events: readonly RunEvent[];
  readonly stderr: string;
  readonly footprint: Footprint;
}

export function rowOf(scenario: Scenario, { code, events, stderr, footprint }: Rehearsed): MatrixRow {
  const progress = events.length === 0 ? undefined : progressOf(events);
  const expected = scenario.expect;
  const actual = resultOf(code, progress);
  const longest = longestWait(events);
  return {
    scenario: scenario.name,
    expected,
    actual,
    surprises: [...surprisesOf(expected, actual)],
    footprint,
    because:
      progress?.finished?.because ?? progress?.paused?.because ?? stderr.trim().split("\n").slice(0, 2).join(" "),
    ...(longest === undefined ? {} : { longest }),
    ...present("trouble", progress === undefined ? undefined : troubleOf(progress)),
  };
}

function resultOf(exit: number, progress: Progress | undefined): RehearsalResult {
  const outcome: Outcome | undefined = progress?.finished?.outcome;
  const verdict: Verdict | undefined = progress?.finished?.verdict;
  return { exit, ...(outcome === undefined ? {} : { outcome }), ...(verdict === undefined ? {} : { verdict }) };
}

/** How a rehearsal came out otherwise than its scenario expects, one sentence each. */
export function surprisesAfter(scenario: Scenario, code: number, events: readonly RunEvent[]): readonly string[] {
  return surprisesOf(scenario.expect, resultOf(code, events.length === 0 ? undefined : progressOf(events)));
}

/** What a scenario does not state may be anything. */
export function surprisesOf(expected: RehearsalResult, actual: RehearsalResult): readonly string[] {
  return (["exit", "outcome", "verdict"] as const).flatMap((key) =>
    expected[key] === undefined || expected[key] === actual[key]
      ? []
      : [`${key} ${expected[key]} was expected, and it is ${actual[key] ?? "none"}`],
  );
}

function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

/** The first thing that went wrong and that the runbook's author has a word in. */
function troubleOf({ items, snapshot, rollback, plan }: Progress): MatrixRow["trouble"] {
  const step = plan.runbook.steps.find(({ id }) => ["failed", "refused"].includes(items[`step:${id}`]?.state ?? ""));
  const stuck = rollback?.services.find((service) => snapshot[service]?.restorable.possible === false);
  if (stuck !== undefined) return { service: stuck };
  if (step === undefined) return undefined;
  const { since, deadline } = items[`step:${step.id}`] ?? {};
  return { step: step.id, ranOutOfTime: since !== undefined && deadline !== undefined && since >= deadline };
}

/** Checkpoints and posts are left out: they wait for their time by design. */
function longestWait(events: readonly RunEvent[]): MatrixRow["longest"] {
  const begun = new Map<string, RunEvent["at"]>();
  let longest: { item: string; ms: number } | undefined;
  const end = (item: string, at: RunEvent["at"]): void => {
    const since = begun.get(item);
    begun.delete(item);
    const ms = since === undefined ? 0 : msBetween(since, at);
    if (since !== undefined && ms > (longest?.ms ?? 0)) longest = { item, ms };
  };
  for (const event of events) {
    if (event.type === "item-started") begun.set(event.item, event.at);
    if (event.type === "question-asked") begun.set(`question:${event.question.id}`, event.at);
    const ended = endedItem(event);
    if (ended !== undefined) end(ended, event.at);
  }
  return longest;
}

function endedItem(event: RunEvent): string | undefined {
  if (event.type === "item-done" || event.type === "item-refused" || event.type === "item-failed") return event.item;
  if (event.type === "question-answered") return `question:${event.question}`;
  return event.type === "service-restored" ? `restore:${event.service}` : undefined;
}
