/**
 * Killed at any act and carried on: the world must end as if nothing had happened. `RUNBOOK_CHAOS=full` tries every act;
 * `RUNBOOK_CHAOS_SHARD=3/8` every eighth of them, from the third on, so that several processes share the matrix.
 */
import { describe, expect, test } from "vitest";
import { MINUTE } from "../../src/model/time.ts";
import type { CrashPoint } from "../support/crash.ts";
import {
  checkToTheEnd,
  finalWorld,
  type Lived,
  SMALL,
  type SmallWorld,
  startSmallWorld,
  type StateKind,
} from "../support/small-world.ts";

const IS_FULL = process.env["RUNBOOK_CHAOS"] === "full";
const [SHARD = 1, SHARDS = 1] = (process.env["RUNBOOK_CHAOS_SHARD"] ?? "1/1").split("/").map(Number);
/** Without RUNBOOK_CHAOS: so many isolated crashes of each journey on each state, spread evenly. */
const SAMPLE: Readonly<Record<StateKind, number>> = { file: 4, bucket: 2 };
/** Acts of the lives of a process that dies again and again. */
const SHORT_LIVES: Readonly<Record<StateKind, readonly number[]>> = IS_FULL
  ? { file: [4, 5, 6, 7, 9, 11, 13, 17, 19, 23, 29, 31], bucket: [5, 13, 23] }
  : { file: [5, 13], bucket: [] };
const STATES: readonly StateKind[] = ["file", "bucket"];

interface Journey {
  readonly name: string;
  readonly scenario: "small-good" | "small-bad";
  readonly outcome: string;
  /** What has happened before the process that dies. */
  prepare(world: SmallWorld): Promise<void>;
  live(world: SmallWorld, point?: CrashPoint): Promise<Lived>;
  /** What an operator does when the process has died. */
  again(world: SmallWorld): Promise<void>;
}

const nothing = async (): Promise<void> => undefined;

const JOURNEYS: readonly Journey[] = [
  {
    name: "good",
    scenario: "small-good",
    outcome: "completed",
    prepare: nothing,
    live: (world, point) => world.deploy(point),
    again: deployAgain,
  },
  {
    name: "bad-revision",
    scenario: "small-bad",
    outcome: "rolled-back",
    prepare: nothing,
    live: (world, point) => world.deploy(point),
    again: deployAgain,
  },
  {
    name: "rollback after good",
    scenario: "small-good",
    outcome: "rolled-back",
    prepare: async (world) => void (await world.deploy()),
    live: (world, point) => world.rollback(point),
    again: async (world) => void (await world.run("rollback", "small")),
  },
];

/** Resumes the run; where there is none yet, deploys again, once the dead process's lock has expired. */
async function deployAgain(world: SmallWorld): Promise<void> {
  const progress = await world.progress();
  if (progress === undefined) {
    if ((await world.run("deploy", SMALL, "--pr", "12", "--yes")).code !== 6) return;
    await world.pass(2 * MINUTE);
    await world.run("deploy", SMALL, "--pr", "12", "--yes");
  } else if (progress.finished === undefined) await world.run("resume", progress.run);
}

type Revival = "again" | "check";

async function carryOn(world: SmallWorld, journey: Journey, revival: Revival): Promise<void> {
  if (revival === "again") await journey.again(world);
  await checkToTheEnd(world);
  // Cron cannot do what was never begun, or never decided.
  const progress = await world.progress();
  const isUndone = journey.name === "rollback after good" ? progress?.rollback === undefined : progress === undefined;
  if (isUndone) {
    await journey.again(world);
    await checkToTheEnd(world);
  }
}

async function worldAfter(
  { journey, state }: { journey: Journey; state: StateKind },
  work: (world: SmallWorld) => Promise<void>,
): Promise<object> {
  const world = await startSmallWorld(journey.scenario, state);
  try {
    await journey.prepare(world);
    await work(world);
    return await finalWorld(world);
  } finally {
    await world.close();
  }
}

interface Case extends CrashPoint {
  readonly act: number;
  readonly revival: Revival;
}

/** Every act, before and after it; who carries on alternates, in such a way that both meet every kind of act. */
function casesOf(acts: number, sample: number): readonly Case[] {
  const all = Array.from({ length: acts }, (_, index) => index + 1).flatMap((act) =>
    (["before", "after"] as const).map((when, which) => ({
      act,
      when,
      revival: (act + which + Math.floor(act / 2)) % 2 === 0 ? ("again" as const) : ("check" as const),
    })),
  );
  if (IS_FULL) return all.filter((_, index) => index % SHARDS === SHARD - 1);
  const stride = all.length / sample;
  return Array.from({ length: sample }, (_, index) => all[Math.floor((index + 0.5) * stride)]).filter(
    (one) => one !== undefined,
  );
}

const PLACES = JOURNEYS.flatMap((journey) => STATES.map((state) => ({ name: journey.name, journey, state })));

describe.each(PLACES)("$name, its state in a $state, killed", ({ name, journey, state }) => {
  const place = { journey, state };

  test("once, at each act: the same world at the end", { timeout: IS_FULL ? 3_600_000 : 300_000 }, async () => {
    let acts: readonly string[] = [];
    const expected = await worldAfter(place, async (world) => {
      acts = (await journey.live(world)).acts;
    });
    expect(expected).toMatchObject({ outcome: journey.outcome, dispatches: 1, abandoned: [] });
    const cases = casesOf(acts.length, SAMPLE[state]);
    const wrong: object[] = [];
    for (const one of cases) {
      const world = await worldAfter(place, async (started) => {
        await journey.live(started, one);
        await carryOn(started, journey, one.revival);
      }).catch((error: unknown) => ({ threw: String(error) }));
      const isRight = isSame(world, expected);
      if (!isRight) wrong.push({ ...one, name: acts[one.act - 1], ...differences(world, expected) });
      if (IS_FULL) {
        const place = `${name}, ${state}: ${one.when} act ${one.act} of ${acts.length}, ${one.revival}`;
        process.stdout.write(`${place}: ${isRight ? "well" : "WRONG"}\n`);
      }
    }
    process.stdout.write(
      `crash matrix, ${name}, ${state}: ${cases.length} of ${acts.length * 2} crashes, ${wrong.length} wrong\n`,
    );
    expect(wrong).toEqual([]);
  });

  test.each(SHORT_LIVES[state])(
    "after every %i acts, again and again: the same world at the end",
    { timeout: 300_000 },
    async (length) => {
      const expected = await worldAfter(place, async (world) => void (await journey.live(world)));
      let lives = 0;
      const world = await worldAfter(place, async (started) => {
        const first = await journey.live(started, { act: length, when: "before" });
        for (let died = first.died; died && lives < 150; lives++) {
          const when = lives % 2 === 0 ? "after" : "before";
          died = (await started.carryOn({ act: length, when }))?.died ?? false;
        }
        await carryOn(started, journey, "again");
      });
      process.stdout.write(`crash matrix, ${name}, ${state}: ${lives} lives of ${length} acts\n`);
      expect(world).toEqual(expected);
    },
  );
});

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function differences(world: object, expected: object): object {
  const keys = new Set([...Object.keys(world), ...Object.keys(expected)]);
  const value = (of: object, key: string): unknown => (of as Record<string, unknown>)[key];
  const differing = [...keys].filter(
    (key) => JSON.stringify(value(world, key)) !== JSON.stringify(value(expected, key)),
  );
  return Object.fromEntries(differing.map((key) => [key, { is: value(world, key), expected: value(expected, key) }]));
}
