/** The scenario library on one shipped runbook, a test each: what `rehearse NAME --all` tells, held in the suite. */
import { describe, expect, it } from "vitest";
import { planOf } from "../../src/commands/deploy.ts";
import { findRunbook } from "../../src/commands/find-runbook.ts";
import { rehearseRow } from "../../src/commands/rehearse-matrix.ts";
import { missingNeeds } from "../../src/rehearsal/applies.ts";
import { loadScenario, scenarioNames } from "../../src/rehearsal/load-scenario.ts";
import { triggerSteps } from "../../src/rehearsal/roles.ts";
import type { Scenario } from "../../src/rehearsal/scenario.ts";
import { expectGolden } from "./golden.ts";
import { SLOW_MS, testIo, withoutRunIds } from "./journey.ts";

export async function describeMatrix(runbook: string): Promise<void> {
  const plan = planOf(await findRunbook(runbook, testIo()), { rehearsal: true }, testIo());
  const library = await Promise.all((await scenarioNames()).map((name) => loadScenario(name)));
  const applying = library.filter((scenario) => missingNeeds(scenario, plan).length === 0).map(({ name }) => name);

  const firsts = await Promise.all(library.map(async (scenario) => [scenario.name, await firstOf(scenario)] as const));
  const isFirst = (name: string): boolean => firsts.some(([each, first]) => each === name && first === runbook);

  describe(`every scenario that applies to ${runbook} comes out as it says`, () => {
    it.each(applying)(
      "%s",
      async (scenario) => {
        let comments: readonly string[] = [];
        const row = await rehearseRow({ name: runbook, scenario, seed: 1 }, testIo(), ({ github }) => {
          comments = github.repository(plan.runbook.repository ?? "").comments.map(({ body }) => body);
        });
        expect(row.surprises, row.because).toEqual([]);
        // Whatever happens, no workflow is dispatched twice.
        expect(row.footprint.effects.dispatches).toBeLessThanOrEqual(triggerSteps(plan).length);
        if (isFirst(scenario))
          expectGolden(import.meta.url, `../journeys/golden/comments/${scenario}.md`, page(comments));
      },
      SLOW_MS,
    );
  });
}

/** Each scenario's comments are held once: on the first of these to which it applies. */
const RUNBOOKS = ["backend-prod", "cloud-run-canary", "kubernetes-approval"];

async function firstOf(scenario: Scenario): Promise<string | undefined> {
  for (const runbook of RUNBOOKS) {
    const plan = planOf(await findRunbook(runbook, testIo()), { rehearsal: true }, testIo());
    if (missingNeeds(scenario, plan).length === 0) return runbook;
  }
  return undefined;
}

/** The pull request in the end. Of checkpoints that say the same one after another only the last; of queries the page they open. */
function page(comments: readonly string[]): string {
  const told = comments.map((body) => ({
    body,
    verdict: /key=comment:checkpoint:\S+ -->\n\*\*(\w+)\*\*/.exec(body)?.[1],
  }));
  const news = told.filter(({ verdict }, index) => verdict === undefined || verdict !== told[index + 1]?.verdict);
  return withoutRunIds(news.map(({ body }) => body).join("\n---\n\n")).replaceAll(
    /(https:\/\/console\.cloud\.google\.com\/logs\/query);[^)]*/g,
    "$1;…",
  );
}
