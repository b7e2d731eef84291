/** Latencies of ordinary requests: log-logistic, because its quantiles and shares both have a closed form. */

export interface Spread {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** The latency below which a share `u` (0..1) of the requests lies. */
export function quantile(spread: Spread, u: number): number {
  const safe = Math.min(Math.max(u, 0.001), 0.999);
  return Math.round(spread.p50Ms * (safe / (1 - safe)) ** (1 / steepness(spread)));
}

/** A percentile of a mixture of spreads and exact latencies; undefined when there is nothing. */
export function percentileOf(
  share: number,
  spreads: readonly { readonly spread: Spread; readonly count: number }[],
  exact: readonly number[],
): number | undefined {
  const total = spreads.reduce((sum, { count }) => sum + count, exact.length);
  if (total === 0) return undefined;
  const below = (ms: number): number =>
    spreads.reduce(
      (sum, { spread, count }) => sum + count / (1 + (ms / spread.p50Ms) ** -steepness(spread)),
      exact.filter((one) => one <= ms).length,
    );
  let low = 0.001;
  let high = 3_600_000;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (below(middle) < share * total) low = middle;
    else high = middle;
  }
  return high;
}

/** From the 95th percentile: F(x) = 1 / (1 + (x / p50)^-steepness). */
function steepness({ p50Ms, p95Ms }: Spread): number {
  return Math.log(19) / Math.log(p95Ms / p50Ms);
}
