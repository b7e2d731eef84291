/** A simulated GKE API on loopback, which ends with the test. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { instant } from "../../src/model/time.ts";
import { addContainer, type SimulatedGkeCluster } from "../../src/simulator/container-server.ts";
import { Faults } from "../../src/simulator/faults.ts";
import type { Observe } from "../../src/simulator/grpc-api.ts";
import { World } from "../../src/simulator/world.ts";

export interface GkeWorld {
  /** "127.0.0.1:PORT" */
  readonly endpoint: string;
  readonly faults: Faults;
  close(): void;
}

export async function gkeWorld(clusters: readonly SimulatedGkeCluster[], observe?: Observe): Promise<GkeWorld> {
  const server = new Server();
  const faults = new Faults();
  addContainer(server, {
    clusters,
    faults,
    observe,
    world: new World({ now: instant("2026-04-12T04:00:00Z"), seed: 1 }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { endpoint: `127.0.0.1:${port}`, faults, close: () => server.forceShutdown() };
}
