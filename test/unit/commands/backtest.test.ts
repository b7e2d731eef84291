/** `runbook backtest --logs`: an exported past, replayed at placebo times and at the deploys that are seen in it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instant, MINUTE, msOf } from "../../../src/model/time.ts";
import { run, testIo } from "../../support/journey.ts";

const START = msOf(instant("2026-04-01T00:00:00Z"));
const DAY_MINUTES = 1_440;
let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "backtest-"))));
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Ten requests a minute; a 500 every seventh minute; `more` errors a minute from the version's beginning on. */
function entries(minutes: number, options: { deployAt?: number; more?: number } = {}): string {
  const { deployAt = Number.POSITIVE_INFINITY, more = 0 } = options;
  const text: string[] = [];
  let id = 0;
  const entry = (minute: number, second: number, status: number): void => {
    const revision = minute >= deployAt ? "backend-00002-new" : "backend-00001-old";
    text.push(
      JSON.stringify({
        insertId: `i${id++}`,
        logName: "projects/p/logs/run.googleapis.com%2Frequests",
        timestamp: instant(START + minute * MINUTE + second * 1_000),
        severity: status >= 500 ? "ERROR" : "INFO",
        resource: { type: "cloud_run_revision", labels: { service_name: "backend", revision_name: revision } },
        httpRequest: { requestMethod: "GET", requestUrl: "https://api/v1/users/7", status, latency: "0.05s" },
      }),
    );
  };
  for (let minute = 0; minute < minutes; minute++) {
    for (let number = 0; number < 10; number++) entry(minute, number * 5, 200);
    if (minute % 7 === 3) entry(minute, 55, 500);
    if (minute >= deployAt) for (let number = 0; number < more; number++) entry(minute, 50 + number, 503);
  }
  return text.join("\n");
}

async function backtest(content: string | Buffer, ...more: string[]): ReturnType<typeof run> {
  const file = join(directory, "requests.json.gz");
  await writeFile(file, content);
  return run(["backtest", "backend-prod", "--logs", file, "--state", join(directory, "state.db"), ...more], testIo());
}

interface Summary {
  placebo: { at: string; said: Record<string, string> }[];
  deploys: { at: string; known: string; said: Record<string, string> }[];
  leftOut: number;
}

test("two quiet days: no FAIL at any placebo deploy, and it says what that rests on", async () => {
  const { code, stdout, stderr } = await backtest(gzipSync(entries(2 * DAY_MINUTES)));
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toContain("2026-04-01 00:00 to 2026-04-03 00:00 UTC  29,211 requests, 411 errors in 1 groups");
  // A day of baseline first; the last hour has no hour after it.
  expect(stdout).toMatch(/^ +backend +T\+5m +69 +0\.0 % +0\.0 % +0\.0 % +100\.0 %$/m);
  expect(stdout).toMatch(/^ +T\+1h +69 +0\.0 % +0\.0 % +100\.0 % +0\.0 %$/m);
  expect(stdout).toContain("Real deploys: none");
  expect(stdout).toContain("False alarms: FAIL at 0 of 69 placebo deploys within an hour (0.0 %)");
});

describe("a bad deploy in the middle of the third day", () => {
  const at = 2 * DAY_MINUTES + 700;
  let summary: Summary;
  beforeAll(async () => {
    const ran = await backtest(gzipSync(entries(3 * DAY_MINUTES, { deployAt: at, more: 3 })), "--json");
    summary = JSON.parse(ran.stdout) as Summary;
  });

  test("is seen by its version, and would have been a FAIL", () => {
    expect(summary.deploys).toMatchObject([
      {
        at: instant(START + at * MINUTE),
        known: "backend-00002-new was seen first",
        said: { "20m": "fail", "1h": "fail" },
      },
    ]);
  });

  test("no placebo lies within an hour of it, and none before it is a false alarm", () => {
    const deployed = START + at * MINUTE;
    for (const { at: moment, said } of summary.placebo) {
      const minutes = (Date.parse(moment) - deployed) / MINUTE;
      expect(minutes < -60 || minutes > 60).toBe(true);
      if (minutes < 0) expect(Object.values(said)).not.toContain("fail");
    }
  });
});

test("a deploy on the first day has no whole baseline: it is left out, and that is told", async () => {
  const { stdout } = await backtest(gzipSync(entries(2 * DAY_MINUTES, { deployAt: 300 })));
  expect(stdout).toContain("1 left out: no whole baseline before them, or no whole hour after");
});

test("errors only: totals are unknown, and nothing passes", async () => {
  const errors = entries(2 * DAY_MINUTES)
    .split("\n")
    .filter((line) => line.includes('"status":500'))
    .join("\n");
  const { stdout } = await backtest(errors);
  expect(stdout).toContain("requests unknown");
  expect(stdout).toMatch(/^ +T\+1h +\d+ +0\.0 % +0\.0 % +0\.0 % +100\.0 %$/m);
});

test("too short an export: no moment, and no share of anything", async () => {
  const { code, stdout } = await backtest(entries(300));
  expect(code).toBe(0);
  expect(stdout).toContain("False alarms: unknown");
});

test.each<[string, string, string[], string]>([
  ["no log entries", "hello", [], "cannot be read as log entries"],
  ["no request entries", '{"timestamp":"2026-04-01T00:00:00Z","textPayload":"x"}', [], "holds no request entries"],
  ["no duration", "[]", ["--every", "often"], "--every often is not a duration"],
  ["too far back", "[]", ["--since", "365d"], "--since 365d is not a duration"],
])("%s: exit 2", async (_name, content, more, said) => {
  expect(await backtest(content, ...more)).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
});
