/** A simulated world's clock as a rehearsal stages it: seen by a machine whose own clock is wrong, or slowed down for people to watch. */
import { type Instant, msBetween, plusMs } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import { SystemClock } from "./system-clock.ts";

export interface Staging {
  /** How far this machine's clock is ahead of the world's; negative: behind. Default 0. */
  readonly aheadMs?: number;
  /** World time per real time, 60 for an hour a minute. Default: as fast as everybody sleeps. */
  readonly speed?: number;
}

export class StagedClock implements Clock {
  readonly #world: Clock;
  readonly #aheadMs: number;
  readonly #speed: number;
  readonly #real: Clock;

  /** `real`: what is slept by while people watch. */
  constructor(
    world: Clock,
    { aheadMs = 0, speed = Number.POSITIVE_INFINITY }: Staging,
    real: Clock = new SystemClock(),
  ) {
    this.#world = world;
    this.#real = real;
    this.#aheadMs = aheadMs;
    this.#speed = speed;
  }

  now(): Instant {
    return plusMs(this.#world.now(), this.#aheadMs);
  }

  async sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> {
    const before = this.#world.now();
    await this.#world.sleepUntil(plusMs(until, -this.#aheadMs), signal);
    const passedMs = msBetween(before, this.#world.now());
    await this.#real.sleepUntil(plusMs(this.#real.now(), passedMs / this.#speed), signal);
  }

  close(): Promise<void> {
    return this.#world.close();
  }
}
