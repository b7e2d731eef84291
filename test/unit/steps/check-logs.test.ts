/** check-logs over a service's own log entries as plain data. */
import { describe, expect, test } from "vitest";
import { PortFailure } from "../../../src/model/error.ts";
import { MINUTE, plusMs } from "../../../src/model/time.ts";
import { checkLogs } from "../../../src/steps/check-logs.ts";
import type { Looked } from "../../../src/steps/step.ts";
import {
  type FakeEntry,
  type Fakes,
  OLD,
  T0,
  day,
  every,
  fakes,
  line,
  lookContext,
  request,
  service,
} from "./fake-ports.ts";

const args = checkLogs.args.parse({});

async function look(world: Fakes, minutes: number, horizon = minutes, options = {}): Promise<Looked> {
  const [result] = await checkLogs.look(lookContext(world, args, minutes, horizon, options));
  if (result === undefined) throw new Error("no result");
  return result;
}

const chatter = (until: number): FakeEntry[] => every(0, until, 0.5).map((minute) => line(minute, "served", "INFO"));
const known = (until: number): FakeEntry[] =>
  every(-day, until, 15).map((minute) =>
    line(minute, `Redis error after ${Math.round(5000 + minute)} ms for user_${8000 + minute}`),
  );

describe("signatures", () => {
  test("known signatures pass; numbers and ids in them do not make them new", async () => {
    const result = await look(fakes([...known(22), ...chatter(22)]), 22, 20);
    expect(result).toMatchObject({
      verdict: "pass",
      value:
        "0 critical (ImportError, ModuleNotFoundError, cannot import name and 4 more), 1 known and 0 new signatures",
      baseline: "0 critical, 1 signature over 24h",
      sample: "at least 42 log entries in 20m",
      completeUntil: plusMs(T0, 20 * MINUTE),
      because: "more than 0.18 critical errors a minute are excluded (95 %)",
    });
    expect(result.groups).toMatchObject([{ group: "Redis error after # ms for user_#", kind: "pre-existing" }]);
  });

  test("an import error that keeps coming fails, with an example and without secrets", async () => {
    const text =
      'Traceback (most recent call last):\n  File "/app/main.py", line 12, in <module>\n' +
      "    from utils import redact\nImportError: cannot import name 'redact' from 'utils' (token=abc123secret)";
    const broken = every(1, 8, 1).map((minute) => line(minute, text));
    const result = await look(fakes([...known(22), ...chatter(22), ...broken]), 22, 20);
    expect(result).toMatchObject({
      verdict: "fail",
      value:
        "7 critical (ImportError, ModuleNotFoundError, cannot import name and 4 more), 1 known and 1 new signatures",
      because: expect.stringContaining("critical errors: 7 in"),
    });
    const [group] = result.groups ?? [];
    expect(group).toMatchObject({ kind: "new", group: expect.stringContaining("ImportError: cannot import name") });
    expect(group?.group).toContain("@ main.py:<module>");
    expect(group?.example).toContain("[secret]");
    expect(group?.example).not.toContain("abc123secret");
  });

  test("one import error warns; the old version's do not count, nor one that was there before", async () => {
    const one = line(5, "ModuleNotFoundError: No module named 'x'", "WARNING");
    expect((await look(fakes([...chatter(22), one]), 22, 20)).verdict).toBe("warn");
    const old = every(1, 8, 1).map((minute) => line(minute, "ImportError: x", "ERROR", OLD));
    expect((await look(fakes([...chatter(22), ...old]), 22, 20)).verdict).toBe("pass");
    const before = every(-day, 22, 30).map((minute) => line(minute, "ImportError: x"));
    expect((await look(fakes([...chatter(22), ...before]), 22, 20)).verdict).toBe("pass");
  });

  test("what the new version wrote before it served everything counts", async () => {
    const starting = every(-0.9, 0.1, 0.2).map((minute) =>
      line(minute, "ImportError: x", "ERROR", "backend-00907-kpc"),
    );
    const result = await look(fakes([...chatter(22), ...starting]), 22, 20);
    expect(result.value).toMatch(/^5 critical/);
    expect(result.verdict).toBe("warn");
  });

  test("a pod's standard error is all ERROR: lines that call themselves INFO are no errors", async () => {
    const noise = every(0, 22, 0.2).map((minute) =>
      line(minute, `INFO:     10.0.0.1:${4000 + minute} - "GET /health" 200 OK`),
    );
    const result = await look(fakes([...chatter(22), ...noise]), 22, 20);
    expect(result.value).toBe(
      "0 critical (ImportError, ModuleNotFoundError, cannot import name and 4 more), 0 known and 0 new signatures",
    );
  });
});

describe("no data is never a pass", () => {
  test("a silent version is inconclusive; its requests are signs of life too", async () => {
    const silent = fakes(every(0, 19, 1).map((minute) => line(minute, "served", "INFO")));
    expect(await look(silent, 22, 20)).toMatchObject({
      verdict: "inconclusive",
      because: "only 19 log entries of any kind from the new version; 20 are needed to judge",
    });
    const busy = fakes(every(0, 20, 1).map((minute) => request(minute, 200)));
    expect((await look(busy, 22, 20)).verdict).toBe("pass");
  });

  test("a service that has not switched, and an outage", async () => {
    const world = fakes(chatter(22));
    expect((await look(world, 22, 20, { services: [service({ switched: false })] })).verdict).toBe("inconclusive");
    world.logs.failure = new PortFailure("unavailable", "down");
    await expect(look(world, 22, 20)).rejects.toThrow("down");
  });

  test("more errors than can be read are inconclusive and say so", async () => {
    const flood = every(-day, 22, 2).map((minute) => line(minute, "error: the same old thing"));
    const world = fakes(
      [...flood, ...chatter(22), ...every(2, 15, 0.05).map((m) => line(m, "error: the same old thing"))],
      2,
    );
    const result = await look(world, 22, 20);
    expect(["inconclusive", "warn", "fail"]).toContain(result.verdict);
    expect(world.logs.calls).toBeLessThanOrEqual(2 * 50 + 2);
  });
});

describe("what is read", () => {
  test("the baseline once, then only new minutes, then no more signs of life", async () => {
    const world = fakes([...known(40), ...chatter(40)]);
    await look(world, 22, 20);
    const first = world.logs.queries.map(({ since, until, minSeverity = "any", orContainsAny = [] }) => [
      since.slice(11, 16),
      until.slice(11, 16),
      [minSeverity, ...orContainsAny.slice(0, 1)].join(" or "),
    ]);
    expect(first).toEqual([
      ["04:06", "04:06", "ERROR or ImportError"],
      ["04:06", "04:27", "ERROR or ImportError"],
      ["04:07", "04:27", "any"],
    ]);
    await look(world, 23);
    expect(world.logs.queries.slice(3).map(({ since, minSeverity }) => [since.slice(11, 16), minSeverity])).toEqual([
      ["04:27", "ERROR"],
    ]);
  });

  test("an entry that is both severe and critical counts once", async () => {
    const result = await look(fakes([...chatter(22), line(5, "ImportError: x")]), 22, 20);
    expect(result.groups).toMatchObject([{ candidate: { errors: 1 } }]);
    expect(result.value).toMatch(/^1 critical/);
  });

  test("standard error that is too much to read is read by its error words, before and after", async () => {
    const noise = every(-day, 120 - day, 0.05).map((minute) => line(minute, "just talking"));
    const world = fakes([...noise, ...known(22), ...chatter(22)], 20);
    const result = await look(world, 22, 20);
    expect(world.logs.queries.filter(({ containsAny }) => containsAny?.includes("exception") === true).length).toBe(2);
    expect(result.verdict).toBe("pass");
  });
});
