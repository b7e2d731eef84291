/** A world's clock that people watch, or that a machine with a wrong clock sees. */
import { expect, test } from "vitest";
import { StagedClock } from "../../../src/adapters/staged-clock.ts";
import { HOUR, type Instant, instant, MINUTE, msBetween, plusMs, SECOND } from "../../../src/model/time.ts";
import type { Clock } from "../../../src/ports/clock.ts";

const START = instant("2026-04-12T04:00:00.000Z");

/** A clock that is where it was asked to sleep to, and tells how long each sleep was. */
class Slept implements Clock {
  readonly sleeps: number[] = [];
  #now: Instant = START;

  now(): Instant {
    return this.#now;
  }

  async sleepUntil(until: Instant): Promise<void> {
    this.sleeps.push(msBetween(this.#now, until));
    this.#now = until;
  }

  async close(): Promise<void> {}
}

test("at 60x an hour of the world takes a minute of ours, at 1x an hour, and without a speed none", async () => {
  for (const [speed, real] of [
    [60, MINUTE],
    [1, HOUR],
    [undefined, 0],
  ] as const) {
    const [world, ours] = [new Slept(), new Slept()];
    const clock = new StagedClock(world, speed === undefined ? {} : { speed }, ours);
    await clock.sleepUntil(plusMs(START, HOUR));
    expect(world.sleeps).toEqual([HOUR]);
    expect(ours.sleeps).toEqual([real]);
    expect(clock.now()).toBe(plusMs(START, HOUR));
  }
});

test("a machine that is ahead of the world sleeps as long as the world does", async () => {
  const [world, ours] = [new Slept(), new Slept()];
  const clock = new StagedClock(world, { aheadMs: 10 * MINUTE, speed: 60 }, ours);
  expect(clock.now()).toBe(plusMs(START, 10 * MINUTE));
  await clock.sleepUntil(plusMs(clock.now(), 30 * SECOND));
  expect(world.sleeps).toEqual([30 * SECOND]);
  expect(ours.sleeps).toEqual([SECOND / 2]);
});
