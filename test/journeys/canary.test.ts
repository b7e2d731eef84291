/** The shipped canary in a simulated cloud: the candidate is judged beside what it replaces, and production told apart from it. */
import { afterEach, describe, expect, it } from "vitest";
import { type Journey, servedBy, SLOW_MS, startJourney } from "../support/journey.ts";

let journey: Journey;
afterEach(() => journey.close());

const RUNBOOK = "cloud-run-canary";

async function deploy(scenario: string): Promise<{ code: number; stdout: string; before: string | undefined }> {
  journey = await startJourney({ runbook: RUNBOOK, scenario });
  const before = servedBy(journey.cloud)["api"];
  const { code, stdout } = await journey.run("deploy", RUNBOOK, "--pr", "6888", "--yes");
  return { code, stdout, before };
}

describe("the shipped canary", { timeout: SLOW_MS }, () => {
  it("a candidate that fails a tenth beside one in a hundred is rolled back at 10 %", async () => {
    const { code, stdout, before } = await deploy("canary-fails-at-10-percent");
    expect(code).toBe(1);
    expect(stdout).toContain("with 10 % since");
    expect(stdout).toMatch(/of the share of requests that fail beside it over the same minutes/);
    expect(stdout).not.toContain("with 50 % since");
    expect(servedBy(journey.cloud)["api"]).toBe(before);
  });

  it("an outage of both revisions stops the canary at 10 %, and rolls nobody back", async () => {
    const { code, stdout, before } = await deploy("shared-outage-during-canary");
    expect(stdout).toContain("an outage of both");
    expect([code, stdout.includes("ROLLED BACK")]).toEqual([journey.scenario.expect.exit, false]);
    expect(servedBy(journey.cloud)["api"]).toContain(`${before}=90`);
  });

  it("a candidate that never becomes ready leaves production as it was", async () => {
    const { code, stdout, before } = await deploy("candidate-never-ready");
    expect(code).toBe(1);
    expect(stdout).toContain("│ KeyError: 'MODEL_DIR'");
    expect(servedBy(journey.cloud)["api"]).toBe(before);
  });
});
