/** What a scenario may have go wrong besides the deploy itself: faults of APIs, and the fate of our own process. */
import { z } from "zod";
import { didYouMean, oneOf } from "../language/suggest.ts";
import { durationSchema } from "../model/duration.ts";
import { callsOf } from "../simulator/fault-calls.ts";
import { FAULT_APIS, FAULT_KINDS } from "../simulator/faults.ts";

export const countedFrom = z
  .enum(["start", "last-deploy"])
  .default("start")
  .describe("what from and until count from: the scenario's start, or the moment the last service is deployed");

export const faultSchema = z
  .strictObject({
    api: z.enum(FAULT_APIS),
    call: z
      .string()
      .default("*")
      .describe(
        `as \`--fault\` names it; * for every call, those of preflight too, which asks three times more before it gives up. ${FAULT_APIS.map((api) => `${api}: ${callsOf(api).join(", ")}`).join(". ")}`,
      ),
    kind: z.enum(FAULT_KINDS).default("status"),
    status: z.int().default(503).describe("of the kinds status and applied"),
    times: z.int().positive().default(1).describe("the first so many of these calls; with from, of those since then"),
    "retry-after": durationSchema.optional(),
    from: durationSchema.optional(),
    until: durationSchema.optional(),
    "counted-from": countedFrom,
  })
  .superRefine(({ api, call }, context) => {
    if (call === "*" || callsOf(api).includes(call)) return;
    const known = `; ${didYouMean(call, callsOf(api)) ?? `there are ${oneOf(callsOf(api))}`}`;
    context.addIssue({ code: "custom", path: ["call"], message: `${api} has no call \`${call}\`${known}` });
  });

/** ITEM:MOMENT, as `--kill-at` takes it. */
export const FATE_MOMENT = /^(?:(?:restore|checkpoint):)?[a-z0-9][a-z0-9-]*:(?:started|intended|carried-out|done)$/;

export const fateSchema = z.strictObject({
  at: z
    .string()
    .regex(FATE_MOMENT, {
      error:
        'expected ITEM:MOMENT, such as "deploy-backend:started", "last-workflow:carried-out", "checkpoint:20m:done"',
    })
    .describe(
      "a step by its id, first-workflow, last-workflow, restore:SERVICE (or its role) or checkpoint:20m; then started, intended (its effect is journaled and has not happened), carried-out (it has happened, and nobody noted it) or done",
    ),
  happens: z
    .enum(["dies", "SIGINT", "SIGTERM"])
    .default("dies")
    .describe("dies: like kill -9; SIGINT: the operator presses Ctrl-C"),
  "resumed-after": durationSchema
    .optional()
    .describe("another machine runs `runbook resume` so long after; without it nobody does"),
});
