/** Reading entries from bytes: every form, however it is cut into chunks. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EntryReader, MalformedEntries } from "../../../src/verdict/json-entries.ts";

function read(text: string, cuts: readonly number[] = []): unknown[] {
  const entries: unknown[] = [];
  const reader = new EntryReader((entry) => entries.push(entry));
  const bytes = Buffer.from(text);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const place of [...places, bytes.length]) {
    if (place > from) reader.push(bytes.subarray(from, place));
    from = place;
  }
  reader.end();
  return entries;
}

const FORMS: readonly (readonly [string, (entries: readonly unknown[]) => string])[] = [
  ["NDJSON", (entries) => entries.map((entry) => JSON.stringify(entry)).join("\n")],
  [
    "NDJSON with a last newline and empty lines",
    (entries) => entries.map((entry) => `${JSON.stringify(entry)}\r\n\n`).join(""),
  ],
  ["an array", (entries) => JSON.stringify(entries)],
  ["an array as gcloud prints it", (entries) => `${JSON.stringify(entries, null, 2)}\n`],
  [
    "indented objects one after the other",
    (entries) => entries.map((entry) => JSON.stringify(entry, null, 2)).join("\n"),
  ],
  ["a byte order mark", (entries) => `\uFEFF${JSON.stringify(entries)}`],
];

describe.each(FORMS)("%s", (_name, write) => {
  test("gives the same entries, however the bytes are cut", () => {
    const object = fc.dictionary(
      fc.string(),
      fc.oneof(fc.string(), fc.constant('}{][",\\"'), fc.integer(), fc.constant({ a: ["}"] })),
    );
    fc.assert(
      fc.property(fc.array(object), fc.array(fc.nat(500)), (entries, cuts) => {
        const plain = JSON.parse(JSON.stringify(entries)) as unknown[];
        expect(read(write(plain), cuts)).toEqual(plain);
      }),
    );
  });
});

test.each([
  ["nothing", ""],
  ["white space", " \n\n"],
  ["an empty array", "[]"],
])("%s has no entries", (_name, text) => {
  expect(read(text)).toEqual([]);
});

test.each([
  ["text", "hello"],
  ["a cut array", '[{"a":1},'],
  ["an array cut in an entry", '[{"a":1},{"b"'],
  ["a cut line", '{"a":1}\n{"b":'],
  ["a line of something else", '{"a":1}\nERROR: (gcloud) failed\n'],
  ["an array of numbers", "[1,2]"],
  ["more after the array", '[{"a":1}] x'],
])("%s is refused", (_name, text) => {
  expect(() => read(text)).toThrow(MalformedEntries);
});

test("an entry that never ends is refused before memory runs out", () => {
  const reader = new EntryReader(() => undefined);
  const chunk = Buffer.from('"x'.repeat(1 << 18));
  reader.push(Buffer.from('[{"a":'));
  expect(() => {
    for (let index = 0; index < 100; index++) reader.push(chunk);
  }).toThrow(MalformedEntries);
});
