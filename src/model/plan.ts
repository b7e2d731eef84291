/** A plan: a runbook frozen for one run. Inputs are resolved; only what a run itself finds out is still open. */
import { z } from "zod";
import { runbookSchema } from "./runbook.ts";

export const planSchema = z.strictObject({
  runbook: runbookSchema,
  /** The runbook's file, as the operator named it. */
  file: z.string(),
  /** sha256 of the file's bytes. */
  digest: z.string(),
  /** Values of `inputs` after defaults. */
  inputs: z.record(z.string(), z.string()),
  /** The pull request that the run reports to. */
  pullRequest: z.number().optional(),
  /** `operator`, `ci`, or the login that started it: for people, never for decisions. */
  startedBy: z.string(),
  /** A rehearsal's plan never runs against anything but loopback. */
  rehearsal: z.boolean(),
});
export type Plan = z.infer<typeof planSchema>;
