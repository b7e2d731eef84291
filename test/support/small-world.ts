/** The small deploy in its simulated cloud: as a command line, as a process that may die, and what the world is at the end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorldClock } from "../../src/adapters/world-clock.ts";
import { deployIn, planOf } from "../../src/commands/deploy.ts";
import { environmentOf } from "../../src/commands/endpoints.ts";
import { findRunbook } from "../../src/commands/find-runbook.ts";
import { runForeground } from "../../src/commands/foreground.ts";
import { simulationOf } from "../../src/commands/rehearse.ts";
import { openSession } from "../../src/commands/session.ts";
import { openState } from "../../src/commands/compose.ts";
import type { LockEntry, State } from "../../src/journal/state.ts";
import type { RunEvent } from "../../src/model/event.ts";
import { type Progress, progressOf } from "../../src/model/progress.ts";
import { MINUTE, plusMs } from "../../src/model/time.ts";
import { loadScenario } from "../../src/rehearsal/load-scenario.ts";
import type { SimulatedCloud } from "../../src/rehearsal/simulated-cloud.ts";
import { type CrashPoint, mortal } from "./crash.ts";
import { run, type Ran, testIo, type TestIo } from "./journey.ts";

export const SMALL = join(import.meta.dirname, "runbooks", "small.yaml");
const REPOSITORY = "acme/shop";
const WEBHOOK = "https://hooks.example/runbook";

export interface Lived {
  readonly acts: readonly string[];
  readonly died: boolean;
  readonly code: number | undefined;
}

export interface SmallWorld {
  readonly cloud: SimulatedCloud;
  readonly env: Readonly<Record<string, string>>;
  readonly state: string;
  io(): TestIo;
  /** A whole command line, with `--state` and `--simulated`. */
  run(...argv: string[]): Promise<Ran>;
  /** A deploy to its very end, by a process that dies at `point`. */
  deploy(point?: CrashPoint): Promise<Lived>;
  /** `runbook rollback` of the newest run, by a process that dies at `point`. */
  rollback(point?: CrashPoint): Promise<Lived>;
  /** As `runbook resume` of the newest run, to its very end, by a process that dies at `point`; undefined without a run. */
  carryOn(point: CrashPoint): Promise<Lived | undefined>;
  /** World time passes while nobody works. */
  pass(ms: number): Promise<void>;
  /** World time does not pass until the returned function is called. */
  standStill(): Promise<() => Promise<void>>;
  /** The newest run; undefined when there is none. */
  progress(): Promise<Progress | undefined>;
  events(): Promise<readonly RunEvent[]>;
  locks(): Promise<readonly LockEntry[]>;
  close(): Promise<void>;
}

export type StateKind = "file" | "bucket";

export async function startSmallWorld(
  scenarioName: "small-good" | "small-bad",
  kind: StateKind = "file",
  runbook = SMALL,
  more: Readonly<Record<string, string>> = {},
): Promise<SmallWorld> {
  const scenario = await loadScenario(join(import.meta.dirname, "runbooks", `${scenarioName}.yaml`));
  const found = await findRunbook(runbook, testIo());
  const simulation = await simulationOf(found, scenario, 1, testIo());
  const directory = await mkdtemp(join(tmpdir(), "small-"));
  const state = kind === "file" ? join(directory, "state.db") : "gs://state/runbook";
  const env = {
    USER: "tester",
    RUNBOOK_WEBHOOK: WEBHOOK,
    ...more,
    ...environmentOf(simulation.addresses),
  };
  const io = (): TestIo => testIo(env);
  const options = { name: runbook, pr: 12, yes: true, simulated: true, toTheEnd: true, state } as const;

  const live = async (point: CrashPoint | undefined, work: (of: ReturnType<typeof mortal>) => Promise<number>) => {
    const session = await openSession({ state, simulated: true, seed: 7 }, io());
    const life = mortal(session, point);
    try {
      const code = await work(life);
      return { acts: life.acts, died: life.isDead(), code };
    } catch (error) {
      if (!life.isDead()) throw error;
      return { acts: life.acts, died: true, code: undefined };
    } finally {
      await session.close();
    }
  };
  const read = async <T>(look: (of: State) => Promise<T>): Promise<T> => {
    const opened = await openState(state, simulation.addresses);
    try {
      return await look(opened);
    } finally {
      await opened.close();
    }
  };
  const events = (): Promise<readonly RunEvent[]> =>
    read(async ({ journal }) => {
      const [newest] = await journal.runs({ limit: 1 });
      return newest === undefined ? [] : journal.read(newest.run);
    });
  const progress = async (): Promise<Progress | undefined> => {
    const known = await events();
    return known.length === 0 ? undefined : progressOf(known);
  };
  return {
    cloud: simulation.cloud,
    env,
    state,
    io,
    run: (...argv) => run([...argv, "--state", state, ...(argv[0] === "status" ? [] : ["--simulated"])], io()),
    deploy: (point) => live(point, ({ session }) => deployIn(session, planOf(found, { pr: 12 }, io()), options)),
    rollback: (point) =>
      live(point, async ({ session }) => {
        const id = (await progress())?.run ?? "";
        const message = { kind: "rollback", by: "tester", because: "asked for by tester" } as const;
        await session.state.inbox.send(id, message, session.cloud.clock.now());
        return runForeground(session, id, options);
      }),
    carryOn: async (point) => {
      const id = (await progress())?.run;
      if (id === undefined) return undefined;
      return live(point, ({ session }) => runForeground(session, id, options));
    },
    pass: async (ms) => {
      const clock = await WorldClock.connect(simulation.addresses.clock);
      await clock.sleepUntil(plusMs(clock.now(), ms));
      await clock.close();
    },
    standStill: async () => {
      const clock = await WorldClock.connect(simulation.addresses.clock);
      return () => clock.close();
    },
    progress,
    events,
    locks: () => read(({ locks }) => locks.entries()),
    close: async () => {
      await simulation.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What a deploy leaves behind, with the times and random names left out: equal for a crashed run and one that was not. */
export async function finalWorld(world: SmallWorld): Promise<object> {
  const { cloud } = world;
  const progress = await world.progress();
  const repository = cloud.github.repository(REPOSITORY);
  const [service] = cloud.cloudRun.services;
  const [deployment] = cloud.kubernetes.deployments;
  const keyOf = (body: string): string => /key=(\S+)/.exec(body.split("\n", 1)[0] ?? "")?.[1] ?? "none";
  const isTelling = (key: string): boolean => progress?.finished?.verdict !== "fail" || !key.includes("checkpoint");
  const running = deployment?.pods.filter(({ ready, deletedAt }) => ready && deletedAt === undefined) ?? [];
  return {
    outcome: progress?.finished?.outcome,
    verdict: progress?.finished?.verdict,
    // A FAIL is found by a look or by a checkpoint, whichever comes first: who comes late publishes one more.
    ...(progress?.finished?.verdict === "fail" ? {} : { checkpoints: checkpointsOf(progress) }),
    switched: Object.keys(progress?.switched ?? {}).sort(),
    restored: Object.keys(progress?.restored ?? {}).sort(),
    serves: service?.served.map(({ revision, percent }) => `${revision ?? ""}=${percent}`),
    revisions: service?.revisions.size,
    trafficMoves: cloud.cloudRun.effects.filter(({ kind }) => kind === "update-traffic").length,
    pods: running.length,
    digests: [...new Set(running.map(({ digest }) => digest))],
    patches: cloud.kubernetes.patches.length,
    dispatches: cloud.github.effects.dispatches.length,
    workflowRuns: repository.runs.map(({ conclusion }) => conclusion),
    comments: repository.comments
      .map(({ body }) => keyOf(body))
      .filter(isTelling)
      .sort(),
    lastStatus: repository.statuses.at(-1)?.state,
    statuses: [...new Set(repository.statuses.map(({ description = "" }) => description.replace(/;.*/, "")))]
      .filter((status) => !status.startsWith("FAIL at"))
      .sort(),
    // One deployment, whatever died in between; which states were told depends on when.
    deployments: repository.deployments.map(({ environment, statuses }) => `${environment} ${statuses.at(-1)?.state}`),
    told: [...new Set(cloud.control.notifications.map(({ id }) => id.replace(/^[^/]*\//, "")))].sort(),
    abandoned: Object.keys(progress?.abandonedPosts ?? {}),
    locks: (await world.locks())
      .filter(({ until }) => until === undefined || until > cloud.world.now)
      .map(({ service: name, kind }) => `${name} ${kind}`)
      .sort(),
  };
}

function checkpointsOf(progress: Progress | undefined): readonly string[] {
  return Object.values(progress?.checkpoints ?? {}).map(({ checkpoint, verdict }) => `${checkpoint} ${verdict}`);
}

/** As cron would: `check --due` every five minutes, until nothing is due any more, for three hours of world time at most. */
export async function checkToTheEnd(world: SmallWorld): Promise<void> {
  for (let round = 0; round < 36; round++) {
    const ran = await world.run("check", "--due");
    const progress = await world.progress();
    if (progress === undefined) return;
    if (progress.finished !== undefined && ran.stdout.startsWith("Nothing is due.")) return;
    await world.pass(5 * MINUTE);
  }
}
