/** Real time. The only file (with world-clock.ts) that may read the machine's clock or set a timer. */
import { type Instant, instant, msOf } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";

/** setTimeout takes 31 bits; longer sleeps are taken in parts. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class SystemClock implements Clock {
  now(): Instant {
    return instant(Date.now());
  }

  async sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> {
    for (let left = msOf(until) - Date.now(); left > 0 && signal?.aborted !== true; left = msOf(until) - Date.now()) {
      await this.#rest(Math.min(left, LONGEST_TIMER_MS), signal);
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
