/** Deaths and interruptions of a rehearsed process: another one resumes, and nothing happens twice. */
import { describe, expect, test } from "vitest";
import { rehearseRow } from "../../src/commands/rehearse-matrix.ts";
import { run, SLOW_MS, testIo } from "../support/journey.ts";

const rehearsed = (...words: string[]): ReturnType<typeof run> =>
  run(["rehearse", "backend-prod", "--scenario", "good-day", ...words], testIo());

describe("rehearse --kill-at", () => {
  test.each(["deploy-backend:started", "deploy-backend:intended", "deploy-pusher:carried-out", "checkpoint:20m:done"])(
    "%s: another process carries on to the same end, and says so",
    async (moment) => {
      const { code, stdout, stderr } = await rehearsed("--kill-at", moment);
      expect(stderr).toContain(`-- the process dies at ${moment}, like after kill -9; 1m later:`);
      expect(stderr).toMatch(/-- runbook resume \d{8}-\d{4}-\w{4}/);
      expect(code, stdout + stderr).toBe(0);
      expect(stdout.match(/→ deploy-\w+ +dispatch/g)?.length ?? 0).toBeLessThanOrEqual(2);
      expect(stdout).toContain("PASS  backend-prod is completed");
    },
    SLOW_MS,
  );

  test("a moment that the runbook does not have is refused with the steps it has", async () => {
    const { code, stderr } = await rehearsed("--kill-at", "deploy-nothing:started");
    expect(code).toBe(2);
    expect(stderr).toContain('"deploy-nothing:started" is no moment of backend-prod');
    expect(stderr).toContain("Its steps are deploy-backend, backend-serving");
  });

  test.each([["deploy-backend"], ["deploy-backend:later"], [":started"]])("%s is no moment", async (words) => {
    const { code, stderr } = await rehearsed("--kill-at", words);
    expect(code).toBe(2);
    expect(stderr).toContain("Give --kill-at as ITEM:MOMENT");
  });

  test("not with --all", async () => {
    const { code, stderr } = await rehearsed("--all", "--kill-at", "deploy-backend:started");
    expect(code).toBe(2);
    expect(stderr).toContain("--kill-at is for one scenario");
  });
});

test.each(["machine-dies", "machine-dies-for-good", "operator-interrupts", "dies-during-rollback"])(
  "%s comes out as it says, with no effect twice",
  async (scenario) => {
    const row = await rehearseRow({ name: "backend-prod", scenario, seed: 1 }, testIo());
    expect(row.surprises, row.because).toEqual([]);
    expect(row.footprint.effects.dispatches).toBeLessThanOrEqual(2);
    expect(row.footprint.effects.traffic).toBeLessThanOrEqual(3);
  },
  SLOW_MS,
);
