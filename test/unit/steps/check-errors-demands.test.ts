/** Situation 15: errors that are not 5xx, and positive evidence that a runbook demands. */
import { describe, expect, test } from "vitest";
import { checkErrors } from "../../../src/steps/check-errors.ts";
import { rejudge } from "../../../src/steps/rejudge.ts";
import type { Looked } from "../../../src/steps/step.ts";
import { asStored, type FakeEntry, type Fakes, day, every, fakes, lookContext, request } from "./fake-ports.ts";

async function look(world: Fakes, args: object, minutes = 24, horizon = 20): Promise<Looked> {
  const [result] = await checkErrors.look(lookContext(world, checkErrors.args.parse(args), minutes, horizon));
  if (result === undefined) throw new Error("no result");
  return result;
}

/** One 500 every three minutes for a day before, and after: what a healthy service has. */
const background = every(-day, 26, 3).map((minute) => request(minute + 0.5, 500));

describe("132,500 new 400s that nobody counts", () => {
  const bad = every(2, 26, 1 / 20).map((minute) => request(minute, 400, { url: "/v1/speech", method: "POST" }));
  const world = (): Fakes => fakes([...background, ...bad]);

  test("5xx alone passes", async () => {
    expect(await look(world(), {})).toMatchObject({ verdict: "pass" });
  });

  test("4xx watched as well, it fails, and the route is named", async () => {
    const result = await look(world(), { statuses: ["4xx", "5xx"] });
    expect(result).toMatchObject({
      verdict: "fail",
      because: expect.stringMatching(/^POST \/v1\/speech 400: 360 in 18m, none in 24h before/),
    });
    expect(result.groups?.[0]).toMatchObject({ kind: "new", group: "POST /v1/speech 400" });
  });

  test("a single status watched alone", async () => {
    expect(await look(world(), { statuses: ["400"] })).toMatchObject({ verdict: "fail" });
    expect(await look(world(), { statuses: ["404"] })).toMatchObject({ verdict: "pass" });
  });
});

describe("at least N successes on a named route", () => {
  const args = { require: [{ route: "POST /v1/messages", successes: 20 }] };
  const post = (from: number, until: number, step: number, url = "https://api/v1/messages"): FakeEntry[] =>
    every(from, until, step).map((minute) => request(minute, 200, { url, method: "POST" }));
  const before = post(-day, -1, 2);

  test.each<[string, FakeEntry[], object]>([
    [
      "enough",
      [...before, ...post(1, 26, 0.5)],
      { verdict: "pass", because: expect.stringMatching(/; POST \/v1\/messages: at least 20 successes$/) },
    ],
    [
      "too few",
      [...before, ...post(1, 26, 3)],
      { verdict: "inconclusive", because: "POST /v1/messages: 7 successes in 20m; 20 are required" },
    ],
    [
      "none where there were many",
      before,
      { verdict: "warn", because: "POST /v1/messages: no success in 20m, where 10 were to be expected" },
    ],
    [
      "none where there never were many",
      post(-day, -1, 60),
      { verdict: "inconclusive", because: "POST /v1/messages: 0 successes in 20m; 20 are required" },
    ],
    [
      "another route of the same beginning",
      post(1, 26, 0.5, "https://api/v1/messages/drafts/x/y"),
      { verdict: "inconclusive" },
    ],
    [
      "answered by the old revision",
      every(1, 26, 0.5).map((minute) =>
        request(minute, 200, { url: "/v1/messages", method: "POST", version: "backend-00906-abc" }),
      ),
      { verdict: "inconclusive" },
    ],
    [
      "answered, but with errors",
      every(1, 26, 0.5).map((minute) => request(minute, 404, { url: "/v1/messages", method: "POST" })),
      { verdict: "inconclusive" },
    ],
    [
      "with a GET",
      every(1, 26, 0.5).map((minute) => request(minute, 200, { url: "/v1/messages" })),
      { verdict: "inconclusive" },
    ],
  ])("%s", async (_name, entries, expected) => {
    expect(await look(fakes([...background, ...entries]), args)).toMatchObject(expected);
  });

  test("a demand that is not met never hides a FAIL", async () => {
    const failing = every(2, 26, 1 / 20).map((minute) => request(minute, 503, { url: "/v1/users" }));
    const result = await look(fakes([...background, ...before, ...failing]), args);
    expect(result).toMatchObject({ verdict: "fail", because: expect.stringMatching(/^GET \/v1\/users 503/) });
  });

  test("the stored evidence alone gives it all again", async () => {
    const world = fakes([...background, ...before, ...post(1, 26, 3)]);
    const result = await look(world, args);
    const again = rejudge("check-errors", asStored(result));
    expect(again).toMatchObject({ verdict: result.verdict, because: result.because, digest: result.judgement });
  });

  test("looking every minute ends at the same as looking once, and reads no more once there is enough", async () => {
    const entries = [...background, ...before, ...post(1, 90, 1)];
    const often = fakes(entries);
    for (let minutes = 1; minutes < 24; minutes++) await look(often, args, minutes, minutes);
    const last = await look(often, args);
    expect(last.judgement).toBe((await look(fakes(entries), args)).judgement);
    const routeQueries = (): number => often.logs.queries.filter(({ onRoute }) => onRoute !== undefined).length;
    await look(often, args, 40, 36);
    const read = routeQueries();
    await look(often, args, 41, 37);
    expect(routeQueries()).toBe(read);
  });

  test.each(["POST /v1/messages/12345", "/v1/messages", "POST", "post /v1/messages", "POST /a/b/c/d"])(
    "%j is no route family",
    (route) => {
      expect(checkErrors.args.safeParse({ require: [{ route, successes: 1 }] }).success).toBe(false);
    },
  );
});
