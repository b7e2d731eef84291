/** The text and the digest by which content is named: others' evidence must still be found under its name. */
import { expect, it } from "vitest";
import { canonicalJson, digestOf } from "../../../src/model/json.ts";

it.each([
  ["keys at every depth", { b: 1, a: { d: [], c: null } }, '{"a":{"c":null,"d":[]},"b":1}'],
  ["keys within lists of lists", [[{ b: 1, a: 2 }], [[1, { d: 3, c: 4 }]]], '[[{"a":2,"b":1}],[[1,{"c":4,"d":3}]]]'],
  ["the order of a list", [3, [2, 1], "b", "a"], '[3,[2,1],"b","a"]'],
  ["capitals before small letters", { b: 1, a: 2, B: 3 }, '{"B":3,"a":2,"b":1}'],
  ["what is not there", { b: undefined, a: [undefined] }, '{"a":[null]}'],
  [
    "a key that names the prototype",
    JSON.parse('{"b":1,"__proto__":{"z":1,"y":2}}'),
    '{"__proto__":{"y":2,"z":1},"b":1}',
  ],
])("canonical JSON: %s", (_, value, text) => {
  expect(canonicalJson(value)).toBe(text);
});

it("a digest is the SHA-256 of the text in UTF-8, or of the bytes", () => {
  const known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(digestOf("abc")).toBe(known);
  expect(digestOf(new TextEncoder().encode("abc"))).toBe(known);
  expect(digestOf("ü")).toBe(digestOf(new TextEncoder().encode("ü")));
});
