import { expect, test } from "vitest";
import { guardPorts } from "../../../src/engine/guarded-ports.ts";
import { PortFailure } from "../../../src/model/error.ts";
import { instant, MINUTE, plusMs, SECOND } from "../../../src/model/time.ts";
import type { LogPage, LogQuery } from "../../../src/ports/logs.ts";
import type { Ports } from "../../../src/ports/ports.ts";

const WEB = { platform: "cloud-run", project: "shop", region: "r", service: "web" } as const;
const START = instant("2026-04-12T04:00:00.000Z");

function query(minute: number): LogQuery {
  return { target: WEB, log: "requests", since: START, until: plusMs(START, minute * MINUTE) };
}

/** Logs and a clock that a test moves; `answer` is what the next calls meet. */
function start(): {
  ports: Ports;
  calls: () => number;
  answer: (how: () => LogPage) => void;
  pass: (ms: number) => void;
} {
  let now = START;
  let calls = 0;
  let how = (): LogPage => ({ records: [] });
  const logs = {
    link: () => "link",
    page: async () => {
      calls++;
      return how();
    },
  };
  // Nothing else is called.
  const ports = { logs } as unknown as Ports;
  return {
    ports: guardPorts({ ...emptyPorts, ...ports }, { now: () => now }),
    calls: () => calls,
    answer: (next) => void (how = next),
    pass: (ms) => void (now = plusMs(now, ms)),
  };
}

const emptyPorts = { workflows: {}, pullRequests: {}, cloudRun: {}, cloudRunJobs: {}, metrics: {}, kubernetes: {} };

function fails(kind: "unavailable" | "rate-limited", retryAfterMs?: number): () => never {
  return () => {
    throw new PortFailure(kind, "HTTP 503", retryAfterMs === undefined ? {} : { retryAfterMs });
  };
}

async function failure(work: Promise<unknown>): Promise<PortFailure> {
  return work.then(
    () => expect.unreachable("it was answered"),
    (error: unknown) => error as PortFailure,
  );
}

test("an API that does not answer five times is left alone for half a minute, then asked once", async () => {
  const { ports, calls, answer, pass } = start();
  answer(fails("unavailable"));
  for (let minute = 0; minute < 5; minute++) await failure(ports.logs.page(query(minute)));
  expect(calls()).toBe(5);

  const left = await failure(ports.logs.page(query(6)));
  expect(calls()).toBe(5);
  expect(left).toMatchObject({ kind: "unavailable", applied: "no", retryAfterMs: 30 * SECOND });
  expect(left.message).toMatch(/logging\.googleapis\.com does not answer since 04:00.*looking again every 30s/);

  pass(30 * SECOND);
  const [probed, meanwhile] = await Promise.all([
    failure(ports.logs.page(query(7))),
    failure(ports.logs.page(query(8))),
  ]);
  expect(calls()).toBe(6);
  expect(probed.message).toBe("HTTP 503");
  expect(meanwhile.message).toBe(left.message);

  pass(30 * SECOND);
  answer(() => ({ records: [] }));
  await Promise.all([ports.logs.page(query(9)), ports.logs.page(query(10))]);
  expect(calls()).toBe(8);
});

test("an answer, even a refusal, starts the count again", async () => {
  const { ports, calls, answer } = start();
  for (let round = 0; round < 4; round++) {
    answer(fails("unavailable"));
    for (let minute = 0; minute < 4; minute++) await failure(ports.logs.page(query(10 * round + minute)));
    answer(() => {
      throw new PortFailure("not-found", "HTTP 404");
    });
    await failure(ports.logs.page(query(10 * round + 9)));
  }
  expect(calls()).toBe(20);
});

test("a pause that is asked for is given, to every caller, and is bounded", async () => {
  const { ports, calls, answer, pass } = start();
  answer(fails("rate-limited", 3_600_000));
  await failure(ports.logs.page(query(1)));
  answer(() => ({ records: [] }));
  expect(await failure(ports.logs.page(query(2)))).toMatchObject({ retryAfterMs: 5 * MINUTE });
  expect(calls()).toBe(1);
  pass(5 * MINUTE);
  await ports.logs.page(query(3));
  expect(calls()).toBe(2);
});

test("no minute has more reads than the quota, and the same question is asked once", async () => {
  const { ports, calls, pass } = start();
  for (let minute = 0; minute < 60; minute++) {
    await ports.logs.page(query(minute));
    await ports.logs.page(query(minute));
    pass(SECOND / 2);
  }
  expect(calls()).toBe(60);
  expect(await failure(ports.logs.page(query(99)))).toMatchObject({ kind: "rate-limited", retryAfterMs: 30 * SECOND });
  pass(30 * SECOND);
  await ports.logs.page(query(99));
  expect(calls()).toBe(61);
});

test("whoever finds the quota used up is told his own turn, not everybody the same", async () => {
  const { ports, pass } = start();
  for (let read = 0; read < 60; read++) await ports.logs.page(query(read));
  const turns: unknown[] = [];
  for (let late = 60; late < 181; late++) turns.push((await failure(ports.logs.page(query(late)))).retryAfterMs);
  expect(turns[0]).toBe(MINUTE);
  expect(turns[59]).toBe(MINUTE);
  expect(turns[60]).toBe(2 * MINUTE);
  expect(turns[120]).toBe(3 * MINUTE);
  expect(await failure(ports.logs.page(query(60)))).toMatchObject({ isQueued: true });
  pass(MINUTE);
  await ports.logs.page(query(60));
});

test("no turn is promised for later than half an hour", async () => {
  const { ports } = start();
  for (let read = 0; read < 60; read++) await ports.logs.page(query(read));
  let last: unknown;
  for (let late = 60; late < 60 * 40; late++) last = (await failure(ports.logs.page(query(late)))).retryAfterMs;
  expect(last).toBe(30 * MINUTE);
});
