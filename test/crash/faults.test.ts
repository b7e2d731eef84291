/**
 * Each call that a deploy and its rollback make, misbehaving once or thrice. `RUNBOOK_CHAOS=full` tries the whole matrix,
 * `RUNBOOK_CHAOS_ONLY='^cloud-run:get-service=404'` the cases whose names match, and prints what they print.
 */
import { expect, test } from "vitest";
import { faultKindOf } from "../../src/rehearsal/fault-words.ts";
import type { Fault, FaultApi } from "../../src/simulator/faults.ts";
import {
  checkToTheEnd,
  finalWorld,
  type SmallWorld,
  SMALL,
  startSmallWorld,
  type StateKind,
} from "../support/small-world.ts";

const IS_FULL = process.env["RUNBOOK_CHAOS"] === "full";
/** "3/8": every eighth case, from the third on, so that several machines share the matrix. */
const ONLY = process.env["RUNBOOK_CHAOS_ONLY"];
const [SHARD = 1, SHARDS = 1] = (process.env["RUNBOOK_CHAOS_SHARD"] ?? "1/1").split("/").map(Number);

const WORDS = [
  "timeout",
  "reset",
  "401",
  "403",
  "404",
  "409",
  "429",
  "429+retry-after:20",
  "500",
  "applied-502",
  "503",
  "malformed",
  "truncated",
  "drip",
  "empty-page",
] as const;

/** Only these calls have pages with tokens. */
const PAGED = /^(logging list-entries|monitoring list-time-series|storage list|kubernetes list-.*)$/;

interface Case {
  readonly api: FaultApi;
  readonly call: string;
  /** Which of these calls is the first to fail. */
  readonly nth: number;
  readonly times: number;
  readonly word: (typeof WORDS)[number];
}

/** Counts each call, and has those of `planned` misbehave. */
function tamper({ cloud }: SmallWorld, planned?: Case): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const fault = planned === undefined ? undefined : faultKindOf(planned.word);
  cloud.faults.take = (api, call): Fault | undefined => {
    const key = `${api} ${call}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (planned === undefined || fault === undefined) return undefined;
    const isHit =
      planned.api === api && planned.call === call && count >= planned.nth && count < planned.nth + planned.times;
    return isHit ? { ...fault, api, call, times: 1 } : undefined;
  };
  return counts;
}

/** The calls of a deploy that is rolled back; of one with its state in a bucket, those of the bucket. */
async function countCalls(kind: StateKind): Promise<readonly (readonly [string, number])[]> {
  const world = await startSmallWorld("small-bad", kind);
  try {
    const counts = tamper(world);
    expect((await world.deploy()).code).toBe(1);
    return [...counts].filter(([key]) => kind === "file" || key.startsWith("storage "));
  } finally {
    await world.close();
  }
}

function wordsFor(key: string): readonly Case["word"][] {
  return WORDS.filter((word) => word !== "empty-page" || PAGED.test(key));
}

/** Its first and its last time once, in between thrice. */
function casesOf(counts: readonly (readonly [string, number])[]): readonly Case[] {
  return counts.flatMap(([key, count]) => {
    const places = [...new Set([1, Math.ceil(count / 2), count])];
    return places.flatMap((nth, place) =>
      wordsFor(key).map((word) => ({ ...named(key), nth, times: place === 1 ? 3 : 1, word })),
    );
  });
}

function chosenOf(all: readonly Case[], sample: readonly Case[]): readonly Case[] {
  if (ONLY !== undefined) return all.filter((one) => new RegExp(ONLY).test(nameOf(one)));
  return IS_FULL ? all.filter((_, index) => index % SHARDS === SHARD - 1) : sample;
}

/** "cloud-run:get-service=404 (1, 1)" */
function nameOf({ api, call, word, nth, times }: Case): string {
  return `${api}:${call}=${word} (${nth}, ${times})`;
}

function named(key: string): { readonly api: FaultApi; readonly call: string } {
  const [api = "", call = ""] = key.split(" ");
  return { api: api as FaultApi, call };
}

/** Every call once and every kind at least once: the kinds go round, each beginning where the one before left off. */
function sampleOf(counts: readonly (readonly [string, number])[]): readonly Case[] {
  const paged = counts.findIndex(([key]) => PAGED.test(key));
  return counts.map(([key, count], index) => {
    const words = wordsFor(key).filter((word) => word !== "empty-page");
    const word = index === paged ? "empty-page" : (words[index % words.length] ?? "503");
    return { ...named(key), nth: Math.ceil(count / 2), times: 1, word };
  });
}

/** What is wrong with how the run took it; empty: nothing. `told` collects how runs ended. */
async function problemsWith(one: Case, told: Map<string, number>): Promise<readonly string[]> {
  const world = await startSmallWorld("small-bad", one.api === "storage" ? "bucket" : "file");
  const count = (what: string): void => void told.set(what, (told.get(what) ?? 0) + 1);
  try {
    tamper(world, one);
    const ran = await world.run("deploy", SMALL, "--pr", "12", "--yes");
    if (ONLY !== undefined) process.stdout.write(`${nameOf(one)}\n${ran.stdout}${ran.stderr}`);
    // What this test itself reads from the bucket is no call of the deploy.
    if (one.api === "storage") world.cloud.faults.take = () => undefined;
    const { dispatches } = world.cloud.github.effects;
    let progress = await world.progress();
    if (progress === undefined) {
      count("refused before anything was touched");
      const isClear = ran.code !== 0 && /Nothing was (touched|written|lost)/.test(ran.stderr);
      return isClear && dispatches.length === 0 ? [] : [`not clear: exit ${ran.code}, ${ran.stderr}`];
    }
    if (progress.paused !== undefined) count("paused and resumed");
    else if (progress.finished === undefined) count("left off and resumed");
    for (let times = 0; isLeft(progress) && times < 4; times++) {
      if (progress.paused?.because === "") return ["paused without a reason"];
      const isSilent = ran.stderr === "" && ![0, 3].includes(ran.code);
      if (progress.paused === undefined && times === 0 && isSilent) return ["left off without a word"];
      await world.run("resume", progress.run);
      progress = (await world.progress()) ?? progress;
    }
    await checkToTheEnd(world);
    count(`ended ${(await world.progress())?.finished?.outcome ?? "never"}`);
    return wrongWith((await finalWorld(world)) as Final);
  } finally {
    await world.close();
  }
}

type Progress = NonNullable<Awaited<ReturnType<SmallWorld["progress"]>>>;

/** Paused, or left in the middle by a process whose state failed. */
function isLeft({ finished }: Progress): boolean {
  return finished === undefined;
}

interface Final {
  readonly outcome: string | undefined;
  readonly verdict: string | undefined;
  readonly serves: readonly string[];
  readonly dispatches: number;
  readonly trafficMoves: number;
  readonly patches: number;
  readonly comments: readonly string[];
}

function wrongWith(final: Final): readonly string[] {
  const rows: readonly (readonly [boolean, string])[] = [
    [final.outcome === "rolled-back" || final.outcome === "stopped", `outcome ${final.outcome}`],
    [final.outcome !== "rolled-back" || final.verdict === "fail", `verdict ${final.verdict}`],
    [final.outcome !== "rolled-back" || final.serves.join() === "web-00825-leh=100", `serves ${final.serves.join()}`],
    [final.dispatches <= 1, `${final.dispatches} dispatches`],
    [final.trafficMoves <= 1, `${final.trafficMoves} moves of traffic`],
    [final.patches <= 1, `${final.patches} patches`],
    [new Set(final.comments).size === final.comments.length, `comments ${final.comments.join()}`],
  ];
  return rows.flatMap(([isRight, what]) => (isRight ? [] : [what]));
}

test(
  "a call that misbehaves leads to no wrong verdict, no effect twice, and a clear end",
  { timeout: IS_FULL ? 7_200_000 : 600_000 },
  async () => {
    const counts = [...(await countCalls("file")), ...(await countCalls("bucket"))];
    const all = casesOf(counts);
    const cases = chosenOf(all, sampleOf(counts));
    const told = new Map<string, number>();
    const wrong: object[] = [];
    for (const one of cases) {
      const problems = await problemsWith(one, told).catch((error: unknown) => [String(error)]);
      if (problems.length > 0) wrong.push({ ...one, problems });
      if (IS_FULL) process.stdout.write(`${nameOf(one)}: ${problems.join("; ") || "well"}\n`);
    }
    const ends = [...told].map(([what, times]) => `${what} ${times}`).join(", ");
    const kinds = new Set(cases.map(({ word }) => word)).size;
    process.stdout.write(
      `fault matrix: ${cases.length} of ${all.length} cases, ${kinds} kinds over ${counts.length} calls: ${ends}; ${wrong.length} wrong\n`,
    );
    expect(wrong).toEqual([]);
  },
);
