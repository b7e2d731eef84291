import { expect, test } from "vitest";
import { createIds } from "../../../src/adapters/ids.ts";

test("run ids sort by time and do not repeat", () => {
  const ids = createIds();
  expect(ids.run("2026-04-12T04:00:59.000Z")).toMatch(/^20260412-0400-[2-9a-hjkmnp-z]{4}$/);
  expect(ids.run("2026-04-12T04:00:00.000Z") < ids.run("2026-04-12T04:01:00.000Z")).toBe(true);
  expect(new Set(Array.from({ length: 50 }, () => ids.run("2026-04-12T04:00:00.000Z"))).size).toBeGreaterThan(48);
});

test("an owner stays the same for a process and differs between two", () => {
  const ids = createIds();
  expect(ids.owner()).toBe(ids.owner());
  expect(ids.owner()).toContain(`/${process.pid}/`);
  expect(createIds().owner()).not.toBe(ids.owner());
});

test("chance lies within [0, 1)", () => {
  const draws = Array.from({ length: 100 }, () => createIds().random());
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  expect(new Set(draws).size).toBeGreaterThan(90);
});

test("a seed repeats the jitter, and never a run id", () => {
  const draws = (seed: number): readonly number[] => {
    const ids = createIds(seed);
    return Array.from({ length: 5 }, () => ids.random());
  };
  expect(draws(1)).toEqual(draws(1));
  expect(draws(1)).not.toEqual(draws(2));
  const at = "2026-04-12T04:00:00.000Z";
  const ids = (): readonly string[] => Array.from({ length: 3 }, () => createIds(1).run(at));
  expect(new Set(ids()).size).toBeGreaterThan(1);
});
