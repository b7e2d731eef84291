/** Many checkpoints that are due in the same minute on one daemon, each of a run of its own that has long been deployed. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepJudging } from "../../src/commands/daemon.ts";
import { planOf } from "../../src/commands/deploy.ts";
import { environmentOf } from "../../src/commands/endpoints.ts";
import { findRunbook, type FoundRunbook } from "../../src/commands/find-runbook.ts";
import { simulationOf } from "../../src/commands/rehearse.ts";
import { kindOf, openSession, plannedArgs, platformOf, type Session } from "../../src/commands/session.ts";
import { guardPorts } from "../../src/engine/guarded-ports.ts";
import type { RunEvent } from "../../src/model/event.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { ServiceSnapshot } from "../../src/model/service.ts";
import { type Instant, MINUTE, plusMs, SECOND } from "../../src/model/time.ts";
import { preflight } from "../../src/planning/preflight.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { loadScenario } from "../../src/rehearsal/load-scenario.ts";
import type { SimulatedCloud } from "../../src/rehearsal/simulated-cloud.ts";
import { testIo, type TestIo } from "./journey.ts";

/** T+5m to the end of its minute, and the settling time of its checks. */
const DUE_MS = 9 * MINUTE;
const RUNBOOKS = join(import.meta.dirname, "runbooks");

export interface Storm {
  readonly judged: readonly (RunEvent & { readonly type: "checkpoint-judged" })[];
  /** From the moment in which the daemon saw them due until each was judged, in real time. */
  readonly tookMs: readonly number[];
  /** Calls by port and method. */
  readonly calls: ReadonlyMap<string, number>;
  /** When Cloud Logging was read, in the world's time. */
  readonly reads: readonly Instant[];
}

/** `runs` checkpoints of `services` services of one project, which switched one a second for a minute. */
export function storm(runs: number, services: number): Promise<Storm> {
  return withDeployed(runs, services, async ({ session }) => {
    // The minute in which the data of every one of them is complete.
    await session.cloud.clock.sleepUntil(plusMs(session.cloud.clock.now(), DUE_MS));
    return judgeAll(session, runs);
  });
}

export interface Deployed {
  readonly session: Session;
  readonly cloud: SimulatedCloud;
  readonly io: TestIo;
  /** Of the SQLite file. */
  readonly path: string;
}

/** A session on a world in which `runs` deploys have just ended, each of one of `services` services. */
export async function withDeployed<T>(
  runs: number,
  services: number,
  work: (deployed: Deployed) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "storm-"));
  const found = await runbookOf(services, directory);
  const scenario = await loadScenario(join(RUNBOOKS, "small-good.yaml"));
  const simulation = await simulationOf(found, scenario, 1, testIo());
  const io = testIo({
    USER: "storm",
    RUNBOOK_DIR: "/nowhere",
    RUNBOOK_WEBHOOK: "https://hooks.example/x",
    ...environmentOf(simulation.addresses),
  });
  const path = join(directory, "state.db");
  const session = await openSession({ state: path, simulated: true, seed: 1 }, io);
  try {
    await journalRuns(session, planOf(found, {}, io), runs, io);
    return await work({ session, cloud: simulation.cloud, io, path });
  } finally {
    await session.close();
    await simulation.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The small runbook with so many services in place of its one on Cloud Run. */
async function runbookOf(services: number, directory: string): Promise<FoundRunbook> {
  const names = Array.from({ length: services }, (_, index) => `web-${index}`);
  const targets = names.map(
    (name) => `  ${name}:\n    cloud-run: { project: shop, region: europe-west1, service: ${name} }\n`,
  );
  const small = await readFile(join(RUNBOOKS, "small.yaml"), "utf8");
  const path = join(directory, "small.yaml");
  await writeFile(
    path,
    small.replace(/^ {2}web:.*\n.*\n/m, targets.join("")).replaceAll("[web]", `[${names.join(", ")}]`),
  );
  return findRunbook(path, testIo());
}

/** Puts `runs` runs into the journal as they are after a deploy: all steps done, everything switched, a checkpoint due. */
async function journalRuns(session: Session, whole: Plan, runs: number, io: TestIo): Promise<void> {
  const { journal } = session.state;
  const from = session.cloud.clock.now();
  const { snapshot } = await preflight(whole, {
    ports: session.cloud.ports,
    now: from,
    signal: new AbortController().signal,
    kindOf,
    platformOf,
    argsOf: (step, planned) => plannedArgs(step, planned, io),
  });
  const names = Object.keys(whole.runbook.services).filter((name) => name !== "worker");
  for (let index = 0; index < runs; index++) {
    const at = plusMs(from, (index % 60) * SECOND);
    const plan = planFor(whole, names[index % names.length] ?? "");
    const run = `storm-${String(index).padStart(4, "0")}`;
    await journal.create(run, "small", { type: "run-planned", plan, snapshot: { ...snapshot }, remarks: [] }, at);
    const lease = await journal.acquire(run, "storm", at, SECOND);
    if ("heldBy" in lease) throw new Error("held");
    const events = [
      ...plan.runbook.steps.map(
        ({ id }) => ({ type: "item-done", item: `step:${id}`, summary: "", output: {} }) as const,
      ),
      ...Object.keys(plan.runbook.services).map((service) => switchOf(plan, service, snapshot[service], at)),
    ];
    for (const [seq, event] of events.entries()) await journal.append(lease, seq + 1, event, at);
    await journal.schedule(lease, plusMs(at, DUE_MS));
    await journal.release(lease);
  }
}

/** The plan of a deploy of one of the services, and the worker. */
function planFor(whole: Plan, name: string): Plan {
  const { services, steps, monitor, ...runbook } = whole.runbook;
  const isKept = (service: string): boolean => service === name || service === "worker";
  const narrow = <T extends { readonly services: readonly string[] }>(all: readonly T[]): T[] =>
    all.map((one) => ({ ...one, services: one.services.filter(isKept) }));
  return {
    ...whole,
    runbook: {
      ...runbook,
      services: Object.fromEntries(Object.entries(services).filter(([service]) => isKept(service))),
      steps: narrow(steps),
      ...(monitor === undefined ? {} : { monitor: { ...monitor, checks: narrow(monitor.checks) } }),
    },
  };
}

function switchOf(plan: Plan, service: string, before: ServiceSnapshot | undefined, at: Instant) {
  const target = plan.runbook.services[service];
  const version = before === undefined || target === undefined ? undefined : platformOf(target).versionOf(before);
  if (version === undefined) throw new Error(`${service} has no version`);
  const change = { service, at, from: version, to: version, rolloutStartedAt: at, images: [] };
  return { type: "service-switched", change } as const;
}

async function judgeAll(session: Session, runs: number): Promise<Storm> {
  const calls = new Map<string, number>();
  const reads: Instant[] = [];
  const judged: Storm["judged"][number][] = [];
  const tookMs: number[] = [];
  const stop = new AbortController();
  const { ports, clock } = session.cloud;
  const counted = counting(ports, (call) => {
    calls.set(call, (calls.get(call) ?? 0) + 1);
    if (call === "logs.page") reads.push(clock.now());
  });
  const began = performance.now();
  const observe = (event: RunEvent): void => {
    if (event.type !== "checkpoint-judged" || event.checkpoint !== "5m") return;
    judged.push(event);
    tookMs.push(performance.now() - began);
    if (judged.length === runs) stop.abort(new Error("enough"));
  };
  const engine = session.engine(stop.signal, observe);
  await keepJudging(session, { ...engine, ports: guardPorts(counted, clock) }, observe);
  return { judged, tookMs, calls, reads };
}

function counting(ports: Ports, count: (call: string) => void): Ports {
  const entries = Object.entries(ports).map(([name, port]: [string, object]) => {
    const get = (target: object, key: string): unknown => {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...given: unknown[]): unknown => {
        count(`${name}.${key}`);
        return (member as (...args: unknown[]) => unknown).apply(target, given);
      };
    };
    return [name, new Proxy(port, { get: (target, key) => get(target, String(key)) })];
  });
  return Object.fromEntries(entries) as Ports;
}

/** Most of the moments that lie within any one minute. */
export function busiestMinute(moments: readonly Instant[]): number {
  return Math.max(0, ...moments.map((from) => moments.filter((at) => at >= from && at < plusMs(from, MINUTE)).length));
}
