/** A daemon with more checkpoints due at once than its quota has reads: they come late, and every one is judged. */
import { expect, test } from "vitest";
import { busiestMinute, storm } from "../support/storm.ts";
import { SLOW_MS } from "../support/journey.ts";

test(
  "forty checkpoints of forty services in one minute: all judged on data, within the quota, each late by its turn",
  { timeout: SLOW_MS },
  async () => {
    const { judged, reads } = await storm(40, 40);
    expect(judged).toHaveLength(40);
    const unmeasured = judged
      .flatMap(({ results }) => results)
      .filter(({ because }) => because.includes("could not be measured"));
    expect(unmeasured).toEqual([]);
    expect(reads.length).toBeGreaterThan(60);
    expect(busiestMinute(reads)).toBeLessThanOrEqual(60);
    expect(Math.max(...judged.map(({ lateMs }) => lateMs))).toBeLessThan(10 * 60_000);
  },
);
