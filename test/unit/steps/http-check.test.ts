import { expect, test } from "vitest";
import { PortFailure } from "../../../src/model/error.ts";
import type { Json } from "../../../src/model/json.ts";
import { instant, plusMs } from "../../../src/model/time.ts";
import type { Http } from "../../../src/ports/http.ts";
import { httpCheck } from "../../../src/steps/http-check.ts";
import type { Looked } from "../../../src/steps/step.ts";
import { preflightContext, stepContext } from "../../support/step-context.ts";

const T = instant("2026-04-12T04:00:00.000Z");
const URL = "https://api.omi.me/v1/health?token=t0ps3cret";
const ARGS = { url: URL, expect: { status: 200 } };

/** "g": 200, "b": 500, "t": timeout, "u": no connection, "w": 200 with another body. */
function answering(letters: string): Http & { asked: number } {
  const http = {
    asked: 0,
    async probe() {
      const letter = letters[http.asked++];
      if (letter === "t") throw new PortFailure("timeout", "no answer in time");
      if (letter === "u") throw new PortFailure("unavailable", "ECONNREFUSED");
      return { status: letter === "b" ? 500 : 200, latencyMs: 84, body: letter === "w" ? "starting" : "ok" };
    },
  };
  return http;
}

/** The verdicts of looks one minute apart. */
async function look(letters: string, given: object = {}, everyMs = 60_000): Promise<Looked[]> {
  const args = httpCheck.args.parse({ ...ARGS, ...given });
  const http = answering(letters);
  const samples = new Map<string, Json>();
  const results: Looked[] = [];
  for (let index = 0; index < letters.length; index++) {
    const now = plusMs(T, index * everyMs);
    const context = stepContext({ args, world: { now }, ports: { http } });
    const found = await httpCheck.look({
      ...context,
      ...context.look,
      check: "health",
      args,
      services: [],
      loadSample: async (key) => samples.get(key),
      saveSample: async (key, sample) => void samples.set(key, JSON.parse(JSON.stringify(sample)) as Json),
    });
    results.push(...found);
  }
  return results;
}

async function check(letters: string, verdicts: string, given: object = {}): Promise<void> {
  const found = await look(letters, given);
  expect(found.map(({ verdict }) => verdict[0]).join("")).toBe(verdicts);
}

test("two of the last three: one bad probe passes, two leave it open, twice in a row fails", async () => {
  await check("ggg", "ipp");
  await check("ggbggg", "ippppp");
  await check("gggbb", "ipppi");
  await check("gggbbb", "ipppif");
  await check("gggbbbg", "ipppifw");
  await check("gggbbbgg", "ipppifwp");
  await check("bbbb", "iiif");
  await check("bgbgbg", "iiipip");
});

test("one bad probe alone never fails, however strict the numbers", async () => {
  await check("gb", "pi", { attempts: 1, required: 1 });
  await check("gbgg", "pipp", { attempts: 1, required: 1 });
  await check("gbb", "pif", { attempts: 1, required: 1 });
  await check("gggbggg", "iipiwwp", { attempts: 3, required: 3 });
  await check("gggbb", "iipif", { attempts: 3, required: 3 });
});

test("silence fails only when the address answered before in this run", async () => {
  await check("ttttt", "iiiii");
  await check("uuuuu", "iiiii");
  await check("guuuuu", "iiifff");
  await check("tttbbb", "iiifff");
});

test("a good answer has an expected status and the expected text", async () => {
  await check("www", "ipp");
  const body = { expect: { status: 200, "body-contains": "ok" } };
  await check("ggg", "ipp", body);
  await check("wwww", "iiif", body);
  await check("bbb", "ipp", { expect: { status: [200, 500] } });
});

test("a row of the report says what was measured, without the query", async () => {
  const [, , , bad] = await look("gggbb");
  expect(bad).toMatchObject({ value: "500 in 84 ms", baseline: "200 in 84 ms at first", sample: "3 probes" });
  const results = await look("gubb");
  expect(results.map(({ value }) => value)).toEqual(["200 in 84 ms", "no connection", "500 in 84 ms", "500 in 84 ms"]);
  expect(results.at(-1)).toMatchObject({
    check: "health",
    uses: "http-check",
    verdict: "fail",
    because: "0 of the last 3 probes of api.omi.me/v1/health were good, 2 must be, twice in a row",
    evidence: { uses: "http-check", address: "api.omi.me/v1/health" },
  });
  expect(JSON.stringify(results)).not.toContain("t0ps3cret");
});

test("two looks of the same minute share a probe, and do not count twice", async () => {
  const results = await look("bbbbbb", {}, 2_000);
  expect(results.map(({ sample }) => sample)).toEqual([
    "1 probe",
    "1 probe",
    "1 probe",
    "2 probes",
    "2 probes",
    "2 probes",
  ]);
});

test("a failure that is no answer about the address is thrown", async () => {
  const http: Http = { probe: () => Promise.reject(new PortFailure("aborted", "interrupted")) };
  const args = httpCheck.args.parse(ARGS);
  const context = stepContext({ args, world: { now: T }, ports: { http } });
  await expect(httpCheck.look({ ...context, ...context.look, args, services: [] })).rejects.toMatchObject({
    kind: "aborted",
  });
});

test("as a step it goes on probing until its window is over, and refuses at the first FAIL", async () => {
  const ends = async (letters: string): Promise<unknown[]> => {
    const args = httpCheck.args.parse(ARGS);
    const http = answering(letters);
    const samples = new Map<string, Json>();
    for (let minute = 0; minute < letters.length; minute++) {
      const world = { now: plusMs(T, minute * 60_000) };
      const context = stepContext({ args, world, ports: { http }, startedAt: T });
      const loadSample = async (key: string): Promise<Json | undefined> => samples.get(key);
      const saveSample = async (key: string, sample: Json): Promise<void> => void samples.set(key, sample);
      const outcome = await httpCheck.turn({ ...context, look: { ...context.look, loadSample, saveSample } });
      if (outcome.kind !== "waiting") return [minute, outcome.kind, "verdict" in outcome ? outcome.verdict : undefined];
    }
    return ["never"];
  };
  expect(await ends("gggggg")).toEqual([3, "done", undefined]);
  expect(await ends("ggbg")).toEqual([3, "done", undefined]);
  expect(await ends("bbbb")).toEqual([3, "refused", "fail"]);
  expect(await ends("ggbb")).toEqual([3, "refused", "inconclusive"]);
  expect(await ends("uuuu")).toEqual([3, "refused", "inconclusive"]);
});

test("preflight remarks on what is not well already", async () => {
  const findings = async (letter: string): Promise<unknown> => {
    const args = httpCheck.args.parse(ARGS);
    return httpCheck.preflight?.(preflightContext({ args, world: { now: T }, ports: { http: answering(letter) } }));
  };
  expect(await findings("g")).toEqual([]);
  expect(await findings("b")).toMatchObject([
    { severity: "remark", what: "api.omi.me/v1/health is not well before the deploy: 500 in 84 ms" },
  ]);
  expect(await findings("u")).toMatchObject([{ severity: "remark" }]);
});

test("arguments", () => {
  const accepts = (given: object, success: boolean): void => {
    expect(httpCheck.args.safeParse({ ...ARGS, ...given }).success).toBe(success);
  };
  accepts({}, true);
  accepts({ url: "ftp://api.omi.me" }, false);
  accepts({ expect: {} }, false);
  accepts({ expect: { status: 99 } }, false);
  accepts({ expect: { status: [] } }, false);
  accepts({ attempts: 2, required: 2 }, true);
  accepts({ attempts: 1 }, false);
  accepts({ timeout: 10 }, false);
  expect(httpCheck.args.parse(ARGS)).toMatchObject({ attempts: 3, required: 2, timeout: 10_000, for: 60_000 });
});
