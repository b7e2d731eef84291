/** The GKE API of the simulated cloud: where its clusters are. Everything but get and list is UNIMPLEMENTED. */
import type { Server } from "@grpc/grpc-js";
import { answering, ApiError, serviceDefinition, Status, type GooglePlace } from "./grpc-api.ts";

export interface SimulatedGkeCluster {
  readonly project: string;
  readonly location: string;
  readonly name: string;
  /** "35.1.2.3", as the API has it; a port may follow. */
  readonly endpoint: string;
  /** Base64 of PEM. */
  readonly caCertificate: string;
  /** The DNS endpoint, and whether it is open to the outside. */
  readonly dns?: { readonly endpoint: string; readonly allowExternalTraffic: boolean };
}

export function addContainer(
  server: Server,
  place: GooglePlace & { readonly clusters: readonly SimulatedGkeCluster[] },
): void {
  server.addService(serviceDefinition("container", "google.container.v1.ClusterManager", place.observe), {
    GetCluster: answering<{ name: string }>(place, "kubernetes", "get-cluster", ({ name }) => {
      const found = place.clusters.find((cluster) => fullName(cluster) === name);
      if (found === undefined) throw new ApiError(Status.NOT_FOUND, `Not found: ${name}.`);
      return wireCluster(found);
    }),
    ListClusters: answering<{ parent: string }>(place, "kubernetes", "list-clusters", ({ parent }) => ({
      clusters: place.clusters.filter(({ project }) => parent === `projects/${project}/locations/-`).map(wireCluster),
    })),
  });
}

function fullName({ project, location, name }: SimulatedGkeCluster): string {
  return `projects/${project}/locations/${location}/clusters/${name}`;
}

function wireCluster({ name, location, endpoint, caCertificate, dns }: SimulatedGkeCluster): object {
  return {
    name,
    location,
    endpoint,
    status: "RUNNING",
    masterAuth: { clusterCaCertificate: caCertificate },
    controlPlaneEndpointsConfig: dns === undefined ? {} : { dnsEndpointConfig: dns },
  };
}
