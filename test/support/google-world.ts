/** A simulated Google Cloud with the service `backend`, and the real adapters connected to it; time moves by `pass`. */
import { createCloudRun } from "../../src/adapters/cloud-run.ts";
import { createCloudRunJobs } from "../../src/adapters/cloud-run-jobs.ts";
import { createLogs } from "../../src/adapters/logs.ts";
import { createMetrics } from "../../src/adapters/metrics.ts";
import type { CloudRunTarget } from "../../src/model/service.ts";
import { type Instant, instant, plusMs } from "../../src/model/time.ts";
import type { CloudRun } from "../../src/ports/cloud-run.ts";
import type { CloudRunJobs } from "../../src/ports/cloud-run-jobs.ts";
import type { Logs } from "../../src/ports/logs.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import { CloudRunJobsState } from "../../src/simulator/cloud-run-jobs-state.ts";
import { CloudRunState } from "../../src/simulator/cloud-run-state.ts";
import { Faults } from "../../src/simulator/faults.ts";
import { type GoogleServerOptions, startGoogleServer } from "../../src/simulator/google-server.ts";
import type { LogSource } from "../../src/simulator/log-source.ts";
import { Traffic } from "../../src/simulator/traffic.ts";
import type { TrafficProfile } from "../../src/simulator/traffic-profile.ts";
import { World } from "../../src/simulator/world.ts";

export const START: Instant = instant("2026-04-12T04:00:00.000Z");
export const OLD = "backend-00907-kpc";
export const KEY = "based-hardware/us-central1/backend";
export const TARGET: CloudRunTarget = {
  platform: "cloud-run",
  project: "based-hardware",
  region: "us-central1",
  service: "backend",
};

export const QUIET: TrafficProfile = {
  requestsPerMinute: 10,
  routes: [
    { method: "GET", path: "/v1/conversations/{id}", share: 0.7 },
    { method: "POST", path: "/v1/memories", share: 0.3 },
  ],
};

export interface GoogleWorld {
  readonly world: World;
  readonly cloudRunState: CloudRunState;
  readonly traffic: Traffic;
  readonly faults: Faults;
  readonly jobs: CloudRunJobsState;
  readonly cloudRun: CloudRun;
  readonly cloudRunJobs: CloudRunJobs;
  readonly logs: Logs;
  readonly metrics: Metrics;
  readonly endpoint: string;
  readonly restUrl: string;
  /** Moves world time forward. */
  readonly pass: (ms: number) => void;
  readonly close: () => Promise<void>;
}

export async function googleWorld(
  options: {
    readonly profile?: TrafficProfile;
    readonly services?: readonly string[];
    readonly timeoutMs?: number;
    readonly logSources?: readonly LogSource[];
  } & Pick<GoogleServerOptions, "observe" | "readsPerMinute" | "emptyFirstPage"> = {},
): Promise<GoogleWorld> {
  const world = new World({ now: START, seed: 7 });
  const faults = new Faults();
  const cloudRunState = new CloudRunState(world);
  const traffic = new Traffic(world, cloudRunState);
  for (const name of options.services ?? ["backend"]) {
    const key = cloudRunState.addService({
      project: TARGET.project,
      region: TARGET.region,
      name,
      revision: {
        name: name === "backend" ? OLD : `${name}-00100-old`,
        image: "gcr.io/based-hardware/backend:latest",
        commit: "77aa0042f1e2d3c4b5a697887766554433221100",
        createdAt: plusMs(START, -3 * 24 * 3_600_000),
      },
    });
    traffic.setProfile(key, options.profile ?? QUIET);
  }
  const jobs = new CloudRunJobsState(world);
  const cloudRun = cloudRunState;
  const server = await startGoogleServer({ ...options, world, faults, cloudRun, cloudRunJobs: jobs, traffic });
  const config = { endpoint: server.endpoint, timeoutMs: options.timeoutMs ?? 5_000 };
  return {
    world,
    cloudRunState,
    traffic,
    faults,
    jobs,
    cloudRun: createCloudRun(config),
    cloudRunJobs: createCloudRunJobs(config),
    logs: createLogs(config),
    metrics: createMetrics(config),
    endpoint: server.endpoint,
    restUrl: server.restUrl,
    pass: (ms) => world.advanceTo(plusMs(world.now, ms)),
    close: () => server.close(),
  };
}
