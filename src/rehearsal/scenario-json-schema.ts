/** The JSON Schema of a scenario's file, generated from zod: what editors complete, and people write their own from. */
import { z } from "zod";
import { scenarioSchema } from "./scenario.ts";

export function scenarioSchemaText(): string {
  const schema = {
    title: "A scenario",
    description: "What a rehearsal's world is, what happens in it, and what must come out.",
    ...z.toJSONSchema(scenarioSchema, { target: "draft-7", io: "input" }),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
