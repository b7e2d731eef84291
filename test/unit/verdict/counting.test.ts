/** Counting entries: the order of arrival changes nothing, repetitions count once, memory is bounded. */
import * as fc from "fast-check";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../src/model/json.ts";
import { GroupCounts, OTHER, alignGroups } from "../../../src/verdict/group-counts.ts";
import { attributionOf, type SampledRecord } from "../../../src/verdict/sample.ts";
import { baselineTally } from "../../../src/verdict/file-rules.ts";
import type { ExportedRecord } from "../../../src/verdict/log-entry.ts";
import { SeenEntries } from "../../../src/verdict/seen-entries.ts";

const entry = fc.record({ group: fc.constantFrom("a", "b", "c", "d", "e", "f"), minute: fc.nat(5), key: fc.nat(99) });

function counted(entries: readonly { group: string; minute: number; key: number }[], maxGroups: number): GroupCounts {
  const counts = new GroupCounts(maxGroups);
  for (const { group, minute, key } of entries) {
    counts.add(group, minute, 1, { key: `${key}/${minute}`, text: () => `${group} ${key} ${minute}` });
  }
  return counts;
}

describe("groups", () => {
  test("permuting entries changes nothing, with more groups than there is room for too", () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(entry, { selector: ({ key }) => key })
          .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        fc.integer({ min: 1, max: 6 }),
        ([entries, shuffled], maxGroups) => {
          expect(canonicalJson(counted(shuffled, maxGroups))).toBe(canonicalJson(counted(entries, maxGroups)));
        },
      ),
    );
  });

  test("splitting the entries over looks changes nothing", () => {
    fc.assert(
      fc.property(fc.array(entry), fc.nat(20), fc.integer({ min: 1, max: 6 }), (entries, cut, maxGroups) => {
        const resumed = GroupCounts.from(JSON.parse(JSON.stringify(counted(entries.slice(0, cut), maxGroups))));
        for (const { group, minute, key } of entries.slice(cut)) {
          resumed.add(group, minute, 1, { key: `${key}/${minute}`, text: () => `${group} ${key} ${minute}` });
        }
        expect(canonicalJson(resumed)).toBe(canonicalJson(counted(entries, maxGroups)));
      }),
    );
  });

  test("nothing is lost: what has no room is counted as other", () => {
    const counts = counted(
      Array.from({ length: 1000 }, (_, index) => ({ group: `g${index}`, minute: 0, key: index })),
      10,
    );
    expect(counts.names).toHaveLength(11);
    expect(counts.counts(OTHER)).toEqual([[0, 990]]);
  });

  test("two counts are brought to the same groups", () => {
    const many = counted(
      Array.from({ length: 50 }, (_, index) => ({ group: `g${index}`, minute: 0, key: index })),
      10,
    );
    const few = counted(
      Array.from({ length: 8 }, (_, index) => ({ group: `g${index}`, minute: 0, key: index })),
      10,
    );
    alignGroups(many, few);
    for (const name of few.names) if (name !== OTHER) expect(many.names).toContain(name);
  });
});

describe("repetitions", () => {
  test("each (logName, timestamp, insertId) is new once, in any order", () => {
    const seen = new SeenEntries();
    const ids = Array.from({ length: 5000 }, (_, index) => `id${index}`);
    expect(ids.filter((id) => seen.isNew("log", "t", id))).toHaveLength(5000);
    expect(ids.toReversed().filter((id) => seen.isNew("log", "t", id))).toHaveLength(0);
    expect([seen.isNew("other", "t", "id1"), seen.isNew("log", "t2", "id1")]).toEqual([true, true]);
  });

  test("an entry without an insertId has no identity", () => {
    const seen = new SeenEntries();
    expect([seen.isNew("log", "t", ""), seen.isNew("log", "t", "")]).toEqual([true, true]);
  });

  test("memory is bounded: at least the last `capacity` entries are remembered", () => {
    const seen = new SeenEntries(100);
    for (let index = 0; index < 1000; index++) seen.isNew("log", "t", `id${index}`);
    expect(seen.isNew("log", "t", "id900")).toBe(false);
    expect(seen.isNew("log", "t", "id0")).toBe(true);
  });
});

describe("attribution", () => {
  const at = Date.parse("2026-04-12T04:07:00Z");
  const record = (version: string | undefined, latencyMs: number): SampledRecord => ({
    logName: "requests",
    insertId: "1",
    timestamp: "",
    severity: "ERROR",
    ...(version === undefined ? {} : { version }),
    request: { method: "GET", url: "/", status: 504, latencyMs },
  });
  test.each([
    ["before the switch", "new", -1, 0, "before"],
    ["begun and ended after it", "new", 1000, 999, "candidate"],
    ["begun at the very switch", "new", 1000, 1000, "candidate"],
    ["begun before it, by the new version", "new", 1000, 1001, "late-victim"],
    ["begun ten minutes before", "new", 1000, 600_000, "late-victim"],
    ["answered by the old version", "old", 1000, 0, "late-victim"],
    ["by an unknown version", undefined, 1000, 0, "candidate"],
  ])("%s", (_name, version, afterMs, latencyMs, expected) => {
    expect(attributionOf(record(version, latencyMs), at + afterMs, { to: "new", atMs: at })).toBe(expected);
  });
});

describe("a file of any length", () => {
  test("takes no more memory from half a million entries on", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    // Freed arrays are given back after the event loop has turned.
    const held = async (): Promise<number> => {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const tally = baselineTally({ isError: (status) => status >= 500, label: "5xx", critical: ["ImportError"] });
    let next = 0;
    const feed = (count: number): void => {
      for (const end = next + count; next < end; next++) tally.add(exported(next));
    };
    feed(600_000);
    const before = await held();
    feed(1_200_000);
    expect(tally.entries).toBe(1_800_000);
    expect((await held()) - before).toBeLessThan(2 ** 20);
  });
});

function exported(index: number): ExportedRecord {
  const status = index % 100 === 0 ? 500 : 200;
  return {
    logName: "requests",
    insertId: `i${index}`,
    timestamp: "2026-04-12T04:07:00.000Z",
    atMs: 1_776_000_000_000 + (index % 86_400) * 1000,
    severity: "INFO",
    isSevere: status === 500,
    service: "backend",
    version: "backend-1",
    request: { method: "GET", url: `/v1/route${index % 7}/${index}`, status, latencyMs: 10 },
  };
}
