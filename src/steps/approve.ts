/** `approve`: the run goes on only when a person says so. Silence is a rejection. */
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { DAY, dateTime, earliest, MINUTE, plusMs } from "../model/time.ts";
import type { StepKind } from "./step.ts";

const argsSchema = z.strictObject({
  message: z.string().min(1).describe("The question, as the person reads it."),
  timeout: durationSchema.prefault("24h").describe("How long to wait; without an answer until then: rejected."),
});

export const approve: StepKind<z.infer<typeof argsSchema>> = {
  uses: "approve",
  summary: "Asks a person whether to go on.",
  args: argsSchema,
  platforms: [],
  needsServices: false,
  needs: [],
  // Only until the question is asked: then its own deadline counts.
  defaultTimeoutMs: DAY,

  async turn(context) {
    const { args, step, startedAt, now } = context;
    const deadline = plusMs(startedAt, args.timeout);
    const answer = await context.ask({
      id: `approve:${step.id}`,
      about: "approve",
      text: args.message,
      options: ["approve", "reject"],
      fallback: "reject",
      deadline,
    });
    switch (answer) {
      case undefined:
        return {
          kind: "waiting",
          for: `approval: ${args.message}`,
          lookAt: earliest([plusMs(now, MINUTE), deadline]) ?? deadline,
          // A moment later than the question's, so that its fallback is the answer and not a timeout of the step.
          deadline: plusMs(deadline, MINUTE),
        };
      case "approve":
        return { kind: "done", summary: `approved: ${args.message}` };
      default:
        return {
          kind: "refused",
          because: now < deadline ? `rejected: ${args.message}` : `no approval until ${dateTime(deadline)}`,
        };
    }
  },
};
