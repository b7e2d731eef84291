/** A runbook as loaded: every name resolved and every default filled in, inputs and expressions still open. */
import { z } from "zod";
import { REDACTION_CLASSES } from "./redact.ts";
import { serviceTargetSchema } from "./service.ts";

/** Where something stands in the runbook's file, for messages. Lines and columns count from 1. */
export const positionSchema = z.strictObject({ line: z.number(), column: z.number() });
export type Position = z.infer<typeof positionSchema>;

export const inputSpecSchema = z.strictObject({
  description: z.string().optional(),
  default: z.string().optional(),
  /** Allowed values. */
  options: z.array(z.string()).optional(),
});
export type InputSpec = z.infer<typeof inputSpecSchema>;

export const stepSpecSchema = z.strictObject({
  id: z.string(),
  uses: z.string(),
  /** Steps that follow each other with the same number run side by side. */
  group: z.number().optional(),
  /** A condition; judged once, when it is the step's turn. */
  if: z.string().optional(),
  /** Names of `services` of the runbook. */
  services: z.array(z.string()),
  /** Arguments of the step kind; strings may still hold `${{ }}`. */
  with: z.record(z.string(), z.unknown()),
  /** Absent: the step kind computes its own. */
  timeoutMs: z.number().optional(),
  onInconclusive: z.enum(["stop", "continue", "ask"]),
  /** From here on a rollback asks first, naming this step. */
  irreversible: z.boolean(),
  position: positionSchema,
});
export type StepSpec = z.infer<typeof stepSpecSchema>;

export const checkSpecSchema = z.strictObject({
  /** Given, or made from `uses` and, where that repeats, a number. */
  id: z.string(),
  uses: z.string(),
  services: z.array(z.string()),
  with: z.record(z.string(), z.unknown()),
  position: positionSchema,
});
export type CheckSpec = z.infer<typeof checkSpecSchema>;

/**
 * - `same-hour-yesterday`: the hour before and the hour after the moment of the rollout, one day earlier.
 * - `last-week`: the day that began seven days before the rollout: the same weekday's profile.
 */
export const baselineModeSchema = z.enum(["same-hour-yesterday", "last-week"]);
export type BaselineMode = z.infer<typeof baselineModeSchema>;

export const monitorSpecSchema = z.strictObject({
  /** Length of the baseline. */
  baselineMs: z.number(),
  /** Where it lies; absent: right before each service's own rollout. */
  baselineMode: baselineModeSchema.optional(),
  /** Milliseconds after the switch, ascending. */
  checkpointsMs: z.array(z.number()),
  foregroundUntilMs: z.number(),
  checks: z.array(checkSpecSchema),
});
export type MonitorSpec = z.infer<typeof monitorSpecSchema>;

export const scheduleSpecSchema = z.strictObject({
  /** Five fields. */
  cron: z.string(),
  /** IANA name. */
  timeZone: z.string(),
  /** How much of the time before each moment is judged. */
  windowMs: z.number(),
});
export type ScheduleSpec = z.infer<typeof scheduleSpecSchema>;

export const rollbackPolicySchema = z.strictObject({
  onFail: z.enum(["automatic", "ask", "never"]),
  automaticUntilMs: z.number(),
  askTimeoutMs: z.number(),
  askDefault: z.enum(["rollback", "keep"]),
});
export type RollbackPolicy = z.infer<typeof rollbackPolicySchema>;

export const reportPolicySchema = z.strictObject({
  pullRequest: z.boolean(),
  commitStatus: z.boolean(),
  deployment: z.boolean(),
  /** The GitHub environment of the deployment; absent: "production", as for GitHub. */
  environment: z.string().optional(),
  /** Absent: the standard. */
  redact: z.strictObject({ keep: z.array(z.enum(REDACTION_CLASSES)), also: z.array(z.string()) }).optional(),
});
/** All are references to the environment ("${{ env.X }}"): the addresses are secrets too. */
export const notifyPolicySchema = z.strictObject({
  webhook: z.string().optional(),
  /** What the webhook's messages are signed with. */
  secret: z.string().optional(),
  slack: z.string().optional(),
});

export const runbookSchema = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  /** owner/name on GitHub. */
  repository: z.string().optional(),
  inputs: z.record(z.string(), inputSpecSchema),
  services: z.record(z.string(), serviceTargetSchema),
  steps: z.array(stepSpecSchema),
  monitor: monitorSpecSchema.optional(),
  schedule: scheduleSpecSchema.optional(),
  rollback: rollbackPolicySchema,
  report: reportPolicySchema,
  notify: notifyPolicySchema,
});
export type Runbook = z.infer<typeof runbookSchema>;

/** Checkpoint names are their distance from the switch: "5m", "20m", "24h". */
export type CheckpointName = string;
