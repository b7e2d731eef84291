/** What of the log is read together, and what everybody gets when that cannot be. */
import { expect, test } from "vitest";
import { sharingPages } from "../../../src/engine/shared-pages.ts";
import { PortFailure } from "../../../src/model/error.ts";
import { instant, MINUTE, plusMs } from "../../../src/model/time.ts";
import type { LogPage, LogQuery, Logs } from "../../../src/ports/logs.ts";

const START = instant("2026-04-12T04:00:00.000Z");

function query(service: string, given: Partial<LogQuery> = {}): LogQuery {
  const target = { platform: "cloud-run", project: "shop", region: "r", service } as const;
  return { target, log: "requests", minStatus: 500, since: START, until: plusMs(START, MINUTE), ...given };
}

function nameOf({ target }: LogQuery): string {
  return target.platform === "cloud-run" ? target.service : "";
}

/** Logs in which every service has one entry, named after it; `calls` are the services of each read. */
function start(together: (names: readonly string[]) => "fits" | "too much" | PortFailure = () => "fits"): {
  readonly logs: Logs;
  readonly calls: string[];
} {
  const calls: string[] = [];
  const pageOf = (one: LogQuery): LogPage => ({
    records: [{ logName: nameOf(one), insertId: "1", timestamp: START, severity: "ERROR" }],
  });
  const logs: Logs = {
    link: () => "link",
    tail: async () => [],
    page: async (one) => {
      calls.push(nameOf(one));
      return pageOf(one);
    },
    together: async (queries) => {
      const names = queries.map(nameOf);
      calls.push(names.join("+"));
      const how = together(names);
      if (how instanceof PortFailure) throw how;
      return how === "fits" ? queries.map(pageOf) : undefined;
    },
  };
  return { logs: sharingPages(logs, { now: () => START }), calls };
}

async function services(logs: Logs, queries: readonly LogQuery[]): Promise<readonly (string | undefined)[]> {
  const pages = await Promise.all(queries.map((one) => logs.page(one)));
  return pages.map(({ records }) => records[0]?.logName);
}

test("what is asked for in one moment is one read, and each gets its own", async () => {
  const { logs, calls } = start();
  const versions = [query("a", { version: "a-1" }), query("b", { version: "b-7" }), query("c")];
  expect(await services(logs, versions)).toEqual(["a", "b", "c"]);
  expect(calls).toEqual(["a+b+c"]);
  await services(logs, versions);
  expect(calls).toEqual(["a+b+c"]);
});

test("other minutes, other statuses, other projects, later pages and everything that may be much are apart", async () => {
  const { logs, calls } = start();
  const other = { target: { platform: "cloud-run", project: "other", region: "r", service: "e" } } as const;
  await Promise.all([
    logs.page(query("a")),
    logs.page(query("b", { since: plusMs(START, -MINUTE) })),
    logs.page(query("c", { minStatus: 400 })),
    logs.page(query("d"), "token"),
    logs.page(query("e", other)),
    logs.page({ target: query("f").target, log: "requests", since: START, until: START }),
    logs.page({ target: query("g").target, log: "requests", since: START, until: START }),
  ]);
  expect(calls.toSorted()).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
});

test("one after the other they are read one after the other", async () => {
  const { logs, calls } = start();
  for (const name of ["a", "b"]) await logs.page(query(name));
  expect(calls).toEqual(["a", "b"]);
});

test("what does not fit one answer, or is refused for one of them, is asked for one by one", async () => {
  for (const how of ["too much", new PortFailure("invalid", "the filter is too long")] as const) {
    const { logs, calls } = start(() => how);
    expect(await services(logs, [query("a"), query("b")])).toEqual(["a", "b"]);
    expect(calls).toEqual(["a+b", "a", "b"]);
  }
});

test("an outage is everybody's, and is asked about once", async () => {
  const { logs, calls } = start(() => new PortFailure("unavailable", "HTTP 503"));
  const settled = await Promise.allSettled([logs.page(query("a")), logs.page(query("b"))]);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(calls).toEqual(["a+b"]);
});

test("no more than 25 services are in one read: a filter has a longest length", async () => {
  const { logs, calls } = start();
  const names = Array.from({ length: 60 }, (_, index) => `s${index}`);
  expect(
    await services(
      logs,
      names.map((name) => query(name)),
    ),
  ).toEqual(names);
  expect(calls.map((call) => call.split("+").length)).toEqual([25, 25, 10]);
});

test("pages are kept by what they hold: many small ones, few large ones, and what is refused takes nobody's place", async () => {
  const sizes = new Map<string, number>();
  const read: string[] = [];
  const logs: Logs = {
    link: () => "link",
    tail: async () => [],
    page: async (one) => {
      const name = nameOf(one);
      if (name.startsWith("refused")) throw new PortFailure("rate-limited", "the quota is used up");
      read.push(name);
      const record = { logName: name, insertId: "1", timestamp: START, severity: "ERROR" };
      return { records: Array.from({ length: sizes.get(name) ?? 0 }, () => record) };
    },
  };
  const shared = sharingPages(logs, { now: () => START });
  const ask = (names: readonly string[]): Promise<unknown> =>
    Promise.allSettled(names.map((name) => shared.page(query(name))));
  const small = Array.from({ length: 500 }, (_, index) => `small${index}`);
  await ask(small);
  await ask(Array.from({ length: 25_000 }, (_, index) => `refused${index}`));
  await ask(small);
  expect(read).toHaveLength(500);
  const large = Array.from({ length: 21 }, (_, index) => `large${index}`);
  for (const name of large) sizes.set(name, 1_000);
  await ask(large);
  await ask(large.slice(-20));
  await ask(["large0", "small0"]);
  expect(read.slice(500 + 21)).toEqual(["large0", "small0"]);
});
