/** Step kinds with the real words and plain arguments, for tests of the language and of planning. They do nothing. */
import { z } from "zod";
import { durationSchema } from "../../src/model/duration.ts";
import type { PlatformName } from "../../src/model/service.ts";
import type { CheckKind, StepKind } from "../../src/steps/step.ts";

const BOTH: readonly PlatformName[] = ["cloud-run", "kubernetes"];

const trigger = step("trigger-workflow", [], false, {
  workflow: z.string(),
  ref: z.string(),
  inputs: z.record(z.string(), z.string()).optional(),
});

export const languageKinds = [
  { ...trigger, outputs: ["run-id", "sha"] },
  step("wait-for-revision", ["cloud-run"], true, { commit: z.string().optional() }),
  step("rollout-status", ["kubernetes"], true, {}),
  check("check-errors", ["cloud-run"], true, { for: durationSchema.optional() }),
  check("check-logs", BOTH, true, { critical: z.array(z.string()).optional() }),
  check("check-pods", ["kubernetes"], true, {}),
  check("http-check", [], false, {
    url: z.string(),
    expect: z.strictObject({ status: z.number() }),
    attempts: z.number().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  step("approve", [], false, { message: z.string() }),
  step("wait", [], false, { for: durationSchema }),
  step("run-command", [], false, { argv: z.array(z.string()), env: z.record(z.string(), z.string()).optional() }),
] as unknown as readonly StepKind<never>[];

function step<S extends z.core.$ZodLooseShape>(
  uses: string,
  platforms: readonly PlatformName[],
  needsServices: boolean,
  args: S,
): StepKind<z.infer<z.ZodObject<S>>> {
  return {
    uses,
    summary: `A ${uses} that does nothing.`,
    args: z.strictObject(args),
    platforms,
    needsServices,
    needs: [],
    defaultTimeoutMs: 60_000,
    turn: () => Promise.resolve({ kind: "done", summary: "nothing was done" }),
  };
}

function check<S extends z.core.$ZodLooseShape>(
  uses: string,
  platforms: readonly PlatformName[],
  needsServices: boolean,
  args: S,
): CheckKind<z.infer<z.ZodObject<S>>> {
  return { ...step(uses, platforms, needsServices, args), settleMs: 0, look: () => Promise.resolve([]) };
}
