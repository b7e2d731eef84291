/** A check as a step, against a check that says what it is told. */
import { z } from "zod";
import { describe, expect, test } from "vitest";
import { PortFailure } from "../../../src/model/error.ts";
import { type Instant, MINUTE, instant, plusMs } from "../../../src/model/time.ts";
import type { Verdict } from "../../../src/model/verdict.ts";
import { gateTurn } from "../../../src/steps/gate.ts";
import type { CheckKind, Looked, StepContext, StepOutcome } from "../../../src/steps/step.ts";

const T0 = instant("2026-04-12T04:07:00Z");
const FOR = 5 * MINUTE;
const SETTLE = 4 * MINUTE;
/** T0 + 2m settling + 5m + 4m until the data is there. */
const READY = 11;

function resultOf(verdict: Verdict, completeUntil: Instant = plusMs(T0, 60 * MINUTE)): Looked {
  return {
    check: "gate",
    uses: "check-fake",
    service: "backend",
    verdict,
    value: "1",
    baseline: "1",
    sample: "1",
    because: `because ${verdict}`,
    completeUntil,
  };
}

async function turnAt(
  minutes: number,
  look: () => readonly Looked[],
  options: { switched?: boolean } = {},
): Promise<StepOutcome> {
  const kind: CheckKind<object> = {
    uses: "check-fake",
    summary: "",
    args: z.object({}),
    platforms: [],
    needsServices: true,
    needs: [],
    defaultTimeoutMs: 30 * MINUTE,
    settleMs: SETTLE,
    look: async () => look(),
    turn: (context) => gateTurn(kind, context, FOR),
  };
  const context = {
    args: {},
    services: [{ name: "backend", switched: options.switched === false ? undefined : { at: T0 } }],
    startedAt: T0,
    deadline: plusMs(T0, 30 * MINUTE),
    now: plusMs(T0, minutes * MINUTE),
    look: {},
    signal: new AbortController().signal,
  } as unknown as StepContext<object>;
  return kind.turn(context);
}

const failure = (kind: "unavailable" | "unauthorised") => () => {
  throw new PortFailure(kind, "no answer");
};

describe("a check as a step", () => {
  test("looks every minute while its time is not over, and at its end", async () => {
    expect(await turnAt(1, () => [resultOf("pass")])).toMatchObject({
      kind: "waiting",
      lookAt: plusMs(T0, 2 * MINUTE),
    });
    expect(await turnAt(READY - 0.5, () => [resultOf("pass")])).toMatchObject({ lookAt: plusMs(T0, READY * MINUTE) });
  });

  test.each<[Verdict, string]>([
    ["pass", "done"],
    ["warn", "done"],
  ])("%s at the end is %s", async (verdict, kind) => {
    expect(await turnAt(READY, () => [resultOf(verdict)])).toMatchObject({
      kind,
      output: { verdict },
      results: [{ verdict }],
    });
  });

  test("a FAIL refuses at once", async () => {
    expect(await turnAt(3, () => [resultOf("fail"), resultOf("pass")])).toMatchObject({
      kind: "refused",
      verdict: "fail",
      because: "backend: because fail",
      results: [{ verdict: "fail" }, { verdict: "pass" }],
    });
  });

  test("inconclusive with all its data is refused as such", async () => {
    expect(await turnAt(READY, () => [resultOf("inconclusive")])).toMatchObject({
      kind: "refused",
      verdict: "inconclusive",
    });
  });

  test("inconclusive without all its data goes on until the deadline", async () => {
    const behind = () => [resultOf("inconclusive", plusMs(T0, 4 * MINUTE))];
    expect((await turnAt(READY, behind)).kind).toBe("waiting");
    expect(await turnAt(29.5, behind)).toMatchObject({ kind: "refused", verdict: "inconclusive" });
  });

  test("no results are never done", async () => {
    expect(await turnAt(READY, () => [])).toMatchObject({ kind: "refused", verdict: "inconclusive" });
  });

  test("an outage is waited out, with its reason, and at the deadline it is inconclusive", async () => {
    expect(await turnAt(3, failure("unavailable"))).toMatchObject({
      kind: "waiting",
      for: expect.stringContaining("no answer"),
    });
    expect((await turnAt(READY + 5, failure("unavailable"))).kind).toBe("waiting");
    expect(await turnAt(29.5, failure("unavailable"))).toMatchObject({
      kind: "refused",
      verdict: "inconclusive",
      because: "could not be measured: no answer",
    });
  });

  test("a failure that cannot pass is thrown", async () => {
    await expect(turnAt(3, failure("unauthorised"))).rejects.toThrow("no answer");
  });

  test("without a switch its time counts from its own start", async () => {
    expect((await turnAt(READY - 1, () => [resultOf("pass")], { switched: false })).kind).toBe("waiting");
    expect((await turnAt(READY, () => [resultOf("pass")], { switched: false })).kind).toBe("done");
  });
});
