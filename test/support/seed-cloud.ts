/** The simulated cloud of backend-prod on the seed's day, and the real clients that ask it. Deploys nothing. */
import { type Cloud, composeCloud } from "../../src/commands/compose.ts";
import { endpointsOf, environmentOf } from "../../src/commands/endpoints.ts";
import { findRunbook } from "../../src/commands/find-runbook.ts";
import { simulationOf } from "../../src/commands/rehearse.ts";
import type { ServiceTarget } from "../../src/model/service.ts";
import { loadScenario } from "../../src/rehearsal/load-scenario.ts";
import { silentIo } from "./silent-io.ts";

export interface SeedCloud {
  readonly cloud: Cloud;
  readonly targets: readonly ServiceTarget[];
  close(): Promise<void>;
}

export async function startSeedCloud(): Promise<SeedCloud> {
  const io = silentIo();
  const found = await findRunbook("backend-prod", io);
  const simulation = await simulationOf(found, await loadScenario("seed"), 1, io);
  const cloud = await composeCloud(endpointsOf(environmentOf(simulation.addresses)), io);
  return {
    cloud,
    targets: Object.values(found.runbook.services),
    async close() {
      await cloud.clock.close();
      await simulation.close();
    },
  };
}
