import { expect, it } from "vitest";
import { planOf } from "../../../src/commands/deploy.ts";
import { findRunbook } from "../../../src/commands/find-runbook.ts";
import { missingNeeds } from "../../../src/rehearsal/applies.ts";
import { loadScenario, scenarioNames } from "../../../src/rehearsal/load-scenario.ts";
import { testIo } from "../../support/journey.ts";

const missing = async (runbook: string, scenario: string): Promise<readonly string[]> =>
  missingNeeds(await loadScenario(scenario), planOf(await findRunbook(runbook, testIo()), {}, testIo()));

it("the whole library applies to the runbook of record, or to the shipped canary", async () => {
  for (const name of await scenarioNames()) {
    const [record, canary] = [await missing("backend-prod", name), await missing("cloud-run-canary", name)];
    expect([name, record.filter((need) => need !== "canary")]).toEqual([name, []]);
    if (record.length > 0) expect([name, canary]).toEqual([name, []]);
  }
});

it.each([
  ["pods-crash", ["kubernetes"]],
  ["second-workflow-fails", ["two-workflows"]],
  ["revision-never-ready", ["two-cloud-run"]],
  ["errors-that-are-not-5xx", ["check-logs"]],
  ["errors-rise", []],
  ["no-answer", []],
])("%s lacks %j in a runbook of one Cloud Run service", async (scenario, expected) => {
  expect(await missing("test/support/runbooks/with-approval.yaml", scenario)).toEqual(expected);
});
