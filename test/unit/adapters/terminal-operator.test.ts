import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createTerminalOperator } from "../../../src/adapters/terminal-operator.ts";
import type { Question } from "../../../src/model/event.ts";
import { instant } from "../../../src/model/time.ts";

const now = instant("2026-04-12T04:00:00.000Z");
const question: Question = {
  id: "rollback",
  about: "rollback",
  text: "Roll back backend-prod?",
  options: ["rollback", "keep", "keep-all"],
  fallback: "keep",
  deadline: instant("2026-04-12T04:15:00.000Z"),
};

async function check(typed: string, answer: string | undefined, told?: RegExp): Promise<void> {
  const input = new PassThrough();
  const output = new PassThrough();
  const operator = createTerminalOperator({ input, output, by: "ann" });
  expect(await operator.poll(question, now)).toBeUndefined();
  input.write(typed);
  await new Promise((resolve) => setImmediate(resolve));
  const given = await operator.poll(question, now);
  expect(given).toEqual(answer === undefined ? undefined : { answer, by: "ann" });
  const shown = text(output);
  output.end();
  const words = await shown;
  expect(words.split("Roll back backend-prod?")).toHaveLength(2);
  expect(words).toContain(`"rollback" or "keep" or "keep-all"`);
  if (told === undefined) expect(words).not.toContain("Please");
  else expect(words).toMatch(told);
}

test("a line that names an option, or only one of them, is the answer", async () => {
  await check("rollback\n", "rollback");
  await check("  ROLLBACK \r\n", "rollback");
  await check("r\n", "rollback");
  await check("keep\n", "keep");
  await check("keep-\n", "keep-all");
  await check("keep\nrollback\n", "keep");
});

test("anything else is answered with what is accepted", async () => {
  await check("k\n", undefined, /Please type "rollback" or/);
  await check("\n", undefined, /Please type/);
  await check("yes\n", undefined, /Please type/);
  await check("rollback", undefined);
  await check("yes\nr\n", "rollback", /Please type/);
});

test("the question says what happens without an answer, and until when", async () => {
  const output = new PassThrough();
  const operator = createTerminalOperator({ input: new PassThrough(), output });
  await operator.poll(question, now);
  expect(String(output.read())).toContain("without an answer until 2026-04-12 04:15 UTC: keep");
});

test("an ended input answers nothing", async () => {
  const input = new PassThrough();
  const operator = createTerminalOperator({ input, output: new PassThrough() });
  await operator.poll(question, now);
  input.end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await operator.poll(question, now)).toBeUndefined();
});

test("a second question is asked after the first, on the same input", async () => {
  const input = new PassThrough();
  const operator = createTerminalOperator({ input, output: new PassThrough(), by: "ann" });
  const second = { ...question, id: "approve", options: ["approve", "reject"] };
  await operator.poll(question, now);
  input.write("keep\n");
  await new Promise((resolve) => setImmediate(resolve));
  await operator.poll(second, now);
  input.write("approve\n");
  await new Promise((resolve) => setImmediate(resolve));
  expect(await operator.poll(second, now)).toEqual({ answer: "approve", by: "ann" });
  expect(await operator.poll(question, now)).toEqual({ answer: "keep", by: "ann" });
});
