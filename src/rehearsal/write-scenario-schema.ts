/** Part of `npm run schemas`: writes schemas/scenario.schema.json. */
import { writeFile } from "node:fs/promises";
import { scenarioSchemaText } from "./scenario-json-schema.ts";

await writeFile(new URL("../../schemas/scenario.schema.json", import.meta.url), scenarioSchemaText());
