/** The published JSON Schemas are what zod says today, and agree with the loader about the runbook of record. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { eventJsonSchema, runbookJsonSchema, schemaText } from "../src/language/json-schema.ts";
import { allSteps } from "../src/steps/all-steps.ts";

describe("schemas/", () => {
  it.each([
    ["runbook.schema.json", () => runbookJsonSchema(allSteps)],
    ["event.schema.json", () => eventJsonSchema()],
  ])("%s is up to date (else: npm run schemas)", async (name, generate) => {
    expect(await readFile(`schemas/${name}`, "utf8")).toBe(schemaText(generate()));
  });

  it("types `with:` by `uses:`, and describes every key of a runbook", () => {
    const undescribed: string[] = [];
    describeAll(runbookJsonSchema([]), "", undescribed);
    expect(undescribed).toEqual([]);
    const { definitions } = JSON.parse(schemaText(runbookJsonSchema(allSteps))) as {
      definitions: { step: { allOf: readonly { if: unknown }[] } };
    };
    expect(definitions.step.allOf.map((branch) => branch.if)).toEqual(
      allSteps.map(({ uses }) => ({ properties: { uses: { const: uses } }, required: ["uses"] })),
    );
  });
});

function describeAll(schema: unknown, path: string, undescribed: string[]): void {
  if (typeof schema !== "object" || schema === null) return;
  const { properties } = schema as { properties?: Readonly<Record<string, { description?: string }>> };
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value.description === undefined) undescribed.push(`${path}.${key}`);
  }
  for (const [key, value] of Object.entries(schema)) describeAll(value, `${path}.${key}`, undescribed);
}
