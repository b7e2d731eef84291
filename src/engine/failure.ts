/** What a throw means to the crank: whether to try again and when, and how the journal keeps it. */
import { messageOf, PortFailure, RunbookError } from "../model/error.ts";
import type { Failure } from "../model/event.ts";
import { type Instant, MINUTE, plusMs, SECOND } from "../model/time.ts";

/** Half an hour of tries at the longest pause: an outage of ten minutes must not end a run. Deadlines come first. */
export const MOST_ATTEMPTS = 30;

export function failureOf(error: unknown): Failure {
  if (error instanceof RunbookError) return error.toJSON();
  if (error instanceof PortFailure) return { what: error.message, kind: error.kind };
  return { what: messageOf(error), kind: "internal" };
}

export function isTransient(error: unknown): boolean {
  return error instanceof PortFailure && error.isTransient;
}

/** Exponential from one second to one minute, with full jitter around it; never before what the other side asked for. */
export function retryAt(now: Instant, attempt: number, error: unknown, random: () => number): Instant {
  const backoffMs = Math.min(2 ** (attempt - 1) * SECOND, MINUTE) * (0.5 + random());
  const askedMs = error instanceof PortFailure ? (error.retryAfterMs ?? 0) : 0;
  return plusMs(now, Math.max(backoffMs, askedMs));
}
