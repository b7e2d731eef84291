/** The simulated Google Cloud on loopback: Cloud Run, Logging, Monitoring and GKE over plaintext gRPC on one port, what gcloud asks over REST on another. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { addCloudRun } from "./cloud-run-server.ts";
import { addCloudRunJobs } from "./cloud-run-jobs-server.ts";
import { CloudRunJobsState } from "./cloud-run-jobs-state.ts";
import { addContainer, type SimulatedGkeCluster } from "./container-server.ts";
import type { CloudRunState } from "./cloud-run-state.ts";
import type { GooglePlace } from "./grpc-api.ts";
import type { LogSource } from "./log-source.ts";
import { startGoogleRestServer } from "./google-rest-server.ts";
import { Listings } from "./log-listings.ts";
import { addLogging } from "./logging-server.ts";
import { addMonitoring } from "./monitoring-server.ts";
import type { Traffic } from "./traffic.ts";

export interface GoogleServerOptions extends GooglePlace {
  readonly cloudRun: CloudRunState;
  /** Default: there are no jobs. */
  readonly cloudRunJobs?: CloudRunJobsState;
  /** Its request and application logs are served besides those of `logSources`. */
  readonly traffic: Traffic;
  /** What the GKE API knows. Default: nothing. */
  readonly clusters?: readonly SimulatedGkeCluster[];
  /** Others who write logs, such as pods. */
  readonly logSources?: readonly LogSource[];
  /** entries.list calls per project and minute of world time. Default 60. */
  readonly readsPerMinute?: number;
  /** Every listing of log entries begins with an empty page that has a token. Default false. */
  readonly emptyFirstPage?: boolean;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default 0: a free one. */
  readonly restPort?: number;
}

export interface GoogleServer {
  /** "127.0.0.1:PORT" */
  readonly endpoint: string;
  /** "http://127.0.0.1:PORT", for gcloud. */
  readonly restUrl: string;
  close(): Promise<void>;
}

export async function startGoogleServer(options: GoogleServerOptions): Promise<GoogleServer> {
  const server = new Server();
  const cloudRunJobs = options.cloudRunJobs ?? new CloudRunJobsState(options.world);
  const { cloudRun, traffic, logSources = [] } = options;
  addCloudRun(server, options);
  addCloudRunJobs(server, { ...options, cloudRunJobs });
  const logging = { ...options, logSources: [traffic, cloudRun.log, cloudRunJobs.log, ...logSources] };
  const listings = new Listings(logging);
  addLogging(server, logging, listings);
  addMonitoring(server, options);
  addContainer(server, { ...options, clusters: options.clusters ?? [] });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const rest = await startGoogleRestServer({ cloudRun, listings }, options.restPort);
  return {
    endpoint: `127.0.0.1:${port}`,
    restUrl: rest.url,
    async close() {
      // Clients keep their connections open; a graceful shutdown would wait for them.
      server.forceShutdown();
      await rest.close();
    },
  };
}
