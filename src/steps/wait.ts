/** `wait`: lets time pass between two steps. Watches nothing. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { DAY, dateTime, formatDuration, MINUTE, plusMs } from "../model/time.ts";
import type { StepKind } from "./step.ts";

const argsSchema = z.strictObject({ for: durationSchema.describe("How long to wait after the step began.") });

export const wait: StepKind<z.infer<typeof argsSchema>> = {
  uses: "wait",
  summary: "Waits for a fixed time.",
  args: argsSchema,
  platforms: [],
  needsServices: false,
  needs: [],
  defaultTimeoutMs: 30 * DAY,

  async turn({ args, startedAt, now }) {
    const until = plusMs(startedAt, args.for);
    if (now >= until) return { kind: "done", summary: `waited ${formatDuration(args.for)}` };
    return {
      kind: "waiting",
      for: `${formatDuration(args.for)} to pass, until ${dateTime(until)}`,
      lookAt: until,
      deadline: plusMs(until, MINUTE),
    };
  },
};
