/** The catastrophe guard at its boundaries. */
import { expect, test } from "vitest";
import { catastropheAt } from "../../../src/verdict/guard.ts";

test.each([
  ["three minutes of half of twenty", [10, 10, 10], [20, 20, 20], 2],
  ["a quiet minute between them", [10, 10, 0, 10], [20, 20, 20, 20], undefined],
  ["nineteen requests in one", [10, 10, 10], [20, 19, 20], undefined],
  ["just below half", [10, 9, 10], [20, 20, 20], undefined],
  ["later", [0, 0, 50, 50, 50], [90, 90, 90, 90, 90], 4],
  ["no requests", [], [], undefined],
])("%s", (_name, errors, requests, expected) => {
  expect(catastropheAt({ errors, requests, baselineShare: 0 })).toBe(expected);
});
