/** The rules of peers and textbooks, re-implemented to be compared: at which minute each would have failed the deploy. */
import { lnEvidenceOfHarm } from "../src/verdict/evalue.ts";
import type { SimulatedStream } from "./simulate-errors.ts";

/** The minute (1, 2, …) of the first FAIL; undefined when it never fails. */
export type Rule = (stream: SimulatedStream) => number | undefined;

/** Flagger: success rate of each minute below the threshold; the fifth failed check rolls back. */
export function flagger(threshold: number, limit: number): Rule {
  return ({ after }) => {
    let failures = 0;
    return firstMinute(after.errors.length, (minute) => {
      const { errors, requests } = last(after, minute, 1);
      if (requests > 0 && 1 - errors / requests < threshold) failures += 1;
      return failures >= limit;
    });
  };
}

/** Argo Rollouts: success rate of five minutes, every five minutes; more failures than the limit abort. */
export function argo(threshold: number, limit: number): Rule {
  return ({ after }) => {
    let failures = 0;
    return firstMinute(after.errors.length, (minute) => {
      if (minute % 5 !== 0) return false;
      const { errors, requests } = last(after, minute, 5);
      if (requests > 0 && 1 - errors / requests < threshold) failures += 1;
      return failures > limit;
    });
  };
}

/** Cloud Run Release Manager: error rate of the candidate's last half hour above the threshold. */
export function releaseManager(threshold: number): Rule {
  return ({ after }) =>
    firstMinute(after.errors.length, (minute) => {
      const { errors, requests } = last(after, minute, 30);
      return requests > 0 && errors / requests > threshold;
    });
}

/** The exact conditional test of two rates (Fisher's, for rare errors), one-sided, at the given minutes. */
export function conditionalTest(alpha: number, looksAt: (minute: number) => boolean): Rule {
  return ({ before, after }) => {
    const past = last(before, before.errors.length, before.errors.length);
    return firstMinute(after.errors.length, (minute) => {
      if (!looksAt(minute)) return false;
      const now = last(after, minute, minute);
      const share = now.requests / (now.requests + past.requests);
      return now.errors > 0 && binomialTail(now.errors + past.errors, share, now.errors) < alpha;
    });
  };
}

/** The baseline's rate taken for the truth. */
export function poissonTest(alpha: number): Rule {
  return ({ before, after }) => {
    const past = last(before, before.errors.length, before.errors.length);
    return firstMinute(after.errors.length, (minute) => {
      const now = last(after, minute, minute);
      return now.errors > 0 && poissonTail((past.errors / past.requests) * now.requests, now.errors) < alpha;
    });
  };
}

/** The e-process without dispersion, winsorising or minimum effect. */
export function plainEvidence(alpha: number): Rule {
  return ({ before, after }) => {
    const past = last(before, before.errors.length, before.errors.length);
    return firstMinute(after.errors.length, (minute) => {
      const now = last(after, minute, minute);
      const pair = { x1: now.errors, n1: now.requests, x0: past.errors, n0: past.requests, phi: 1 };
      return lnEvidenceOfHarm(pair, 1) >= Math.log(1 / alpha);
    });
  };
}

/**
 * Kayenta's judge: Mann-Whitney on the error percentages of the minutes, confidence 98 %, tolerance 0.25 of the estimated
 * shift, direction "increase", every minute from the fifth. The interval comes from the order statistics of the pairwise
 * differences (normal approximation with ties) instead of R's root finding.
 */
export function kayenta(): Rule {
  return ({ before, after }) => {
    const control = percentages(before);
    const experiment = percentages(after);
    return firstMinute(experiment.length, (minute) => {
      if (minute < 5) return false;
      const recent = experiment.slice(0, minute);
      const shift = shiftInterval(control, recent);
      return shift !== undefined && shift.low > 0.25 * Math.abs(shift.estimate);
    });
  };
}

function shiftInterval(
  control: readonly number[],
  experiment: readonly number[],
): { low: number; estimate: number } | undefined {
  const [m, n] = [control.length, experiment.length];
  const differences = new Float64Array(m * n);
  let at = 0;
  for (const now of experiment) for (const then of control) differences[at++] = now - then;
  differences.sort();
  if (differences[0] === differences.at(-1)) return undefined;
  const total = m + n;
  const counts = new Map<number, number>();
  for (const value of [...control, ...experiment]) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ties = [...counts.values()].reduce((sum, count) => sum + count ** 3 - count, 0);
  const deviation = Math.sqrt(((m * n) / 12) * (total + 1 - ties / (total * (total - 1))));
  const index = Math.floor((m * n) / 2 - 2.326_348 * deviation);
  const middle = Math.floor((m * n) / 2);
  return { low: differences[Math.max(0, index)] ?? 0, estimate: differences[middle] ?? 0 };
}

function percentages({ errors, requests }: SimulatedStream["before"]): number[] {
  return errors.map((count, minute) => (100 * count) / Math.max(1, requests[minute] ?? 0));
}

function firstMinute(minutes: number, fails: (minute: number) => boolean): number | undefined {
  for (let minute = 1; minute <= minutes; minute++) if (fails(minute)) return minute;
  return undefined;
}

/** Sums over the last `length` minutes until `minute`. */
function last(side: SimulatedStream["before"], minute: number, length: number): { errors: number; requests: number } {
  let [errors, requests] = [0, 0];
  for (let index = Math.max(0, minute - length); index < minute; index++) {
    errors += side.errors[index] ?? 0;
    requests += side.requests[index] ?? 0;
  }
  return { errors, requests };
}

/** P(X >= k), X binomial(n, p). */
function binomialTail(n: number, p: number, k: number): number {
  if (k <= n * p) return 1;
  let term = Math.exp(lnChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
  let tail = 0;
  for (let count = k; count <= n && term > 1e-18; count++) {
    tail += term;
    term *= ((n - count) / (count + 1)) * (p / (1 - p));
  }
  return tail;
}

/** P(X >= k), X Poisson(mean). */
function poissonTail(mean: number, k: number): number {
  if (k <= mean) return 1;
  let term = Math.exp(k * Math.log(Math.max(mean, 1e-12)) - mean - lnFactorial(k));
  let tail = 0;
  for (let count = k; term > 1e-18; count++) {
    tail += term;
    term *= mean / (count + 1);
  }
  return tail;
}

function lnChoose(n: number, k: number): number {
  return lnFactorial(n) - lnFactorial(k) - lnFactorial(n - k);
}

const lnFactorials = [0];
function lnFactorial(n: number): number {
  for (let next = lnFactorials.length; next <= n; next++) {
    lnFactorials.push((lnFactorials[next - 1] ?? 0) + Math.log(next));
  }
  return lnFactorials[n] ?? 0;
}
