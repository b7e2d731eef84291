/** Which past a service is judged against: before its rollout, the same hour yesterday, or last week. */
import { describe, expect, test } from "vitest";
import { HOUR, instant, MINUTE, plusMs } from "../../../src/model/time.ts";
import { baselineWindow } from "../../../src/steps/baseline-window.ts";
import { checkErrors } from "../../../src/steps/check-errors.ts";
import { checkLogs } from "../../../src/steps/check-logs.ts";
import type { CheckKind } from "../../../src/steps/step.ts";
import { day, every, type FakeEntry, fakes, line, lookContext, request, T0 } from "./fake-ports.ts";

const rolloutStartedAt = instant("2026-04-12T04:06:40Z");

test.each([
  [{ baselineMs: 24 * HOUR }, "2026-04-11T04:06", "2026-04-12T04:06"],
  [{ baselineMs: 2 * HOUR, baselineMode: "same-hour-yesterday" as const }, "2026-04-11T03:06", "2026-04-11T05:06"],
  [{ baselineMs: 24 * HOUR, baselineMode: "last-week" as const }, "2026-04-05T04:06", "2026-04-06T04:06"],
])("%o", (context, from, until) => {
  expect(baselineWindow(context, { rolloutStartedAt })).toEqual({
    from: instant(`${from}:00Z`),
    until: instant(`${until}:00Z`),
  });
});

/** Twenty errors an hour at this time of the day; one an hour otherwise. */
const peak = (from: number, until: number): FakeEntry[] =>
  every(from, until, 3).map((minute) => request(minute + 0.5, 500));
const quiet = every(-8 * day, 26, 60).map((minute) => request(minute + 0.2, 500));

async function look(entries: readonly FakeEntry[], options: object, kind: CheckKind<never> = checkErrors as never) {
  const args = kind.args.parse({});
  const [result] = await kind.look({ ...lookContext(fakes(entries), args, 24, 20), ...options });
  return result;
}

describe("a daily peak right after the deploy", () => {
  const entries = [...quiet, ...peak(-day - 60, -day + 60), ...peak(-7 * day, -7 * day + 120), ...peak(0, 26)];

  test("is a rise against the hours before", async () => {
    expect(await look(entries, { baselineMs: 6 * HOUR })).toMatchObject({
      verdict: expect.stringMatching(/warn|fail/),
    });
  });

  test("is nothing new against the same hour yesterday", async () => {
    const result = await look(entries, { baselineMs: 2 * HOUR, baselineMode: "same-hour-yesterday" });
    expect(result).toMatchObject({ verdict: "pass", baseline: expect.stringMatching(/^2\d\.\d\/h over 2h$/) });
    // Nothing was read of the minutes right before the switch, so none are drawn.
    expect(result?.series?.from).toBe(plusMs(T0, -MINUTE));
  });

  test("last week is a whole day", async () => {
    const result = await look(entries, { baselineMs: 24 * HOUR, baselineMode: "last-week" });
    expect(result?.baseline).toMatch(/\/h over 24h$/);
  });
});

test("with fewer than 60 clean minutes the verdict is inconclusive, and says so", async () => {
  const excluded = [{ from: plusMs(T0, (-day - 40) * MINUTE), until: plusMs(T0, (-day + 30) * MINUTE) }];
  const result = await look([...quiet, ...peak(-day - 60, -day + 60), ...peak(0, 26)], {
    baselineMs: 2 * HOUR,
    baselineMode: "same-hour-yesterday",
    excluded,
  });
  expect(result).toMatchObject({
    verdict: "inconclusive",
    because: expect.stringMatching(/^the baseline has only 5\d clean minutes of the 60 needed$/),
  });
});

test("a signature that was there at the same hour yesterday is no new one", async () => {
  const text = "ValueError: conversation has no segments";
  const alive = every(0, 26, 1).map((minute) => line(minute, "request handled", "INFO"));
  const entries = [
    ...every(-day - 60, -day + 60, 3).map((minute) => line(minute, text)),
    ...every(3, 26, 3).map((minute) => line(minute, text)),
    ...alive,
  ];
  const options = { baselineMs: 2 * HOUR, baselineMode: "same-hour-yesterday" };
  const result = await look(entries, options, checkLogs as never);
  expect(result?.groups).toMatchObject([{ kind: "pre-existing", group: expect.stringContaining("ValueError") }]);
});
