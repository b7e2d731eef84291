/** Each call that a deploy and its rollback make, misbehaving once or thrice. `RUNBOOK_CHAOS=full` tries the whole matrix. */
import { expect, test } from "vitest";
import type { Fault } from "../../src/simulator/faults.ts";
import { checkToTheEnd, finalWorld, type SmallWorld, SMALL, startSmallWorld } from "../support/small-world.ts";

const IS_FULL = process.env["RUNBOOK_CHAOS"] === "full";
/** Without RUNBOOK_CHAOS: so many cases, spread evenly. */
const SAMPLE = 12;

const KINDS: readonly Pick<Fault, "kind" | "status" | "retryAfterSeconds">[] = [
  { kind: "status", status: 500 },
  { kind: "applied", status: 502 },
  { kind: "timeout", status: 0 },
  { kind: "status", status: 503 },
  { kind: "status", status: 429, retryAfterSeconds: 20 },
  { kind: "status", status: 429 },
  { kind: "status", status: 401 },
  { kind: "status", status: 403 },
  { kind: "status", status: 404 },
  { kind: "status", status: 409 },
];

interface Case {
  readonly api: Fault["api"];
  readonly call: string;
  /** Which of these calls is the first to fail. */
  readonly nth: number;
  readonly times: number;
  readonly fault: (typeof KINDS)[number];
}

/** Counts each call, and has those of `planned` misbehave. */
function tamper({ cloud }: SmallWorld, planned?: Case): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  cloud.faults.take = (api, call) => {
    const key = `${api} ${call}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    const isHit =
      planned?.api === api && planned.call === call && count >= planned.nth && count < planned.nth + planned.times;
    return isHit ? { ...planned.fault, api, call, times: 1 } : undefined;
  };
  return counts;
}

async function countCalls(): Promise<ReadonlyMap<string, number>> {
  const world = await startSmallWorld("small-bad");
  try {
    const counts = tamper(world);
    expect((await world.deploy()).code).toBe(1);
    return counts;
  } finally {
    await world.close();
  }
}

function casesOf(counts: ReadonlyMap<string, number>): readonly Case[] {
  const all = [...counts].flatMap(([key, count]) => {
    const [api = "", call = ""] = key.split(" ");
    const places = [...new Set([1, Math.ceil(count / 2), count])];
    return places.flatMap((nth, place) =>
      KINDS.map((fault) => ({ api: api as Fault["api"], call, nth, times: place === 1 ? 3 : 1, fault })),
    );
  });
  if (IS_FULL) return all;
  // A step that shares no factor with the number of kinds meets all of them.
  const stride = Math.floor(all.length / SAMPLE / 10) * 10 + 7;
  return all.filter((_, index) => index % stride === stride >> 1);
}

/** What is wrong with how the run took it; empty: nothing. `told` collects how runs ended. */
async function problemsWith(one: Case, told: Map<string, number>): Promise<readonly string[]> {
  // Silence is bounded by real time.
  const world = await startSmallWorld("small-bad", one.fault.kind === "timeout" ? { RUNBOOK_TIMEOUT_MS: "1500" } : {});
  const count = (what: string): void => void told.set(what, (told.get(what) ?? 0) + 1);
  try {
    tamper(world, one);
    const ran = await world.run("deploy", SMALL, "--pr", "12", "--yes");
    const { dispatches } = world.cloud.github.effects;
    if ((await world.progress()) === undefined) {
      count("refused before anything was touched");
      const isClear = ran.code !== 0 && ran.stderr.includes("Nothing was touched") && dispatches.length === 0;
      return isClear ? [] : [`not clear: exit ${ran.code}, ${ran.stderr}`];
    }
    let progress = await world.progress();
    if (progress?.paused !== undefined) count("paused and resumed");
    for (let times = 0; progress?.paused !== undefined && times < 4; times++) {
      if (progress.paused.because === "") return ["paused without a reason"];
      await world.run("resume", progress.run);
      progress = await world.progress();
    }
    await checkToTheEnd(world);
    count(`ended ${(await world.progress())?.finished?.outcome ?? "never"}`);
    return wrongWith((await finalWorld(world)) as Final);
  } finally {
    await world.close();
  }
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
  { timeout: IS_FULL ? 7_200_000 : 120_000 },
  async () => {
    const counts = await countCalls();
    const cases = casesOf(counts);
    const told = new Map<string, number>();
    const wrong: object[] = [];
    for (const one of cases) {
      const problems = await problemsWith(one, told).catch((error: unknown) => [String(error)]);
      if (problems.length > 0) wrong.push({ ...one, problems });
    }
    const ends = [...told].map(([what, times]) => `${what} ${times}`).join(", ");
    process.stdout.write(
      `fault matrix: ${cases.length} cases over ${counts.size} calls: ${ends}; ${wrong.length} wrong\n`,
    );
    expect(wrong).toEqual([]);
  },
);
