/** `runbook simulate`: leaves a simulated cloud running on loopback until it is interrupted, and says how to point at it. */
import { createServer } from "node:http";
import { loadScenario } from "../rehearsal/load-scenario.ts";
import type { Scenario } from "../rehearsal/scenario.ts";
import type { Simulation } from "../rehearsal/start-simulation.ts";
import { worldView } from "../rehearsal/world-view.ts";
import { listen } from "../simulator/listen.ts";
import { plusMs, SECOND } from "../model/time.ts";
import { environmentOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { gcloudEnvironment } from "./gcloud-environment.ts";
import { type Io, print } from "./io.ts";
import { simulationOf, speedOf } from "./rehearse.ts";

export interface SimulateOptions {
  readonly name: string;
  readonly scenario: string;
  readonly seed: number;
  /** Of the page that shows the world; the servers have the next ones. 0: free ones. */
  readonly port?: number | undefined;
  /** Time passes by itself, so fast; "max": only while a client of its clock sleeps. */
  readonly speed?: string | undefined;
}

export async function simulate(options: SimulateOptions, io: Io): Promise<number> {
  const { port = 0 } = options;
  const speed = speedOf(options.speed);
  const scenario = await loadScenario(options.scenario);
  const found = await findRunbook(options.name, io);
  const simulation = await simulationOf(found, scenario, options.seed, io, port === 0 ? 0 : port + 1);
  const ended = new AbortController();
  try {
    const page = await listen(pageOf(simulation), port);
    print(io, welcome(options, scenario, simulation, page.url));
    const off = io.onInterrupt(() => ended.abort());
    await Promise.all([untilAborted(ended.signal), pass(simulation, speed, ended.signal)]);
    off();
    await page.close();
    return EXIT.ok;
  } finally {
    await simulation.close();
  }
}

function pageOf({ cloud }: Simulation): ReturnType<typeof createServer> {
  return createServer((request, response) => {
    const isShown = request.method === "GET" && request.url === "/";
    response.writeHead(isShown ? 200 : 404, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify(isShown ? worldView(cloud) : { message: "GET / shows the world" }, undefined, 2));
  });
}

function welcome(
  { name, speed }: SimulateOptions,
  scenario: Scenario,
  { cloud, addresses }: Simulation,
  page: string,
): string {
  const pull = scenario["pull-request"];
  const passes =
    speed === undefined || speed === "max" ? "only while a client of its clock sleeps" : `by itself, at ${speed}`;
  return [
    `# A SIMULATED cloud for ${name}, scenario ${scenario.name}. Nothing here is real; its time starts at ${scenario.start}`,
    `# and passes ${passes}.`,
    ...Object.entries(environmentOf(addresses)).map(([variable, value]) => `export ${variable}=${value}`),
    `# its state: curl ${page}/`,
    ...gcloudLines(cloud, addresses),
    `# its cluster: kubectl --server ${addresses.kubernetesServer} get pods -A`,
    `# runbook deploy ${name} --simulated --yes${pull === undefined ? "" : ` --pr ${pull.number}`}`,
    "# Ctrl-C ends it.",
  ].join("\n");
}

/** One line to copy: exported, its proxy would mislead every other program. */
function gcloudLines({ cloudRun }: Simulation["cloud"], { googleRest }: Simulation["addresses"]): readonly string[] {
  const [service] = cloudRun.services;
  if (service === undefined) return [];
  const words = Object.entries(gcloudEnvironment(googleRest, "$(mktemp -d)")).map(
    ([name, value]) => `${name}=${value}`,
  );
  const where = `--region ${service.region} --project ${service.project}`;
  return [`# its services: env ${words.join(" ")} gcloud run services describe ${service.name} ${where}`];
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Without a speed nobody here holds the world's time, and nobody moves it. */
async function pass({ addresses }: Simulation, { speed }: { speed?: number }, signal: AbortSignal): Promise<void> {
  if (speed === undefined) return;
  const [{ WorldClock }, { StagedClock }] = await Promise.all([
    import("../adapters/world-clock.ts"),
    import("../adapters/staged-clock.ts"),
  ]);
  const clock = new StagedClock(await WorldClock.connect(addresses.clock), { speed });
  while (!signal.aborted) await clock.sleepUntil(plusMs(clock.now(), SECOND), signal);
  await clock.close();
}
