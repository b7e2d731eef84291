/** A plan: a runbook frozen for one run. Inputs are resolved; only what a run itself finds out is still open. */
import { z } from "zod";
import { runbookSchema } from "./runbook.ts";
import { instantSchema } from "./time.ts";

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
  /** A check that a schedule asked for, not a deploy. */
  scheduled: z
    .strictObject({
      /** The moment that the schedule named: the judged window ends there. */
      at: instantSchema,
      windowMs: z.number(),
      cron: z.string(),
      timeZone: z.string(),
      /** Moments before it that nobody judged, newest first, at most ten. */
      missed: z.array(instantSchema),
      missedInAll: z.number(),
    })
    .optional(),
});
export type Plan = z.infer<typeof planSchema>;
