/** Real time. The only file (with world-clock.ts) that may read the machine's clock or set a timer. */
import { type Instant, instant, msOf } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";

/** setTimeout takes 31 bits; longer sleeps are taken in parts. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class SystemClock implements Clock {
  readonly #wall: () => number;

  /** `wall`: the machine's clock, which people and time servers set; another one for tests. */
  constructor(wall: () => number = () => Date.now()) {
    this.#wall = wall;
  }

  now(): Instant {
    return instant(this.#wall());
  }

  /** Until the clock says so, and never longer than it said at first: a clock that is set back does not prolong a sleep. */
  async sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> {
    const end = performance.now() + msOf(until) - this.#wall();
    const left = (): number => Math.min(msOf(until) - this.#wall(), end - performance.now());
    for (let ms = left(); ms > 0 && signal?.aborted !== true; ms = left()) {
      await this.#rest(Math.min(ms, LONGEST_TIMER_MS), signal);
    }
  }

  async close(): Promise<void> {}

  #rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener("abort", finish);
    });
  }
}
