/** check-errors while two revisions serve at once: each is judged against the other over the same minutes. */
import { describe, expect, test } from "vitest";
import { type Instant, MINUTE, msBetween, plusMs } from "../../../src/model/time.ts";
import type { RequestCount } from "../../../src/ports/metrics.ts";
import { checkErrors } from "../../../src/steps/check-errors.ts";
import type { Looked, StepService } from "../../../src/steps/step.ts";
import { type ErrorsEvidence, judgeErrors } from "../../../src/verdict/required.ts";
import {
  day,
  every,
  type FakeEntry,
  FakeMetrics,
  type Fakes,
  fakes,
  lookContext,
  NEW,
  OLD,
  request,
  service,
  T0,
} from "./fake-ports.ts";

/** Requests a minute of the whole service, of which the candidate has its share since T0. */
class SplitMetrics extends FakeMetrics {
  readonly #total: number;
  readonly #percent: number;

  constructor(total: number, percent: number) {
    super();
    this.#total = total;
    this.#percent = percent;
  }

  override async requestCounts(_target: unknown, since: Instant, until: Instant): Promise<readonly RequestCount[]> {
    if (this.failure !== undefined) throw this.failure;
    const counts: RequestCount[] = [];
    for (let at = since; at < until; at = plusMs(at, MINUTE)) {
      const candidate = msBetween(T0, at) >= 0 ? Math.round((this.#total * this.#percent) / 100) : 0;
      if (this.#total > candidate)
        counts.push({ minute: at, revision: OLD, statusClass: "2xx", count: this.#total - candidate });
      if (candidate > 0) counts.push({ minute: at, revision: NEW, statusClass: "2xx", count: candidate });
    }
    return counts;
  }
}

function canary(percent: number): StepService {
  const plain = service();
  const { switched } = plain;
  if (switched === undefined) throw new Error("a service that has switched");
  return { ...plain, switched: { ...switched, stages: [{ at: T0, percent }] } };
}

/** A look 16 minutes after the stage began, over its ten minutes after settling. */
async function look(
  entries: readonly FakeEntry[],
  options: { total?: number; percent?: number; horizon?: number; world?: (world: Fakes) => void } = {},
): Promise<Looked & { stored: ErrorsEvidence }> {
  const { total = 1_000, percent = 10, horizon = 12 } = options;
  const world = { ...fakes(entries), metrics: new SplitMetrics(total, percent) };
  options.world?.(world);
  const context = lookContext(world, checkErrors.args.parse({}), 16, horizon, { services: [canary(percent)] });
  const [result] = await checkErrors.look(context);
  if (result === undefined) throw new Error("one result");
  return { ...result, stored: result.evidence as ErrorsEvidence };
}

/** So many failures a minute of each revision, from minute `from` on. */
function failing(perMinute: { old: number; new: number }, from = 0, until = 12): FakeEntry[] {
  const each = (rate: number, version: string): FakeEntry[] =>
    rate === 0 ? [] : every(from, until, 1 / rate).map((minute) => request(minute, 500, { version }));
  return [...each(perMinute.old, OLD), ...each(perMinute.new, NEW)];
}

/** The service failed 9 % of its requests the whole day before. */
const highBefore = every(-day, 0, 1 / 90).map((minute) => request(minute, 500));

describe("a canary", () => {
  test("x5 the failures of its sibling FAILs, even where the whole service has always failed as much", async () => {
    // Before: 90 failures a minute. Now the sibling is as bad as its own (1 %), the candidate fails 5 %, the sum is less than ever.
    const result = await look([...highBefore, ...failing({ old: 9, new: 5 })]);
    expect(result).toMatchObject({
      verdict: "fail",
      value: "candidate 10 %: 50 × 5xx in 10m (5.0 % of its requests)",
      baseline: "current over the same 10m: 90 (1.0 % of its requests)",
      sample: "1,000 requests against 9,000",
      because: expect.stringMatching(/x4\.\d of the share of requests that fail beside it over the same minutes/),
    });
    expect(judgeErrors(result.stored)).toMatchObject({ verdict: "fail", because: result.because });
  });

  test("as good as its sibling: PASS, and it says what that excludes", async () => {
    const quiet = every(-day, 0, 1).map((minute) => request(minute, 500));
    const result = await look([...quiet, ...every(0, 12, 1).map((minute) => request(minute, 500, { version: OLD }))]);
    expect(result).toMatchObject({ verdict: "pass", because: expect.stringContaining("(95 %)") });
  });

  test.each([
    ["from the beginning", 0, 12],
    ["in the middle", 4, 9],
    ["for the first minutes only", 2, 6],
    ["for the first minutes of a short stage", 2, 5, 9],
  ])(
    "an outage that hits both alike, %s, is INCONCLUSIVE and charged to nobody",
    async (_name, from, until, horizon = 12) => {
      const quiet = every(-day, 0, 1).map((minute) => request(minute, 500));
      const result = await look([...quiet, ...failing({ old: 450, new: 50 }, from, until)], { horizon });
      expect(result).toMatchObject({ verdict: "inconclusive", because: expect.stringContaining("an outage of both") });
      expect(judgeErrors(result.stored).judgement.streams.every(({ says }) => says === "nothing")).toBe(true);
    },
  );

  test("an outage of both does not hide a candidate that is worse still", async () => {
    const quiet = every(-day, 0, 1).map((minute) => request(minute, 500));
    const result = await look([...quiet, ...failing({ old: 90, new: 90 })]);
    expect(result.verdict).toBe("fail");
  });

  test.each([
    ["40 requests of the candidate", 40, 10],
    ["40 requests beside it", 400, 99],
    ["none at all", 0, 10],
  ])("too little traffic, %s, is never PASS", async (_name, total, percent) => {
    const result = await look([], { total, percent });
    expect(result.verdict).toBe("inconclusive");
  });

  test("without each revision's own requests nothing is compared: the look is an outage", async () => {
    const { PortFailure } = await import("../../../src/model/error.ts");
    const failure = new PortFailure("unavailable", "Monitoring is down");
    await expect(look([], { world: (world) => (world.metrics.failure = failure) })).rejects.toBe(failure);
  });

  test("a candidate that answers far less than its share is a symptom", async () => {
    const metrics = new SplitMetrics(10_000, 1);
    const result = await look([], { percent: 10, world: (world) => Object.assign(world, { metrics }) });
    expect(result).toMatchObject({
      verdict: "warn",
      because: expect.stringMatching(/requests at 9 % of the 11000 that its share of the traffic lets expect/),
    });
  });

  test("each stage is judged over its own minutes: another share would not cancel", async () => {
    // The outage of both falls wholly into the second stage, where the candidate has half of the traffic.
    const quiet = every(-day, 0, 1).map((minute) => request(minute, 500));
    const plain = canary(50);
    const { switched } = plain;
    if (switched === undefined) throw new Error("a service that has switched");
    const stages = [
      { at: plusMs(T0, -20 * MINUTE), percent: 10 },
      { at: T0, percent: 50 },
    ];
    const world = {
      ...fakes([...quiet, ...failing({ old: 250, new: 250 }, 3, 12)]),
      metrics: new SplitMetrics(1_000, 50),
    };
    const rolloutStartedAt = plusMs(T0, -20 * MINUTE);
    const services = [{ ...plain, switched: { ...switched, rolloutStartedAt, stages } }];
    const [result] = await checkErrors.look(lookContext(world, checkErrors.args.parse({}), 16, 12, { services }));
    expect(result?.verdict).toBe("inconclusive");
  });
});
