/** What a daemon meets in months: a machine that sleeps, a clock that is set back, a restart, one run that is broken. */
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { keepJudging } from "../../src/commands/daemon.ts";
import type { Session } from "../../src/commands/session.ts";
import type { EventOf, RunEvent } from "../../src/model/event.ts";
import { HOUR, type Instant, MINUTE, plusMs } from "../../src/model/time.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { SLOW_MS } from "../support/journey.ts";
import { withDeployed } from "../support/storm.ts";

type Judged = EventOf<"checkpoint-judged">;

/** Serves until so many checkpoints are judged; `meanwhile` may turn the world upside down after each. */
async function serveUntil(
  count: number,
  session: Session,
  meanwhile: (judged: Judged) => void = () => undefined,
): Promise<readonly string[]> {
  const judged: Judged[] = [];
  const stop = new AbortController();
  const observe = (event: RunEvent): void => {
    if (event.type !== "checkpoint-judged") return;
    judged.push(event);
    meanwhile(event);
    if (judged.length === count) stop.abort(new Error("enough"));
  };
  await keepJudging(session, session.engine(stop.signal, observe), observe);
  return judged.map(({ run, checkpoint }) => `${run} ${checkpoint}`).toSorted();
}

const BOTH = ["storm-0000 20m", "storm-0000 5m", "storm-0001 20m", "storm-0001 5m"];

test(
  "a machine that sleeps for ten hours judges what it missed once, late at its true time",
  { timeout: SLOW_MS },
  async () => {
    await withDeployed(2, 2, async ({ session, cloud }) => {
      const late: number[] = [];
      let hasSlept = false;
      const judged = await serveUntil(4, session, ({ checkpoint, lateMs }) => {
        if (checkpoint === "20m") late.push(lateMs);
        if (!hasSlept) cloud.world.advanceTo(plusMs(cloud.world.now, 10 * HOUR));
        hasSlept = true;
      });
      expect(judged).toEqual(BOTH);
      expect(Math.min(...late)).toBeGreaterThan(9 * HOUR);
    });
  },
);

test(
  "a clock that is set back five minutes judges nothing twice, and nothing is forgotten",
  { timeout: SLOW_MS },
  async () => {
    await withDeployed(2, 2, async ({ session }) => {
      const clock = new SettableClock(session.cloud.clock);
      const judged = await serveUntil(4, { ...session, cloud: { ...session.cloud, clock } }, ({ checkpoint }) => {
        if (checkpoint === "5m") clock.setBack(5 * MINUTE);
      });
      expect(judged).toEqual(BOTH);
    });
  },
);

test("a daemon that is started anew goes on where the one before it ended", { timeout: SLOW_MS }, async () => {
  await withDeployed(2, 2, async ({ session }) => {
    const first = await serveUntil(1, session);
    const second = await serveUntil(3, session);
    expect([...first, ...second].toSorted()).toEqual(BOTH);
  });
});

test(
  "a run whose journal is broken is told, tried again in a minute, and keeps nobody else from being judged",
  { timeout: SLOW_MS },
  async () => {
    await withDeployed(2, 2, async ({ session, io, path }) => {
      const file = new DatabaseSync(path);
      file.exec("UPDATE events SET event = '{' WHERE run = 'storm-0000' AND seq = 2");
      file.close();
      const judged = await serveUntil(2, session);
      expect(judged).toEqual(["storm-0001 20m", "storm-0001 5m"]);
      const told = io
        .text("stderr")
        .split("\n")
        .filter((line) => line.includes("storm-0000"));
      expect(told[0]).toMatch(/^run storm-0000: .*; tried again in a minute$/);
      expect(told.length).toBeGreaterThan(5);
      expect(told.length).toBeLessThan(40);
    });
  },
);

/** The world's clock as a machine sees it whose own is set back by hand. */
class SettableClock implements Clock {
  readonly #world: Clock;
  #behindMs = 0;

  constructor(world: Clock) {
    this.#world = world;
  }

  setBack(ms: number): void {
    this.#behindMs += ms;
  }

  now(): Instant {
    return plusMs(this.#world.now(), -this.#behindMs);
  }

  sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> {
    return this.#world.sleepUntil(plusMs(until, this.#behindMs), signal);
  }

  close(): Promise<void> {
    return this.#world.close();
  }
}
