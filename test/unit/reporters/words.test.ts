import { describe, expect, test } from "vitest";
import { withTimesSign } from "../../../src/reporters/words.ts";

describe("the times sign", () => {
  test.each([
    ["any rise above x3.1 is excluded", "any rise above ×3.1 is excluded"],
    ["before (x2,100), and more", "before (×2,100), and more"],
    ["it rose x10.", "it rose ×10."],
    // A pod's hash, a revision's suffix, a number of another kind.
    ["serves x6vl7dqlbc since 04:07", "serves x6vl7dqlbc since 04:07"],
    ["pusher-x6-vl7 restarts", "pusher-x6-vl7 restarts"],
    ["0x41 and 3x4 and x86_64", "0x41 and 3x4 and x86_64"],
  ])("%s", (text, shown) => {
    expect(withTimesSign(text)).toBe(shown);
  });
});
