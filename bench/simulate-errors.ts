/** Streams of errors per minute as a healthy or a broken service makes them; seeded, so that every run is the same. */
import { World } from "../src/simulator/world.ts";
import { instant } from "../src/model/time.ts";

/** P: Poisson. N3: negative binomial, variance three times the mean. B7: clusters of errors smeared over minutes. */
export type Noise = "P" | "N3" | "B7";

export interface StreamPlan {
  readonly requestsPerMinute: number;
  /** Share of the requests that fail before the switch. */
  readonly share: number;
  /** What the share is multiplied by after the switch, from minute `onset` of the window. */
  readonly factor: number;
  readonly onset?: number;
  readonly noise: Noise;
  readonly baselineMinutes: number;
  readonly minutes: number;
}

export interface SimulatedStream {
  readonly before: { readonly errors: number[]; readonly requests: number[] };
  readonly after: { readonly errors: number[]; readonly requests: number[] };
}

export function randomOf(purpose: string): () => number {
  return new World({ now: instant(0), seed: 20_260_412 }).random(purpose);
}

export function simulate(plan: StreamPlan, random: () => number): SimulatedStream {
  const phase = random() * 1440;
  const total = plan.baselineMinutes + plan.minutes;
  const requests = Array.from({ length: total }, (_, minute) =>
    Math.round(plan.requestsPerMinute * (1 + 0.6 * Math.sin((2 * Math.PI * (minute + phase)) / 1440))),
  );
  const from = plan.baselineMinutes + (plan.onset ?? 0);
  const means = requests.map((count, minute) => count * plan.share * (minute >= from ? plan.factor : 1));
  const errors = errorsOf(means, plan.noise, random);
  const cut = <T>(values: readonly T[]): [T[], T[]] => [
    values.slice(0, plan.baselineMinutes),
    values.slice(plan.baselineMinutes),
  ];
  const [errorsBefore, errorsAfter] = cut(errors);
  const [requestsBefore, requestsAfter] = cut(requests);
  return {
    before: { errors: errorsBefore, requests: requestsBefore },
    after: { errors: errorsAfter, requests: requestsAfter },
  };
}

export function errorsOf(means: readonly number[], noise: Noise, random: () => number): number[] {
  switch (noise) {
    case "P":
      return means.map((mean) => poisson(mean, random));
    case "N3":
      return means.map((mean) => (mean === 0 ? 0 : poisson(2 * gamma(mean / 2, random), random)));
    case "B7":
      return clusters(means, random);
  }
}

/** Sizes geometric with mean 4; each error falls an exponential minute after its cluster's beginning. */
function clusters(means: readonly number[], random: () => number): number[] {
  const errors = Array.from({ length: means.length }, () => 0);
  for (const [minute, mean] of means.entries()) {
    for (let cluster = poisson(mean / 4, random); cluster > 0; cluster--) {
      const size = 1 + Math.floor(Math.log(1 - random()) / Math.log(0.75));
      for (let error = 0; error < size; error++) {
        const at = minute + Math.floor(random() - Math.log(1 - random()));
        if (at < errors.length) errors[at] = (errors[at] ?? 0) + 1;
      }
    }
  }
  return errors;
}

export function poisson(mean: number, random: () => number): number {
  let left = mean;
  let count = 0;
  // Sums of Poisson counts are Poisson; the product below would underflow for a large mean.
  for (; left > 25; left -= 25) count += small(25, random);
  return count + small(left, random);
}

function small(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > limit || count < 0; product *= random()) count += 1;
  return count;
}

/** Marsaglia and Tsang (2000), scale 1. */
function gamma(shape: number, random: () => number): number {
  if (shape < 1) return gamma(shape + 1, random) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
