import { expect, test } from "vitest";
import { instant, plusMs } from "../../../src/model/time.ts";
import type { StepOutcome } from "../../../src/steps/step.ts";
import { wait } from "../../../src/steps/wait.ts";
import { stepContext } from "../../support/step-context.ts";

const T = instant("2026-04-12T04:00:00.000Z");

function turnAfter(ms: number): Promise<StepOutcome> {
  const args = wait.args.parse({ for: "90s" });
  return wait.turn(stepContext({ args, world: { now: plusMs(T, ms) }, ports: {}, startedAt: T }));
}

test("it waits until its time has passed, to the millisecond", async () => {
  const waiting = { kind: "waiting", for: "1m30s to pass, until 2026-04-12 04:01 UTC", lookAt: plusMs(T, 90_000) };
  expect(await turnAfter(0)).toMatchObject(waiting);
  expect(await turnAfter(89_999)).toMatchObject(waiting);
  expect(await turnAfter(90_000)).toEqual({ kind: "done", summary: "waited 1m30s" });
});

test("a number without a unit is refused", () => {
  expect(wait.args.safeParse({ for: 90 }).success).toBe(false);
  expect(wait.args.safeParse({ for: "90" }).success).toBe(false);
});
