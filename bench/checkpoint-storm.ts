/** A thousand checkpoints due in the same minute on one daemon: how late each is judged, and how many requests that costs. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepJudging } from "../src/commands/daemon.ts";
import { planOf } from "../src/commands/deploy.ts";
import { environmentOf } from "../src/commands/endpoints.ts";
import { findRunbook } from "../src/commands/find-runbook.ts";
import { simulationOf } from "../src/commands/rehearse.ts";
import { kindOf, openSession, plannedArgs, platformOf } from "../src/commands/session.ts";
import { plusMs } from "../src/model/time.ts";
import { preflight } from "../src/planning/preflight.ts";
import { loadScenario } from "../src/rehearsal/load-scenario.ts";
import { testIo } from "../test/support/journey.ts";

const RUNS = Number(process.argv[2] ?? 1_000);
/** T+5m and the settling time of its checks, with a minute to spare. */
const DUE_MS = 12 * 60_000;
const RUNBOOKS = join(import.meta.dirname, "../test/support/runbooks");

const found = await findRunbook(join(RUNBOOKS, "small.yaml"), testIo());
const simulation = await simulationOf(found, await loadScenario(join(RUNBOOKS, "small-good.yaml")), 1, testIo());
const env = {
  USER: "bench",
  RUNBOOK_DIR: "/nowhere",
  RUNBOOK_WEBHOOK: "https://hooks.example/x",
  ...environmentOf(simulation.addresses),
};
const directory = await mkdtemp(join(tmpdir(), "storm-"));
const io = testIo(env);
const session = await openSession({ state: join(directory, "state.db"), simulated: true, seed: 1 }, io);
const { ports, clock } = session.cloud;
const stop = new AbortController();
const plan = planOf(found, {}, io);
const { snapshot } = await preflight(plan, {
  ports,
  now: clock.now(),
  signal: stop.signal,
  kindOf,
  platformOf,
  argsOf: (step, planned) => plannedArgs(step, planned, io),
});

const switchedAt = clock.now();
const { journal } = session.state;
for (let index = 0; index < RUNS; index++) {
  const run = `storm-${String(index).padStart(4, "0")}`;
  await journal.create(run, "small", { type: "run-planned", plan, snapshot: { ...snapshot }, remarks: [] }, switchedAt);
  const lease = await journal.acquire(run, "bench", switchedAt, 1_000);
  if ("heldBy" in lease) throw new Error("held");
  let seq = 1;
  for (const { id } of plan.runbook.steps) {
    await journal.append(lease, seq++, { type: "item-done", item: `step:${id}`, summary: "", output: {} }, switchedAt);
  }
  for (const [service, target] of Object.entries(plan.runbook.services)) {
    const before = snapshot[service];
    const version = before === undefined ? undefined : platformOf(target).versionOf(before);
    if (version === undefined) throw new Error(`${service} has no version`);
    const change = { service, at: switchedAt, from: version, to: version, rolloutStartedAt: switchedAt, images: [] };
    await journal.append(lease, seq++, { type: "service-switched", change }, switchedAt);
  }
  await journal.schedule(lease, plusMs(switchedAt, DUE_MS));
  await journal.release(lease);
}
// The minute in which the data of every one of them is complete.
await clock.sleepUntil(plusMs(switchedAt, DUE_MS));

const requests: Record<string, number> = {};
const counted = Object.fromEntries(
  Object.entries(ports).map(([name, port]: [string, object]) => [
    name,
    new Proxy(port, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...given: unknown[]): unknown => {
          requests[`${name}.${String(key)}`] = (requests[`${name}.${String(key)}`] ?? 0) + 1;
          return (member as (...args: unknown[]) => unknown).apply(target, given);
        };
      },
    }),
  ]),
) as unknown as typeof ports;

const began = performance.now();
const latenessMs: number[] = [];
const worldLateMs: number[] = [];
const verdicts: Record<string, number> = {};
const observe: Parameters<typeof keepJudging>[2] = (event) => {
  if (event.type !== "checkpoint-judged" || event.checkpoint !== "5m") return;
  latenessMs.push(performance.now() - began);
  worldLateMs.push(event.lateMs);
  verdicts[event.verdict] = (verdicts[event.verdict] ?? 0) + 1;
  if (latenessMs.length === RUNS) stop.abort(new Error("enough"));
};
const deps = { ...session.engine(stop.signal, observe), ports: counted };
await keepJudging(session, deps, observe);
const tookMs = performance.now() - began;

const sorted = latenessMs.toSorted((a, b) => a - b);
const at = (share: number): string =>
  `${((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1_000).toFixed(1)} s`;
process.stdout.write(
  [
    `${sorted.length} of ${RUNS} checkpoints judged in ${(tookMs / 1_000).toFixed(1)} s: ${JSON.stringify(verdicts)}`,
    `lateness after the daemon saw them due: median ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, last ${at(1)}`,
    `lateness in the world's time: at most ${Math.round(Math.max(...worldLateMs) / 1_000)} s`,
    `requests: ${JSON.stringify(requests)}`,
    `of Cloud Logging: ${Object.entries(requests)
      .filter(([name]) => name.startsWith("logs."))
      .reduce((sum, [, count]) => sum + count, 0)} port calls`,
    "",
  ].join("\n"),
);
await session.close();
await simulation.close();
await rm(directory, { recursive: true, force: true });
