/** Prints how many API calls one deploy, one minute of watching and one checkpoint cost, as the simulated cloud counts them. Judges nothing. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { WorldClock } from "../src/adapters/world-clock.ts";
import { main } from "../src/commands/cli.ts";
import { environmentOf } from "../src/commands/endpoints.ts";
import { findRunbook } from "../src/commands/find-runbook.ts";
import type { Io } from "../src/commands/io.ts";
import { simulationOf } from "../src/commands/rehearse.ts";
import { HOUR, msBetween, plusMs } from "../src/model/time.ts";
import { loadScenario } from "../src/rehearsal/load-scenario.ts";
import type { SimulatedCloud } from "../src/rehearsal/simulated-cloud.ts";
import { seeCalls } from "../test/support/seen-calls.ts";

type Counts = ReadonlyMap<string, number>;

const [runbook = "backend-prod"] = process.argv.slice(2);
const directory = await mkdtemp(join(tmpdir(), "api-cost-"));
const found = await findRunbook(runbook, ioOf({}));
const simulation = await simulationOf(found, await loadScenario("seed"), 1, ioOf({}));
const { cloud } = simulation;
const env = { USER: "bench", RUNBOOK_WEBHOOK: "https://hooks.example/x", ...environmentOf(simulation.addresses) };
const more = ["--simulated", "--state", join(directory, "state.db")];
const counted = countCalls(cloud);

const begun = counted();
const startedAt = cloud.world.now;
let deployed: { at: typeof startedAt; counts: Counts } | undefined;
const lastStep = found.runbook.steps.at(-1)?.id ?? "";
await main(
  ["deploy", runbook, "--yes", "--pr", "6888", "--json", ...more],
  ioOf(env, (text) => {
    if (text.includes('"type":"item-done"') && text.includes(`"step:${lastStep}"`)) {
      deployed ??= { at: cloud.world.now, counts: counted() };
    }
  }),
);
if (deployed === undefined) throw new Error("the deploy did not come to its end");
const { at, counts } = deployed;
const watched = counted();
const watchedMinutes = msBetween(at, cloud.world.now) / 60_000;

const clock = await WorldClock.connect(simulation.addresses.clock);
await clock.sleepUntil(plusMs(at, HOUR + HOUR / 4));
await clock.close();
const before = counted();
await main(["check", "--due", ...more], ioOf(env));
const checked = counted();

const minutes = Math.round(msBetween(startedAt, at) / 60_000);
table(`one deploy (${minutes} minutes, ${found.runbook.steps.length} steps)`, begun, counts);
table(`watching, ${watchedMinutes.toFixed(0)} minutes with two checkpoints`, counts, watched, watchedMinutes);
table("one checkpoint (T+1h, `runbook check --due`)", before, checked);
const { used } = cloud.github.rateLimit;
const unchanged = [...cloud.github.requests.values()].reduce((sum, { notModified }) => sum + notModified, 0);
process.stdout.write(
  `GitHub: ${unchanged} of these were answered 304 and cost nothing; ${used} in the last hour's limit\n`,
);
await simulation.close();
await rm(directory, { recursive: true, force: true });

function countCalls({ faults }: SimulatedCloud): () => Counts {
  const counts = new Map<string, number>();
  seeCalls(faults, (api, call) => {
    const key = `${api} ${call}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return () => new Map(counts);
}

function table(title: string, from: Counts, to: Counts, perMinutes?: number): void {
  const rows = [...to].map(([key, count]) => [key, count - (from.get(key) ?? 0)] as const).filter(([, n]) => n > 0);
  const apis = Map.groupBy(rows, ([key]) => key.split(" ")[0] ?? "");
  const lines = [...apis]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([api, calls]) => {
      const sum = calls.reduce((total, [, n]) => total + n, 0);
      const rate = perMinutes === undefined ? "" : ` (${(sum / perMinutes).toFixed(1)}/min)`;
      const each = calls.toSorted((a, b) => b[1] - a[1]).map(([key, n]) => `${key.split(" ")[1]} ${n}`);
      return `  ${api.padEnd(12)} ${String(sum).padStart(5)}${rate}  ${each.join(", ")}`;
    });
  process.stdout.write(`${title}\n${lines.join("\n")}\n\n`);
}

function ioOf(env: Io["env"], seen: (text: string) => void = () => undefined): Io {
  const sink = (told: (text: string) => void): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        told(chunk.toString("utf8"));
        done();
      },
    });
  return {
    stdin: new PassThrough(),
    stdout: sink(seen),
    stderr: sink(() => undefined),
    env,
    cwd: join(import.meta.dirname, ".."),
    isInteractive: false,
    columns: 100,
    onInterrupt: () => () => undefined,
    exitNow: () => undefined,
  };
}
