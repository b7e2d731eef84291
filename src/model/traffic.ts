/** Reading a Cloud Run traffic vector: pure, and never a guess about a split. */
import type { TrafficEntry } from "./service.ts";

/** Percent by revision, of the entries that have any; the same revision may stand under several tags. */
export function sharesOf(entries: readonly TrafficEntry[]): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { revision, percent } of entries) {
    if (percent > 0) shares.set(revision, (shares.get(revision) ?? 0) + percent);
  }
  return shares;
}

/** The one revision with 100 %; undefined on a split. */
export function soleRevision(shares: ReadonlyMap<string, number>): string | undefined {
  return [...shares].find(([revision, percent]) => percent === 100 && revision !== "")?.[0];
}

/** Whether the wanted traffic has no LATEST entry with a share: then a deploy gets 0 %. */
export function isPinned(wanted: readonly TrafficEntry[]): boolean {
  return !wanted.some(({ latest, percent }) => latest && percent > 0);
}

/** "backend-00907-kpc", or "a (90 %), b (10 %)". */
export function showShares(shares: ReadonlyMap<string, number>): string {
  return soleRevision(shares) ?? [...shares].map(([revision, percent]) => `${revision} (${percent} %)`).join(", ");
}
