/** Time. Only the outermost loop sleeps; nothing else in the program waits. */
import type { Instant } from "../model/time.ts";

export interface Clock {
  now(): Instant;
  /** Returns at `until`, or at once when the signal aborts or `until` has passed. Never throws for an abort. */
  sleepUntil(until: Instant, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
