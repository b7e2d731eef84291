/** Scenarios by name from the library, or from a user's own file. Reads files; builds no world. */
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { formatProblem } from "../language/problems.ts";
import { shapeIssues } from "../language/shape.ts";
import { openSource } from "../language/source.ts";
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

/** A user's own, rather than one of the library. */
export function isFile(name: string): boolean {
  return /\.ya?ml$/.test(name);
}

/** `name`: of the library, or a path that ends in .yaml. */
export async function loadScenario(name: string): Promise<Scenario> {
  const path = isFile(name) ? name : fileURLToPath(new URL(`${encodeURIComponent(name)}.yaml`, LIBRARY));
  const text = await readFile(path, "utf8").catch(async () => {
    throw refusal(
      `There is no scenario ${name}.`,
      isFile(name) ? "Check the path." : `Those there are: ${(await scenarioNames()).join(", ")}.`,
    );
  });
  return parseScenario(name, text);
}

/** Every problem at once, each with its place in the file and what to do. */
export function parseScenario(name: string, text: string): Scenario {
  const { source, findings, fatal } = openSource(name, text);
  const issues = fatal ? [] : shapeIssues(scenarioSchema, source.value);
  const shape = issues.map(({ path, side, ...issue }) => ({ ...issue, where: { path, side } }));
  const problems = [...findings, ...shape].map((finding) => source.problemOf(finding));
  const parsed = fatal ? undefined : scenarioSchema.safeParse(source.value);
  if (problems.length === 0 && parsed?.success === true) return parsed.data;
  throw refusal(
    [`The scenario ${name} is not valid:`, ...problems.slice(0, MOST_TOLD).map(formatProblem)].join("\n"),
    "Mend the file. Its form is described by scenario.schema.json, in the package's schemas/.",
  );
}

/** More are the symptom of a wrong file. */
const MOST_TOLD = 20;

function refusal(what: string, next: string): RunbookError {
  return new RunbookError({ what, state: "Nothing was touched.", next });
}
