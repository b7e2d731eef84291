/** Scenarios by name from the library, or from a user's own file. Reads files; builds no world. */
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { RunbookError } from "../model/error.ts";
import { type Scenario, scenarioSchema } from "./scenario.ts";

/** Beside the sources in the checkout and in the package: the compiled code refers to the same files. */
const LIBRARY = new URL("../../src/rehearsal/scenarios/", import.meta.url);

export async function scenarioNames(): Promise<readonly string[]> {
  return (await readdir(LIBRARY))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/** `name`: of the library, or a path that ends in .yaml. */
export async function loadScenario(name: string): Promise<Scenario> {
  const isFile = /\.ya?ml$/.test(name);
  const path = isFile ? name : fileURLToPath(new URL(`${encodeURIComponent(name)}.yaml`, LIBRARY));
  const text = await readFile(path, "utf8").catch(async () => {
    throw refusal(
      `There is no scenario ${name}.`,
      isFile ? "Check the path." : `Those there are: ${(await scenarioNames()).join(", ")}.`,
    );
  });
  return parseScenario(name, text);
}

export function parseScenario(name: string, text: string): Scenario {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw refusal(
      `The scenario ${name} is no YAML: ${error instanceof Error ? error.message : String(error)}`,
      "Mend the file.",
    );
  }
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refusal(
    `The scenario ${name} is not valid:\n${z.prettifyError(parsed.error)}`,
    "The schema is in schemas/scenario.schema.json.",
  );
}

function refusal(what: string, next: string): RunbookError {
  return new RunbookError({ what, state: "Nothing was touched.", next });
}
