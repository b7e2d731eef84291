import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { loadScenario, parseScenario, scenarioNames } from "../../../src/rehearsal/load-scenario.ts";
import { surprisesOf } from "../../../src/rehearsal/matrix.ts";
import { scenarioSchemaText } from "../../../src/rehearsal/scenario-json-schema.ts";

it("scenario.schema.json is up to date (else: npm run schemas)", async () => {
  expect(await readFile("schemas/scenario.schema.json", "utf8")).toBe(scenarioSchemaText());
});

it("every scenario of the library is named as its file and says what really happened", async () => {
  for (const name of await scenarioNames()) {
    const scenario = await loadScenario(name);
    expect(scenario.name).toBe(name);
    expect(scenario["what-happened"], name).toMatch(/\S/);
  }
});

it("a misspelt key is refused with its place", () => {
  const text = "name: mine\ndescription: d\ncommits: []\nexpect: { exit: 0 }\nservics: []\n";
  expect(() => parseScenario("mine.yaml", text)).toThrow(/servics[\s\S]*commits/);
});

it.each([
  [{ exit: 1 }, { exit: 1, outcome: "rolled-back" }, 0],
  [{ exit: 1, outcome: "rolled-back" }, { exit: 1, outcome: "failing" }, 1],
  [{ exit: 0, verdict: "pass" }, { exit: 3 }, 2],
] as const)("%j against %j: %d surprises", (expected, actual, count) => {
  expect(surprisesOf(expected, actual)).toHaveLength(count);
});
