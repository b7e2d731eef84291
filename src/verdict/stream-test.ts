/** Tests one stream of errors minute by minute: sticky FAIL, WARN at the end, and the bounds of what is excluded. */
import type { Settings, StreamKind } from "./evidence.ts";
import type { Dispersion } from "./dispersion.ts";
import { absoluteBound, lnEvidenceOfHarm, type Pair, rateRatio, ratioBound } from "./evalue.ts";

export interface Sums {
  readonly errors: number;
  readonly exposure: number;
}

export interface StreamInput {
  readonly kind: StreamKind;
  readonly baseline: Sums;
  /** Where the baseline grows with the candidate (a concurrent comparison): its sums as of each of the candidate's minutes. */
  readonly baselineBy?: readonly Sums[];
  /** Dense, one entry per minute of the candidate window. */
  readonly errors: readonly number[];
  readonly exposure: readonly number[];
  readonly phi: Dispersion;
  /** This stream's share of the false-alarm budget as of the minute with this index. */
  readonly weightAt: (index: number) => number;
  readonly settings: Settings;
}

export interface StreamFinding {
  readonly says: "fail" | "warn" | "nothing";
  readonly failedAtIndex: number | undefined;
  readonly weight: number;
  readonly phi: number;
  readonly minutes: number;
  readonly pair: Pair;
  readonly winsorised: number;
  readonly lnEFail: number;
  readonly lnEFailNeeded: number;
  readonly lnEWarn: number;
  readonly lnEWarnNeeded: number;
  readonly ratioBound: number;
  readonly absoluteBound: number;
}

/** Every minute prefix of the window is tested, so that FAIL, once reached, is a pure function of the data. */
export function testStream(input: StreamInput): StreamFinding {
  const prefix = new Prefix(input.kind === "critical");
  let failedAtIndex: number | undefined;
  for (const [index, exposure] of input.exposure.entries()) {
    const errors = input.errors[index] ?? 0;
    const wasObserved = prefix.exposure > 0;
    prefix.add(errors, exposure);
    // Without new errors the evidence only shrinks, except when the first exposure makes it countable.
    if (failedAtIndex === undefined && (errors > 0 || !wasObserved) && isFail(input, prefix, input.weightAt(index))) {
      failedAtIndex = index;
    }
  }
  return summary(input, prefix, failedAtIndex);
}

function isFail(input: StreamInput, prefix: Prefix, weight: number): boolean {
  const { settings, kind } = input;
  if (kind === "critical" ? prefix.errorMinutes < 2 || prefix.errors < 2 : prefix.errors < settings.minErrorsFail) {
    return false;
  }
  const pair = pairOf(input, prefix, prefix.winsorised);
  if (pair.n1 === 0 || pair.n0 === 0) return false;
  if (kind !== "critical" && rateRatio(pair) < settings.minRatioFail) return false;
  return lnEvidenceOfHarm(pair, settings.rhoFail) >= Math.log(1 / (settings.alphaFail * weight));
}

function isWarn(input: StreamInput, pair: Pair, lnE: number, needed: number): boolean {
  const { settings } = input;
  if (input.kind === "critical" && pair.x0 === 0 && pair.x1 >= 1) return true;
  return pair.x1 >= settings.minErrorsWarn && rateRatio(pair) >= settings.minRatioWarn && lnE >= needed;
}

function summary(input: StreamInput, prefix: Prefix, failedAtIndex: number | undefined): StreamFinding {
  const { settings } = input;
  const weight = input.weightAt(input.exposure.length - 1);
  const pair = pairOf(input, prefix, prefix.errors);
  const observed = pair.n1 > 0 && pair.n0 > 0;
  const lnEFail = observed ? lnEvidenceOfHarm(pairOf(input, prefix, prefix.winsorised), settings.rhoFail) : 0;
  const lnEWarn = observed ? lnEvidenceOfHarm(pair, settings.rhoWarn) : 0;
  const lnEWarnNeeded = Math.log(1 / (settings.alphaWarn * weight));
  return {
    says: failedAtIndex !== undefined ? "fail" : isWarn(input, pair, lnEWarn, lnEWarnNeeded) ? "warn" : "nothing",
    failedAtIndex,
    weight,
    phi: pair.phi,
    minutes: prefix.minutes,
    pair,
    winsorised: prefix.winsorised,
    lnEFail,
    lnEFailNeeded: Math.log(1 / (settings.alphaFail * weight)),
    lnEWarn,
    lnEWarnNeeded,
    ratioBound: ratioBound(pair, settings.beta),
    absoluteBound: absoluteBound(pair.x1, prefix.minutes, pair.phi, settings.beta),
  };
}

function pairOf(input: StreamInput, prefix: Prefix, x1: number): Pair {
  const phi = input.kind === "critical" ? 1 : input.phi(prefix.elapsed);
  const baseline = input.baselineBy?.[prefix.elapsed - 1] ?? input.baseline;
  return { x1, n1: prefix.exposure, x0: baseline.errors, n0: baseline.exposure, phi };
}

/** Running sums of a window's first minutes, with its three largest counts, so that winsorising costs nothing. */
class Prefix {
  /** Elapsed minutes; how many of them had exposure. */
  elapsed = 0;
  minutes = 0;
  errors = 0;
  exposure = 0;
  errorMinutes = 0;
  readonly #raw: boolean;
  #first = 0;
  #second = 0;
  #third = 0;

  constructor(raw: boolean) {
    this.#raw = raw;
  }

  add(errors: number, exposure: number): void {
    this.elapsed += 1;
    // Errors without exposure (totals that lag) count; such a minute does not: more errors must never look like more calm.
    if (exposure > 0) this.minutes += 1;
    this.errors += errors;
    this.exposure += exposure;
    if (errors > 0) this.errorMinutes += 1;
    if (errors > this.#first) [this.#first, this.#second, this.#third] = [errors, this.#first, this.#second];
    else if (errors > this.#second) [this.#second, this.#third] = [errors, this.#second];
    else if (errors > this.#third) this.#third = errors;
  }

  get winsorised(): number {
    if (this.#raw) return this.errors;
    return this.elapsed <= 2 ? 0 : this.errors - this.#first - this.#second + 2 * this.#third;
  }
}
