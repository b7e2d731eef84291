/** `npm run schemas`: writes schemas/*.schema.json. Run it after a change of the language, a step kind or the events. */
import { writeFile } from "node:fs/promises";
import { allSteps } from "../steps/all-steps.ts";
import { eventJsonSchema, runbookJsonSchema, schemaText } from "./json-schema.ts";

const directory = new URL("../../schemas/", import.meta.url);
await writeFile(new URL("runbook.schema.json", directory), schemaText(runbookJsonSchema(allSteps)));
await writeFile(new URL("event.schema.json", directory), schemaText(eventJsonSchema()));
