/** The scenario library on one shipped runbook, a test each: what `rehearse NAME --all` tells, held in the suite. */
import { describe, expect, it } from "vitest";
import { planOf } from "../../src/commands/deploy.ts";
import { findRunbook } from "../../src/commands/find-runbook.ts";
import { rehearseRow } from "../../src/commands/rehearse-matrix.ts";
import { missingNeeds } from "../../src/rehearsal/applies.ts";
import { loadScenario, scenarioNames } from "../../src/rehearsal/load-scenario.ts";
import { triggerSteps } from "../../src/rehearsal/roles.ts";
import { SLOW_MS, testIo } from "./journey.ts";

export async function describeMatrix(runbook: string): Promise<void> {
  const plan = planOf(await findRunbook(runbook, testIo()), { rehearsal: true }, testIo());
  const library = await Promise.all((await scenarioNames()).map((name) => loadScenario(name)));
  const applying = library.filter((scenario) => missingNeeds(scenario, plan).length === 0).map(({ name }) => name);

  describe(`every scenario that applies to ${runbook} comes out as it says`, () => {
    it.each(applying)(
      "%s",
      async (scenario) => {
        const row = await rehearseRow({ name: runbook, scenario, seed: 1 }, testIo());
        expect(row.surprises, row.because).toEqual([]);
        // Whatever happens, no workflow is dispatched twice.
        expect(row.footprint.effects.dispatches).toBeLessThanOrEqual(triggerSteps(plan).length);
      },
      SLOW_MS,
    );
  });
}
