/** A backtest against the simulated clouds, before and after a deploy: reads only, within the read quota. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Journey, startJourney } from "../support/journey.ts";

let journey: Journey;
beforeAll(async () => void (journey = await startJourney()));
afterAll(() => journey.close());

test("the past of a healthy service: no FAIL, known totals, every service and the run", async () => {
  const { code, stdout, stderr } = await journey.run("backtest", "backend-prod", "--since", "12h", "--every", "2h");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toContain("check-errors (5xx) replayed against the 24h before, placebo deploys every 2h");
  expect(stdout).toMatch(/backend +2026-04-10 \d\d:\d\d to 2026-04-12 \d\d:\d\d UTC +[\d,]+ requests, [\d,]+ errors/);
  for (const service of ["backend", "backend-sync", "backend-integration", "the run"]) {
    expect(stdout).toMatch(new RegExp(`^ +${service} +T\\+5m +\\d+ +0\\.0 %`, "m"));
  }
  expect(stdout).toContain("False alarms: FAIL at 0 of");
  expect(stdout).toContain("Nothing was changed.");
});
