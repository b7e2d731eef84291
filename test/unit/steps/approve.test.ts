import { expect, test } from "vitest";
import { HOUR, instant, plusMs } from "../../../src/model/time.ts";
import { approve } from "../../../src/steps/approve.ts";
import type { AskSpec, StepOutcome } from "../../../src/steps/step.ts";
import { stepContext } from "../../support/step-context.ts";

const T = instant("2026-04-12T04:00:00.000Z");
const args = approve.args.parse({ message: "Migrate now?", timeout: "1h" });

async function turn(minute: number, answer?: string): Promise<StepOutcome & { asked?: AskSpec }> {
  const now = plusMs(T, minute * 60_000);
  let asked: AskSpec | undefined;
  const context = stepContext({ args, world: { now }, ports: {}, startedAt: T });
  const outcome = await approve.turn({
    ...context,
    ask: async (question) => {
      asked = question;
      return answer;
    },
  });
  return { ...outcome, ...(asked === undefined ? {} : { asked }) };
}

test("it asks once under one name, with a deadline counted from the step's start, and silence is a rejection", async () => {
  const first = await turn(0);
  expect(first).toMatchObject({
    kind: "waiting",
    for: "approval: Migrate now?",
    asked: {
      id: "approve:step-under-test",
      about: "approve",
      options: ["approve", "reject"],
      fallback: "reject",
      deadline: plusMs(T, HOUR),
    },
  });
  const later = await turn(59);
  expect(later.asked).toEqual(first.asked);
  expect(later).toMatchObject({ lookAt: plusMs(T, HOUR) });
});

test("the step outlives its question, so that the fallback is the answer", async () => {
  const waiting = await turn(0);
  if (waiting.kind !== "waiting") throw new Error(waiting.kind);
  expect(waiting.deadline).toBe(plusMs(T, HOUR + 60_000));
});

test("approved, rejected, and too late", async () => {
  expect(await turn(5, "approve")).toMatchObject({ kind: "done", summary: "approved: Migrate now?" });
  expect(await turn(5, "reject")).toMatchObject({ kind: "refused", because: "rejected: Migrate now?" });
  expect(await turn(60, "reject")).toMatchObject({
    kind: "refused",
    because: "no approval until 2026-04-12 05:00 UTC",
  });
  expect(await turn(5, "something else")).toMatchObject({ kind: "refused" });
});

test("a message is needed; the time has a unit", () => {
  expect(approve.args.safeParse({ message: "Go on?" })).toMatchObject({ data: { timeout: 24 * HOUR } });
  expect(approve.args.safeParse({}).success).toBe(false);
  expect(approve.args.safeParse({ message: "Go on?", timeout: 60 }).success).toBe(false);
});
