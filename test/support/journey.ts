/** A journey: the command line as its user has it, over sockets, against a simulated cloud that stays up between commands. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { z } from "zod";
import { main } from "../../src/commands/cli.ts";
import { environmentOf } from "../../src/commands/endpoints.ts";
import { findRunbook } from "../../src/commands/find-runbook.ts";
import type { Io } from "../../src/commands/io.ts";
import { simulationOf } from "../../src/commands/rehearse.ts";
import { openSqliteState } from "../../src/journal/sqlite-state.ts";
import type { RunEvent } from "../../src/model/event.ts";
import { loadScenario } from "../../src/rehearsal/load-scenario.ts";
import type { Scenario } from "../../src/rehearsal/scenario.ts";
import type { SimulatedCloud } from "../../src/rehearsal/simulated-cloud.ts";

export const PROJECT = resolve(import.meta.dirname, "../..");

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestIo extends Io {
  text(stream: "stdout" | "stderr"): string;
  /** Sends SIGINT to whoever listens. */
  interrupt(): void;
  /** Acts once, as soon as stdout holds the text. */
  when(text: string | RegExp, act: (found: string) => void): void;
  /** The codes with which the process would have ended at once. */
  readonly exits: readonly number[];
}

/** Every process of a test has its own chance, and each run of the test the same; another seed makes it another world. */
let processes = Number(process.env["RUNBOOK_JOURNEY_SEED"] ?? 0) * 1000;

/** Not a terminal, an empty environment besides `env`, the project's own runbooks. */
export function testIo(env: Io["env"] = {}, cwd: string = PROJECT): TestIo {
  const texts = { stdout: "", stderr: "" };
  const exits: number[] = [];
  const watchers = new Set<() => void>();
  const sink = (name: keyof typeof texts): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        texts[name] += chunk.toString("utf8");
        done();
        for (const watch of watchers) watch();
      },
    });
  const listeners = new Set<(signal: "SIGINT" | "SIGTERM") => void>();
  return {
    stdin: new PassThrough(),
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    env,
    cwd,
    isInteractive: false,
    columns: 100,
    seed: ++processes,
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    exitNow: (code) => void exits.push(code),
    exits,
    when: (text, act) => {
      const watch = (): void => {
        const found = typeof text === "string" ? texts.stdout.includes(text) && text : text.exec(texts.stdout)?.[0];
        if (found === false || found === undefined) return;
        watchers.delete(watch);
        act(found);
      };
      watchers.add(watch);
    },
    text: (stream) => texts[stream],
    interrupt: () => {
      for (const listener of listeners) listener("SIGINT");
    },
  };
}

/** A whole deploy over sockets, on a machine that is busy with others. */
export const SLOW_MS = 120_000;

/** The lines of `--json` that are no events of the published schema. */
export function invalidEvents(stdout: string): readonly string[] {
  const text = readFileSync(resolve(PROJECT, "schemas/event.schema.json"), "utf8");
  const schema = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
  return stdout.split("\n").filter((line) => line !== "" && !schema.safeParse(JSON.parse(line)).success);
}

/** Text in which only what differs between two runs of the same world is replaced: run ids, digests of texts that hold them. */
export function withoutRunIds(text: string): string {
  return text
    .replace(/\b\d{8}-\d{4}-[2-9a-hjkmnp-z]{4}\b/g, "20260412-0400-xxxx")
    .replace(/("digest":"|#)[0-9a-f]{12}"/g, '$1xxxxxxxxxxxx"');
}

/** One command line, to its end. */
export async function run(argv: readonly string[], io: TestIo = testIo()): Promise<Ran> {
  const code = await main(argv, io);
  return { code, stdout: io.text("stdout"), stderr: io.text("stderr") };
}

/** What serves in the world, by the service's name on its platform: the one revision, or the digests of the ready pods. */
export function servedBy({ cloudRun, kubernetes }: SimulatedCloud): Readonly<Record<string, string>> {
  const revisions = cloudRun.services.map(({ name, served }) => {
    const serving = served.filter(({ percent }) => percent > 0);
    return [
      name,
      serving.map(({ revision, percent }) => (percent === 100 ? revision : `${revision}=${percent}`)).join(),
    ];
  });
  const digests = kubernetes.deployments.map(({ options, pods }) => {
    const ready = pods.filter((pod) => pod.ready && pod.deletedAt === undefined);
    return [options.name, [...new Set(ready.map(({ digest }) => digest))].join()];
  });
  return Object.fromEntries([...revisions, ...digests]);
}

export interface Journey {
  readonly cloud: SimulatedCloud;
  readonly scenario: Scenario;
  readonly env: Readonly<Record<string, string>>;
  /** Holds the state's files. */
  readonly directory: string;
  /** `runbook ARGV --simulated --state …` where the command takes them. */
  run(...argv: string[]): Promise<Ran>;
  /** As `run`, with an io of the caller's, for interrupts. */
  runWith(io: TestIo, ...argv: string[]): Promise<Ran>;
  io(): TestIo;
  /** The bodies of the comments on the simulated GitHub whose marker names `key`, in order. */
  comments(key: string): readonly string[];
  /** The events of the newest run (or of `id`). */
  events(id?: string): Promise<readonly RunEvent[]>;
  close(): Promise<void>;
}

const STATELESS = ["validate", "plan", "list"];
const WITHOUT_SIMULATED = [...STATELESS, "status", "explain", "show", "history", "report"];

/** `change` edits the scenario before its world is built. */
export async function startJourney(
  options: {
    runbook?: string;
    scenario?: string;
    seed?: number;
    env?: Readonly<Record<string, string>>;
    change?: (scenario: Scenario) => Scenario;
  } = {},
): Promise<Journey> {
  const loaded = await loadScenario(options.scenario ?? "seed");
  const scenario = options.change?.(loaded) ?? loaded;
  const found = await findRunbook(options.runbook ?? "backend-prod", testIo(options.env));
  const simulation = await simulationOf(found, scenario, options.seed ?? 1, testIo(options.env));
  const directory = await mkdtemp(join(tmpdir(), "journey-"));
  const state = join(directory, "state.db");
  const env = { USER: "tester", ...options.env, ...environmentOf(simulation.addresses) };
  const runWith = (io: TestIo, ...argv: string[]): Promise<Ran> => {
    const verb = argv[0] ?? "";
    const more = [
      ...(STATELESS.includes(verb) ? [] : ["--state", state]),
      ...(WITHOUT_SIMULATED.includes(verb) ? [] : ["--simulated"]),
    ];
    return run([...argv, ...more], io);
  };
  return {
    cloud: simulation.cloud,
    scenario,
    env,
    directory,
    io: () => testIo(env),
    run: (...argv) => runWith(testIo(env), ...argv),
    runWith,
    comments: (key) =>
      simulation.cloud.github
        .repository(found.runbook.repository ?? "")
        .comments.map(({ body }) => body)
        .filter((body) => (body.split("\n", 1)[0] ?? "").includes(key)),
    events: async (id) => {
      const opened = await openSqliteState(state);
      try {
        const [newest] = await opened.journal.runs({ limit: 1 });
        return await opened.journal.read(id ?? newest?.run ?? "");
      } finally {
        await opened.close();
      }
    },
    close: async () => {
      await simulation.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
