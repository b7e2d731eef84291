/** The statistics of the judge: e-values, bounds, dispersion. Pure numbers; it decides nothing and knows no thresholds. */

/** Rate ratios that the mixture against "not worse" bets on, and the fractions of the mixture against "worse". */
const RATIOS = [2, 3, 5, 10, 20, 50, 100] as const;
const FRACTIONS = [0.5, 0.25, 0.1, 0.02] as const;

/** Errors `x` in exposure `n` (requests, or minutes where totals are unknown), before (0) and after (1) the switch. */
export interface Pair {
  readonly x1: number;
  readonly n1: number;
  readonly x0: number;
  readonly n0: number;
  /** Dispersion of the baseline: variance over mean, at least 1. */
  readonly phi: number;
}

/**
 * ln E+ against H0 "rate1 <= rho * rate0". P(sup over looks of E+ >= 1/alpha) <= alpha for Poisson counts, whatever the
 * unknown rate and the looks. Lindon, Sanden & Shirikian (KDD 2022); the +1 stands for the random count of a
 * baseline limited by the clock.
 */
export function lnEvidenceOfHarm({ x1, n1, x0, n0, phi }: Pair, rho: number): number {
  const b = rho * n1;
  const k1 = x1 / phi;
  const k0 = x0 / phi + 1;
  return lnMean(RATIOS.map((r) => k1 * Math.log(r) - (k0 + k1) * Math.log((n0 + r * b) / (n0 + b))));
}

/** ln E- against "rate1 >= rho * rate0": evidence that no regression of that size is there. */
export function lnEvidenceOfNoHarm({ x1, n1, x0, n0, phi }: Pair, rho: number): number {
  const b = rho * n1;
  const k1 = x1 / phi;
  const k0 = x0 / phi;
  return lnMean(FRACTIONS.map((d) => k1 * Math.log(d) + (k0 + k1) * Math.log((n0 + b) / (n0 + d * b))));
}

/** ln E against "at least `perMinute` errors a minute", for baselines near zero. */
export function lnEvidenceBelow(x1: number, minutes: number, phi: number, perMinute: number): number {
  return lnMean(FRACTIONS.map((d) => (x1 / phi) * Math.log(d) + ((1 - d) * perMinute * minutes) / phi));
}

/** The least rate ratio that the data excludes at level `beta`; Infinity when none is. */
export function ratioBound(pair: Pair, beta: number): number {
  if (pair.x0 === 0 || pair.n1 === 0 || pair.n0 === 0) return Number.POSITIVE_INFINITY;
  return leastWhere((rho) => lnEvidenceOfNoHarm(pair, rho) >= Math.log(1 / beta));
}

/** The greatest rate ratio that the data proves at level `alpha`; 0 when none is. */
export function ratioLowerBound(pair: Pair, alpha: number): number {
  if (pair.n1 === 0 || pair.n0 === 0) return 0;
  const bound = leastWhere((rho) => lnEvidenceOfHarm(pair, rho) < Math.log(1 / alpha));
  return bound <= SMALLEST ? 0 : bound;
}

/** The least rate per minute that the data excludes at level `beta`. */
export function absoluteBound(x1: number, minutes: number, phi: number, beta: number): number {
  if (minutes === 0) return Number.POSITIVE_INFINITY;
  return leastWhere((lam) => lnEvidenceBelow(x1, minutes, phi, lam) >= Math.log(1 / beta));
}

/** (x1/n1) / ((x0+phi)/n0): shrunk, so that a clean baseline gives a finite ratio. */
export function rateRatio({ x1, n1, x0, n0, phi }: Pair): number {
  return n1 === 0 || n0 === 0 ? 0 : x1 / n1 / ((x0 + phi) / n0);
}

/** The post count with its two largest minutes replaced by the third largest: two bad minutes alone prove nothing. */
export function winsorised(errors: readonly number[]): number {
  if (errors.length <= 2) return 0;
  const sorted = errors.toSorted((a, b) => b - a);
  return sorted.slice(2).reduce((sum, count) => sum + count, 0) + 2 * (sorted[2] ?? 0);
}

/** Variance over mean of block counts, shrunk towards 1.5 with the weight of two blocks. */
export function dispersionOfBlocks(counts: readonly number[], exposures: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const exposure = exposures.reduce((sum, amount) => sum + amount, 0);
  if (total === 0 || exposure === 0) return 1.5;
  let squares = 0;
  let blocks = 0;
  for (let index = 0; index < exposures.length; index++) {
    const amount = exposures[index] ?? 0;
    if (amount === 0) continue;
    const expected = (total * amount) / exposure;
    squares += ((counts[index] ?? 0) - expected) ** 2 / expected;
    blocks += 1;
  }
  return (2 * 1.5 + squares) / (2 + blocks - 1);
}

/** Sums of `length` values each, aligned to the end; the oldest incomplete block is dropped. */
export function blocksOf(values: readonly number[], length: number): number[] {
  const blocks: number[] = [];
  for (let end = values.length; end >= length; end -= length) {
    let sum = 0;
    for (let index = end - length; index < end; index++) sum += values[index] ?? 0;
    blocks.push(sum);
  }
  return blocks.reverse();
}

const SMALLEST = 1e-9;
const LARGEST = 1e12;

/** Bisection on the logarithmic scale; `holds` must turn from false to true once. */
function leastWhere(holds: (value: number) => boolean): number {
  if (holds(SMALLEST)) return SMALLEST;
  if (!holds(LARGEST)) return Number.POSITIVE_INFINITY;
  let low = Math.log(SMALLEST);
  let high = Math.log(LARGEST);
  for (let turn = 0; turn < 80; turn++) {
    const middle = (low + high) / 2;
    if (holds(Math.exp(middle))) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}

/** ln of the mean of exponentials. */
function lnMean(exponents: readonly number[]): number {
  const most = Math.max(...exponents);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(exponents.reduce((sum, value) => sum + Math.exp(value - most), 0) / exponents.length);
}
