/** `runbook judge` on files of log entries: forms, attribution, verdicts, exit codes, laws. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JudgeArgs, runJudge } from "../../../src/commands/judge.ts";
import type { JudgeReport } from "../../../src/commands/judge-report.ts";
import { MINUTE, instant } from "../../../src/model/time.ts";

const T0 = Date.parse("2026-04-12T04:07:00Z");
let folder = "";
let serial = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runbook-judge-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface RequestOptions {
  readonly url?: string;
  readonly revision?: string;
  readonly latency?: string;
}

/** A request entry, `minutes` after the switch. */
function request(minutes: number, status: number, options: RequestOptions = {}): object {
  return {
    logName: "projects/p/logs/run.googleapis.com%2Frequests",
    insertId: `i${serial++}`,
    timestamp: instant(T0 + minutes * MINUTE),
    severity: status >= 500 ? "ERROR" : "INFO",
    resource: {
      type: "cloud_run_revision",
      labels: { service_name: "backend", revision_name: options.revision ?? (minutes < 0 ? "old" : "new") },
    },
    httpRequest: {
      requestMethod: "GET",
      requestUrl: options.url ?? "https://api/v1/conversations/1",
      status,
      latency: options.latency ?? "0.1s",
    },
  };
}

function line(minutes: number, text: string, severity = "ERROR"): object {
  const { httpRequest: _none, ...entry } = request(minutes, 200) as { httpRequest: unknown };
  return { ...entry, logName: "projects/p/logs/run.googleapis.com%2Fstderr", severity, textPayload: text };
}

/** One entry per minute and count. */
function each(from: number, counts: readonly number[], make: (minutes: number) => object): object[] {
  return counts.flatMap((count, index) =>
    Array.from({ length: count }, (_, one) => make(from + index + (one + 0.5) / (count + 1))),
  );
}

const constant = (minutes: number, count: number): number[] => Array.from({ length: minutes }, () => count);
const ok = (from: number, minutes: number, perMinute = 20): object[] =>
  each(from, constant(minutes, perMinute), (at) => request(at, 200));
const failures = (from: number, counts: readonly number[], options: RequestOptions = {}): object[] =>
  each(from, counts, (at) => request(at, 500, options));

function file(content: string | Buffer): string {
  const name = join(folder, `f${serial++}`);
  writeFileSync(name, content);
  return name;
}
const ndjson = (entries: readonly object[]): string => entries.map((entry) => JSON.stringify(entry)).join("\n");

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: JudgeArgs, stdin = Readable.from([])): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runJudge(args, { stdin, stdout, stderr });
  return { code, out: String(stdout.read() ?? ""), err: String(stderr.read() ?? "") };
}

async function judged(
  before: readonly object[],
  after: readonly object[],
  args: Partial<JudgeArgs> = {},
): Promise<{ readonly code: number; readonly report: JudgeReport }> {
  const { code, out } = await run({
    baseline: file(ndjson(before)),
    candidate: file(ndjson(after)),
    switch: instant(T0),
    json: true,
    ...args,
  });
  return { code, report: JSON.parse(out) as JudgeReport };
}

const pattern = Array.from({ length: 20 }, () => [1, 0, 0, 0, 1, 0]).flat();
const before = [...ok(-120, 120), ...failures(-120, pattern)];

describe("verdicts", () => {
  test("the same rate passes: 0", async () => {
    const { code, report } = await judged(before, [...ok(0, 62), ...failures(0, pattern.slice(0, 62))]);
    expect([code, report.verdict, report.totals]).toEqual([0, "pass", "known"]);
    expect(report.checks.map(({ group, verdict }) => [group, verdict])).toEqual([
      ["all 5xx", "pass"],
      ["GET /v1/conversations 500", "pass"],
    ]);
    expect(report.checks[0]).toMatchObject({
      baseline: { errors: 40, requests: 2_440, minutes: 120 },
      candidate: { errors: 20, requests: 1_220, minutes: 60 },
      evidence: { says: "nothing", lnEFailNeeded: expect.closeTo(5.52, 2) },
    });
  });

  test("a rise fails: 1, and names the route", async () => {
    const rise = failures(2, constant(18, 4), { url: "/v1/memories/17" });
    const { code, report } = await judged(before, [...ok(0, 20), ...failures(0, pattern.slice(0, 20)), ...rise]);
    expect([code, report.verdict]).toEqual([1, "fail"]);
    expect(report.suspects[0]).toBe("GET /v1/memories 500");
    expect(report.checks.find(({ group }) => group === "GET /v1/memories 500")).toMatchObject({ verdict: "fail" });
  });

  test("nothing after the switch is inconclusive: 3, tolerable by the caller", async () => {
    expect(await judged(before, [])).toMatchObject({ code: 3, report: { verdict: "inconclusive" } });
    expect(await judged([], [])).toMatchObject({ code: 3, report: { verdict: "inconclusive" } });
    expect(await judged([], ok(0, 30))).toMatchObject({ code: 3, report: { verdict: "inconclusive" } });
    expect((await judged(before, [], { inconclusiveExit: 0 })).code).toBe(0);
  });

  test("the switch's own spike is not judged", async () => {
    const spike = failures(0, [40, 20]);
    const { report } = await judged(before, [...ok(0, 62), ...failures(0, pattern.slice(0, 62)), ...spike]);
    expect(report.verdict).toBe("pass");
  });

  test("late victims of the old code are not charged: by latency and by revision", async () => {
    const late = failures(3, constant(7, 4), { latency: "600.0s" });
    const byOld = failures(3, constant(7, 4), { revision: "old" });
    const { report } = await judged(before, [...ok(0, 62), ...failures(0, pattern.slice(0, 62)), ...late, ...byOld]);
    expect(report).toMatchObject({ verdict: "pass", lateVictims: 28 });
  });

  test("files of errors only leave the totals unknown", async () => {
    const { report } = await judged(failures(-1440, constant(1440, 1)), failures(0, constant(62, 1)));
    expect(report).toMatchObject({ totals: "unknown", verdict: "pass" });
    expect(report.checks[0]).toMatchObject({ candidate: { errors: 60, requests: "unknown", minutes: 60 } });
  });

  test("sixty minutes of baseline right up to the switch are enough, fifty-nine are not", async () => {
    const after = [...ok(0, 62), ...failures(0, constant(62, 0))];
    expect((await judged(ok(-60, 60), after)).report.verdict).toBe("pass");
    expect((await judged(ok(-59, 59), after)).report).toMatchObject({
      verdict: "inconclusive",
      because: "the baseline has only 59 clean minutes of the 60 needed",
    });
  });

  test("a quiet service's baseline reaches to the switch; yesterday's does not", async () => {
    const rare = [...failures(-70, [1, ...constant(58, 0), 1]), ...each(-70, [1], (at) => request(at, 200))];
    const { report } = await judged(rare, failures(0, [1]));
    expect(report.checks[0]?.baseline.minutes).toBe(70);
    const yesterday = failures(-1440, [1, ...constant(58, 0), 1]);
    expect((await judged(yesterday, failures(0, [1]))).report.checks[0]?.baseline.minutes).toBe(60);
  });

  test("--now ends what is judged", async () => {
    const rise = failures(30, constant(20, 5));
    const after = [...ok(0, 60), ...failures(0, pattern.slice(0, 60)), ...rise];
    expect((await judged(before, after)).report.verdict).toBe("fail");
    const early = await judged(before, after, { now: instant(T0 + 30 * MINUTE) });
    expect(early.report.verdict).toBe("pass");
    expect(early.report.checks[0]?.candidate.minutes).toBe(28);
  });

  test("application errors: known signatures, and an import error that must never come", async () => {
    const chat = (from: number, minutes: number) =>
      each(from, constant(minutes, 1), (at) => line(at, `redis gone after ${Math.round(9000 + at)} ms`));
    const good = await judged([...ok(-120, 120), ...chat(-120, 120)], [...ok(0, 62), ...chat(0, 62)]);
    expect(good.report.checks.map(({ group, verdict }) => [group, verdict])).toEqual([
      ["all 5xx", "pass"],
      ["critical errors", "pass"],
      ["redis gone after # ms", "pass"],
    ]);
    const broken = each(2, constant(20, 1), (at) => line(at, "ImportError: cannot import name 'x' from 'y'"));
    const bad = await judged([...ok(-120, 120), ...chat(-120, 120)], [...ok(0, 62), ...chat(0, 62), ...broken]);
    expect(bad).toMatchObject({ code: 1, report: { verdict: "fail" } });
  });

  test("several services: the worst counts, and rows say which", async () => {
    const other = (entries: readonly object[]): object[] =>
      entries.map((entry) => ({ ...entry, resource: { labels: { service_name: "pusher" } } }));
    const { report } = await judged(
      [...before, ...other(before.map((entry) => ({ ...entry, insertId: `p${serial++}` })))],
      [...ok(0, 62), ...other(failures(2, constant(60, 9))), ...other(ok(0, 62))],
    );
    expect(report.verdict).toBe("fail");
    expect(report.because).toMatch(/^pusher: /);
    expect(report.checks.map(({ group }) => group)).toContain("backend: all 5xx");
  });

  test("the configuration: statuses, excluded windows, a canary over the same minutes", async () => {
    const noise = each(0, constant(62, 8), (at) => request(at, 404));
    const config = file(JSON.stringify({ statuses: ["404"] }));
    expect((await judged(before, [...ok(0, 62), ...noise], { config })).report.verdict).toBe("fail");
    const incident = { excluded: [{ from: instant(T0 - 119 * MINUTE), until: instant(T0 - 40 * MINUTE) }] };
    const cut = await judged(before, ok(0, 62), { config: file(JSON.stringify(incident)) });
    expect(cut.report).toMatchObject({ verdict: "inconclusive", because: expect.stringContaining("41 clean minutes") });
    const canary = file("concurrent: true\nhorizon: 1h\n");
    const { switch: _unused, ...args } = { switch: "", config: canary };
    const stable = [...ok(0, 70, 40), ...failures(0, constant(70, 1))];
    const few = [...ok(0, 70, 4), ...failures(0, [1, ...constant(69, 0)])].map((entry) => entry);
    const result = await run({ baseline: file(ndjson(stable)), candidate: file(ndjson(few)), json: true, ...args });
    expect(JSON.parse(result.out)).toMatchObject({ verdict: "pass" });
  });
});

describe("input", () => {
  const after = [...ok(0, 62), ...failures(0, pattern.slice(0, 62))];
  const common = { switch: instant(T0), json: true } as const;

  test("array, NDJSON, gzip and standard input give the same bytes", async () => {
    const plain = await run({ baseline: file(ndjson(before)), candidate: file(ndjson(after)), ...common });
    const baseline = file(JSON.stringify(before, null, 2));
    const zipped = await run({ baseline, candidate: file(gzipSync(ndjson(after))), ...common });
    const piped = await run({ baseline, candidate: "-", ...common }, Readable.from([gzipSync(JSON.stringify(after))]));
    expect(zipped).toEqual(plain);
    expect(piped).toEqual(plain);
    expect(plain.code).toBe(0);
  });

  test("permuting the entries, and repeating some, changes nothing but the count of repetitions", async () => {
    const plain = (await judged(before, after)).report;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(before, { minLength: before.length }),
        fc.shuffledSubarray(after, { minLength: after.length }),
        fc.subarray(after),
        async (shuffledBefore, shuffledAfter, again) => {
          const { report } = await judged(shuffledBefore, [...shuffledAfter, ...again]);
          expect(report).toEqual({ ...plain, entries: { ...plain.entries, repeated: again.length } });
        },
      ),
      { numRuns: 8 },
    );
  });

  test.each([
    ["a file that is not there", () => ({ baseline: "/nowhere", candidate: file("[]") })],
    ["something that is not JSON", () => ({ baseline: file("hello"), candidate: file("[]") })],
    [
      "gzip that ends early",
      () => ({ baseline: file(gzipSync(ndjson(before)).subarray(0, 500)), candidate: file("[]") }),
    ],
    ["both from standard input", () => ({ baseline: "-", candidate: "-" })],
    ["a switch that is no moment", () => ({ baseline: file("[]"), candidate: file("[]"), switch: "yesterday" })],
    ["an unknown key", () => ({ baseline: file("[]"), candidate: file("[]"), config: file("colour: red") })],
  ])("%s is a usage error: 2, and says so on stderr", async (_name, args) => {
    const { code, out, err } = await run(args());
    expect([code, out]).toEqual([2, ""]);
    expect(err.split("\n")).toHaveLength(4);
  });

  test("objects that are no log entries are left out and counted", async () => {
    const { report } = await judged([...before, { hello: 1 }], after);
    expect(report.entries.skipped).toBe(1);
    expect(report.verdict).toBe("pass");
  });

  test("without --json people read it", async () => {
    const { out } = await run({ baseline: file(ndjson(before)), candidate: file(ndjson(after)), switch: instant(T0) });
    expect(out).toMatch(
      /^PASS: any rise above x[\d.]+ is excluded \(95 %\)\n {2}PASS {9}all 5xx: 20 in 1h \(20\.0\/h\), before 40 in 2h/,
    );
  });
});
