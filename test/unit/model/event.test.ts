import { expect, it } from "vitest";
import { z } from "zod";
import { runEventSchema } from "../../../src/model/event.ts";
import { KEPT_WHOLE, WORDS } from "../../../src/model/redact-words.ts";

it("a switch keeps its own time, whatever the time at which it was noticed", () => {
  const event = {
    v: 1,
    run: "r",
    seq: 2,
    at: "2026-04-12T04:09:00.000Z",
    type: "service-switched",
    change: {
      service: "backend",
      at: "2026-04-12T04:07:00.000Z",
      from: "backend-1",
      to: "backend-2",
      rolloutStartedAt: "2026-04-12T04:06:00.000Z",
      images: [],
    },
  };
  const parsed = runEventSchema.parse(event);
  expect(parsed).toEqual(event);
});

/** Names, versions, digests, addresses of pages, moments: the run goes on with them. */
const FACTS =
  "after answer at before check checkpoint completeUntil deadline dueAt effect evidence expected fallback from id item judgement kind link mergeCommit nextAt options post question retryAt run service services serving sha status switchedAt type uses".split(
    " ",
  );

it("each text of an event is a fact or is redacted as words: whoever adds one decides", () => {
  const texts = new Set<string>();
  const walk = (schema: JsonSchema, key: string): void => {
    if (KEPT_WHOLE.has(key)) return;
    if (schema.type === "string" && schema.enum === undefined && schema.const === undefined) texts.add(key);
    for (const [name, each] of Object.entries(schema.properties ?? {})) walk(each, name);
    for (const each of [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) if (each) walk(each, key);
  };
  walk(z.toJSONSchema(runEventSchema, { io: "input", unrepresentable: "any" }) as JsonSchema, "");
  expect([...texts].filter((key) => !WORDS.has(key) && !FACTS.includes(key))).toEqual([]);
  expect([...WORDS, ...FACTS].filter((key) => WORDS.has(key) && FACTS.includes(key))).toEqual([]);
  expect([...texts].filter((key) => WORDS.has(key)).length).toBe(WORDS.size);
});

interface JsonSchema {
  readonly type?: string;
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}
