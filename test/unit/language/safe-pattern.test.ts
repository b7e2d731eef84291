/** Patterns of a runbook's own: what is let through is bounded and never tries a second way; what could hang is refused, with its place. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readPattern } from "../../../src/language/safe-pattern.ts";

test.each([
  ["cust_[0-9]{6,12}", "cust_[0-9]{6,12}"],
  ["[a-z0-9-]+\\.corp\\.example", "[a-z0-9-]{1,256}\\.corp\\.example"],
  ["\\bACME-\\d+\\b", "\\bACME-\\d{1,256}\\b"],
  ["(?:user|account)=\\w*", "(?:user|account)=\\w{0,256}"],
  ["(order) ?#?\\d{4}", "(?:order) ?#?\\d{4}"],
  ["\\d{4}-\\d{4}-\\d{4}", "\\d{4}-\\d{4}-\\d{4}"],
  ["(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"],
  ["[A-Z]{2}\\d{2}(?: \\d{4}){3,5}", "[A-Z]{2}\\d{2}(?: \\d{4}){3,5}"],
  ["名前=[^,]+", "名前=[^,]{1,256}"],
])("%s", (written, source) => {
  expect(readPattern(written)).toEqual({ source });
});

test.each([
  ["(a+)+", 1, "two ways"],
  ["(?:a{1,9}){1,20}b", 3, "two ways"],
  ["(?:a?b?){1,20}c", 3, "two ways"],
  ["(a|a)*b", 3, "two ways"],
  ["(a|ab)c", 3, "two ways"],
  ["a*a*a*b", 2, "two ways"],
  ["\\w+@\\w+\\.\\w+\\d", 13, "two ways"],
  ["a?a?a?aaa", 2, "two ways"],
  ["(.*)x", 4, "two ways"],
  ["\\d+\\w", 3, "two ways"],
  ["(?:[a-z]+-?)+", 3, "two ways"],
  ["(?=a)b", 0, "looks ahead"],
  ["(?<!a)b", 0, "looks ahead"],
  ["(?<name>a)", 0, "names a group"],
  ["(a)\\1", 3, "refers back"],
  ["a+?", 2, "follows another"],
  ["a**", 2, "follows another"],
  ["(ab", 0, "not closed"],
  ["ab)", 2, "closes nothing"],
  ["[ab", 0, "not closed"],
  ["[]", 0, "holds nothing"],
  ["*a", 0, "nothing can be repeated"],
  ["a\\q", 1, "not known"],
  ["[z-a]", 0, "no regular expression"],
  ["a*", 0, "empty text"],
  ["a|", 0, "empty text"],
  ["^$", 0, "empty text"],
  ["a{5,2}", 1, "repeats nothing"],
  ["a{0}", 1, "repeats nothing"],
  ["[^,]+,[^;]+;[^:]+:[^.]+\\.[^!]+!", 0, "more than 1024"],
  ["(?:a{50}){50}", 3, "too long"],
])("%s is refused at %i: %s", (written, offset, because) => {
  const read = readPattern(written);
  if (!("refused" in read)) throw new Error(`let through as ${read.source}`);
  expect(read.refused).toContain(because);
  expect(read.offset).toBeLessThanOrEqual(written.length);
  if (because !== "two ways") expect(read.offset).toBe(offset);
});

/** The engine's own steps cannot be counted; that no text costs much is shown by what would hang for hours if it did. */
test("whatever is let through ends on text that fits it almost", () => {
  const atom = fc.constantFrom("a", "b", "\\d", "\\w", "[ab]", "[^a]", ".", "-", "é", "(?:a|b)", "(?:ab)?", "(a-)");
  const times = fc.constantFrom("", "", "+", "*", "?", "{2}", "{1,9}", "{3,}");
  const pattern = fc
    .array(fc.tuple(atom, times), { minLength: 1, maxLength: 12 })
    .map((parts) => parts.flat().join(""));
  let letThrough = 0;
  fc.assert(
    fc.property(fc.oneof(pattern, fc.string({ maxLength: 30 })), (written) => {
      const read = readPattern(written);
      if ("refused" in read) return;
      letThrough++;
      const compiled = new RegExp(read.source, "gu");
      for (const text of ["a", "ab", "a-", "1", "é", "aab", written])
        text.repeat(2_000).concat("!").replace(compiled, "");
    }),
    { numRuns: 2_000 },
  );
  expect(letThrough).toBeGreaterThan(100);
});
