/** Real processes, killed with SIGKILL at random moments of a deploy, until one lives to the end. Chaos: 200 kills, and 200 races. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { afterEach, expect, test } from "vitest";
import { World } from "../../src/simulator/world.ts";
import { instant } from "../../src/model/time.ts";
import { checkToTheEnd, finalWorld, SMALL, type SmallWorld, startSmallWorld } from "../support/small-world.ts";

const IS_FULL = process.env["RUNBOOK_CHAOS"] === "full";
const KILLS = IS_FULL ? 200 : 12;
const RACES = IS_FULL ? 200 : 2;
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
/** A life is ended after at most so many events. */
const LONGEST_LIFE = 40;

let worlds: SmallWorld[] = [];
afterEach(async () => {
  await Promise.all(worlds.map((world) => world.close()));
  worlds = [];
});

async function start(): Promise<SmallWorld> {
  const world = await startSmallWorld("small-bad");
  worlds.push(world);
  return world;
}

interface End {
  readonly killed: boolean;
  readonly code: number | null;
  readonly stderr: string;
}

/** One command as a process of its own; killed when it has told of `after` events. */
function live(world: SmallWorld, argv: readonly string[], after: number): Promise<End> {
  const child = spawn(process.execPath, [MAIN, ...argv, "--json", "--simulated", "--state", world.state], {
    env: { ...world.env, PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  let told = 0;
  let killed = false;
  child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString("utf8")));
  createInterface({ input: child.stdout }).on("line", () => {
    told++;
    if (told >= after && !killed) killed = child.kill("SIGKILL");
  });
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code, signal) => done({ killed: killed && signal === "SIGKILL", code, stderr }));
  });
}

test(`kill -9, ${KILLS} times: nothing twice, nothing lost`, { timeout: KILLS * 60_000 }, async () => {
  const calm = await start();
  await calm.deploy();
  const expected = await finalWorld(calm);
  expect(expected).toMatchObject({ outcome: "rolled-back" });
  const random = new World({ now: instant("2026-01-01T00:00:00.000Z"), seed: 11 }).random("kills");
  let kills = 0;
  let deploys = 0;
  while (kills < KILLS) {
    const world = await start();
    deploys++;
    for (let lives = 0; lives < 30; lives++) {
      const progress = await world.progress();
      if (progress?.finished !== undefined) break;
      const argv = progress === undefined ? ["deploy", SMALL, "--pr", "12", "--yes"] : ["resume", progress.run];
      const isSpared = kills >= KILLS;
      const end = await live(world, argv, isSpared ? Infinity : 1 + Math.floor(random() * LONGEST_LIFE));
      if (end.killed) kills++;
      else expect(end.stderr).toBe("");
    }
    await checkToTheEnd(world);
    expect(await finalWorld(world)).toEqual(expected);
    if (IS_FULL) process.stdout.write(`${kills} of ${KILLS} kills, ${deploys} deploys\n`);
  }
  process.stdout.write(
    `kill -9: ${kills} processes killed in ${deploys} deploys, none did anything twice or lost anything\n`,
  );
});

test("two processes deploy one runbook at once: one proceeds, the other says who is at it, since when, and what to do", async () => {
  const world = await start();
  const goOn = await world.standStill();
  const deploy = ["deploy", SMALL, "--pr", "12", "--yes"];
  const both = [live(world, deploy, Infinity), live(world, deploy, Infinity)];
  const refused = await Promise.race(both);
  await goOn();
  const codes = (await Promise.all(both)).map(({ code }) => code);
  expect(codes.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual([1, 6]);
  const { run } = (await world.progress()) ?? { run: "" };
  expect(refused.code).toBe(6);
  expect(refused.stderr).toMatch(
    new RegExp(
      `web: locked by run ${run} since 2026-04-12T04:00:00.000Z until \\S+ unless renewed \\(deploy of small\\)`,
    ),
  );
  expect(refused.stderr).toContain("Nothing was touched.");
  expect(refused.stderr).toContain(`Wait for it (\`runbook status ${run}\`); if it is dead, \`runbook unlock small\`.`);
  expect(world.cloud.github.effects.dispatches).toHaveLength(1);
}, 120_000);

test(
  `two processes for one run, ${RACES} times: nothing twice, nothing lost`,
  { timeout: RACES * 120_000 },
  async () => {
    const calm = await start();
    await calm.deploy();
    const expected = await finalWorld(calm);
    for (let race = 0; race < RACES; race++) {
      const world = await start();
      // Each race begins at another moment of the run: its first process dies there.
      await world.deploy({ act: 4 + ((race * 17) % 60), when: race % 2 === 0 ? "before" : "after" });
      const run = (await world.progress())?.run;
      if (run === undefined) continue;
      const ends = await Promise.all([live(world, ["resume", run], Infinity), live(world, ["resume", run], Infinity)]);
      for (const { stderr } of ends) expect(stderr).toBe("");
      await checkToTheEnd(world);
      expect(await finalWorld(world)).toEqual(expected);
      await world.close();
      if (IS_FULL) process.stdout.write(`race ${race + 1} of ${RACES}\n`);
    }
    process.stdout.write(
      `races: ${RACES} runs carried on by two processes at once, none did anything twice or lost anything\n`,
    );
  },
);
