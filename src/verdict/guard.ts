/** The guard against catastrophes before a switch has settled: crude on purpose; it never says that all is well. */

const MIN_REQUESTS = 20;
const MIN_SHARE = 0.5;
const MINUTES = 3;

export interface SettlingMinutes {
  readonly errors: readonly number[];
  readonly requests: readonly number[];
  /** Share of the baseline's requests that failed: what was as bad before is no catastrophe of the deploy. */
  readonly baselineShare: number;
}

/**
 * The index of the third of three consecutive minutes in each of which at least half of at least 20 requests failed
 * (and at least twice the baseline's share); undefined when there is none.
 */
export function catastropheAt({ errors, requests, baselineShare }: SettlingMinutes): number | undefined {
  const share = Math.max(MIN_SHARE, 2 * baselineShare);
  let run = 0;
  for (const [index, count] of requests.entries()) {
    run = count >= MIN_REQUESTS && (errors[index] ?? 0) >= share * count ? run + 1 : 0;
    if (run === MINUTES) return index;
  }
  return undefined;
}
