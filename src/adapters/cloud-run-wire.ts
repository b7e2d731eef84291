/** What the messages of the Cloud Run Admin API v2 have in common: texts, times, conditions and names. Calls nobody. */
import { z } from "zod";
import { PortFailure } from "../model/error.ts";
import type { CloudRunCondition } from "../ports/cloud-run.ts";
import { instantOf, present } from "./google.ts";

export const timestamp = z
  .object({ seconds: z.union([z.string(), z.number()]).nullish(), nanos: z.number().nullish() })
  .nullish();
/** proto3 has no absent text: empty means absent. */
export const text = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === "" ? undefined : value));
/** int64 arrives as text. */
export const int64 = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => String(value ?? "0"));

export const conditionSchema = z.object({
  type: text,
  state: text,
  message: text,
  lastTransitionTime: timestamp,
  reason: text,
  revisionReason: text,
  executionReason: text,
});

export function parsed<T>(what: string, schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw new PortFailure("malformed", `${what}: an answer that is not what the API promises`, { cause: result.error });
}

const STATES: Readonly<Record<string, CloudRunCondition["state"]>> = {
  CONDITION_PENDING: "pending",
  CONDITION_RECONCILING: "reconciling",
  CONDITION_FAILED: "failed",
  CONDITION_SUCCEEDED: "succeeded",
};

export function conditionOf(wire: z.infer<typeof conditionSchema> | undefined): CloudRunCondition {
  const reason = [wire?.revisionReason, wire?.reason, wire?.executionReason].find(
    (value) => value !== undefined && !value.endsWith("_UNDEFINED"),
  );
  return {
    state: STATES[wire?.state ?? ""] ?? "unknown",
    ...present({ reason, message: wire?.message, lastTransitionAt: instantOf(wire?.lastTransitionTime) }),
  };
}

/** Names of revisions and executions come short or as full resource names. */
export function short(name: string | undefined): string | undefined {
  return name?.split("/").at(-1);
}
