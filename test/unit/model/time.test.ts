/** Instants are what Date would write, whatever the moment. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { instant } from "../../../src/model/time.ts";

it("an instant is the text that Date has for its milliseconds", () => {
  const anyMs = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
  const recentMs = fc.integer({ min: 0, max: 4_102_444_800_000 });
  fc.assert(fc.property(fc.oneof(recentMs, anyMs), (ms) => instant(ms) === new Date(ms).toISOString()));
});

it.each([
  0, -0, -1, 999, 86_399_999, 86_400_000, 951_782_400_000, 253_402_300_799_999, 253_402_300_800_000,
  1_775_966_820_000.7,
])("%d milliseconds", (ms) => {
  expect(instant(ms)).toBe(new Date(ms).toISOString());
});

it.each([
  ["2026-04-12T04:07:00Z", "2026-04-12T04:07:00.000Z"],
  ["2026-04-12T06:07:00+02:00", "2026-04-12T04:07:00.000Z"],
  ["2026-04-12T04:07:00.123456789Z", "2026-04-12T04:07:00.123Z"],
])("any RFC 3339 text is an instant to the millisecond: %s", (text, at) => {
  expect(instant(text)).toBe(at);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, 8_640_000_000_000_001, "yesterday", ""])("%s is no instant", (value) => {
  expect(() => instant(value)).toThrow(RangeError);
});
