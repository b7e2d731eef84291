/** Starts every server of a simulated cloud on loopback, and says where they are. */
import { ClockServer } from "../simulator/clock-server.ts";
import { startControlServer } from "../simulator/control-server.ts";
import { startGitHubServer } from "../simulator/github-server.ts";
import { startGoogleServer } from "../simulator/google-server.ts";
import { startKubernetesServer } from "../simulator/kubernetes-server.ts";
import { startStorageServer } from "../simulator/storage-server.ts";
import { StorageState } from "../simulator/storage-state.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";

export interface Simulation {
  readonly cloud: SimulatedCloud;
  readonly addresses: {
    readonly githubUrl: string;
    readonly githubToken: string;
    readonly cloudRun: string;
    /** For gcloud. */
    readonly googleRest: string;
    readonly logging: string;
    readonly monitoring: string;
    readonly kubernetesServer: string;
    readonly storage: string;
    readonly control: string;
    readonly clock: string;
  };
  close(): Promise<void>;
}

/** Good for nothing but a simulated GitHub. */
const SIMULATED_TOKEN = "simulated-token";

/** `port`: of the first server, the others follow; 0: free ones. */
export async function startSimulation(cloud: SimulatedCloud, port = 0): Promise<Simulation> {
  const { faults, world } = cloud;
  const portOf = (server: number): number => (port === 0 ? 0 : port + server);
  const github = await startGitHubServer(cloud.github, faults, portOf(0));
  const google = await startGoogleServer({
    world,
    faults,
    cloudRun: cloud.cloudRun,
    cloudRunJobs: cloud.cloudRunJobs,
    traffic: cloud.traffic,
    logSources: [cloud.kubernetesLogs],
    observe: (answer) => cloud.google.observe?.(answer),
    port: portOf(1),
    restPort: portOf(6),
  });
  const kubernetes = await startKubernetesServer(cloud.kubernetes, faults, portOf(2));
  const storage = await startStorageServer(new StorageState(), faults, world, { endsSilence: true, port: portOf(3) });
  const control = await startControlServer(cloud.control, faults, portOf(4));
  const clock = await ClockServer.start(world, portOf(5));
  return {
    cloud,
    addresses: {
      githubUrl: github.url,
      githubToken: SIMULATED_TOKEN,
      cloudRun: google.endpoint,
      googleRest: google.restUrl,
      logging: google.endpoint,
      monitoring: google.endpoint,
      kubernetesServer: kubernetes.url,
      storage: storage.url,
      control: control.url,
      clock: clock.address,
    },
    close: async () => {
      await Promise.all([github, google, kubernetes, storage, control, clock].map((server) => server.close()));
    },
  };
}
