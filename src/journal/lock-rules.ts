/** Who may take a lock, the same wherever locks are kept: pure decisions over the entries that are there. */
import { type Instant, msBetween } from "../model/time.ts";
import type { LockEntry } from "./state.ts";

export function isInTheWay(entry: LockEntry, run: string, now: Instant): boolean {
  if (entry.kind === "hold") return true;
  return entry.run !== run && entry.until !== undefined && entry.until > now;
}

/** The fence of a lock that this very owner already has on all of the services: a renewal keeps it. */
export function fenceToRenew(
  services: readonly string[],
  present: readonly LockEntry[],
  run: string,
  owner: string,
): number | undefined {
  const own = present.filter((entry) => entry.run === run && entry.owner === owner);
  const [fence, ...others] = new Set(own.map((entry) => entry.fence));
  return own.length === new Set(services).size && others.length === 0 ? fence : undefined;
}

/** Of its time; with less left it is renewed. A lock is asked for in every turn, and written where all runs write. */
const PLENTY = 3 / 4;

export function hasPlentyLeft(present: readonly LockEntry[], now: Instant, ttlMs: number): boolean {
  return present.every(({ until }) => until !== undefined && msBetween(now, until) > PLENTY * ttlMs);
}
