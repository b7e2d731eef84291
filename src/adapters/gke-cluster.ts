/** A GKE cluster found by its name: its address, its authority, and tokens for it. Knows no kubeconfig and no workloads. */
import { PortFailure } from "../model/error.ts";
import type { KubernetesTarget } from "../model/service.ts";
import { bounded, callOptions, type GoogleConfig, once } from "./google.ts";

export interface GkeConfig extends GoogleConfig {
  /** An access token for the cluster, asked for before each request. Default: application default credentials. */
  readonly token?: (() => Promise<string>) | undefined;
}

export interface GkeCluster {
  /** "https://…" */
  readonly server: string;
  /** Base64 of PEM; absent where a public authority vouches for it (the DNS endpoint). */
  readonly caData?: string;
}

export interface GkeClusters {
  find(target: KubernetesTarget, signal?: AbortSignal): Promise<GkeCluster>;
  token(): Promise<string>;
}

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** What is read of a cluster; the message has some hundred fields more. */
interface WireCluster {
  readonly name?: string | null;
  readonly location?: string | null;
  readonly endpoint?: string | null;
  readonly masterAuth?: { readonly clusterCaCertificate?: string | null } | null;
  readonly controlPlaneEndpointsConfig?: {
    readonly dnsEndpointConfig?: {
      readonly endpoint?: string | null;
      readonly allowExternalTraffic?: boolean | null;
    } | null;
  } | null;
}

export function createGkeClusters(config: GkeConfig): GkeClusters {
  const client = once(async () => {
    const [{ ClusterManagerClient }, { clientOptions }] = await Promise.all([
      import("@google-cloud/container"),
      import("./google-client.ts"),
    ]);
    return new ClusterManagerClient(await clientOptions(config));
  });
  const auth = once(async () => {
    const { GoogleAuth } = await import("google-auth-library");
    return new GoogleAuth({ scopes: [SCOPE] });
  });
  return {
    find: (target, signal) => {
      const { project, location, cluster } = target;
      const what = `GKE cluster ${cluster}`;
      return bounded(what, config, signal, async () => {
        const api = await client();
        if (location !== undefined) {
          const name = `projects/${project}/locations/${location}/clusters/${cluster}`;
          const [found] = await api.getCluster({ name }, callOptions(config));
          return addressOf(what, found);
        }
        const [{ clusters }] = await api.listClusters(
          { parent: `projects/${project}/locations/-` },
          callOptions(config),
        );
        return addressOf(
          what,
          only(
            what,
            project,
            (clusters ?? []).filter(({ name }) => name === cluster),
          ),
        );
      });
    },
    token: config.token ?? (async () => tokenOf(await (await auth()).getAccessToken())),
  };
}

function only(what: string, project: string, clusters: readonly WireCluster[]): WireCluster {
  const [found, another] = clusters;
  if (found === undefined) throw new PortFailure("not-found", `${what}: there is none of that name in ${project}`);
  if (another === undefined) return found;
  const places = clusters.map(({ location }) => location ?? "").join(" and ");
  throw new PortFailure("invalid", `${what}: there is one in ${places}: give the service a location`);
}

/** By DNS where that is open, because it reaches private clusters, too; else by address and the cluster's own authority. */
function addressOf(what: string, { endpoint, masterAuth, controlPlaneEndpointsConfig }: WireCluster): GkeCluster {
  const dns = controlPlaneEndpointsConfig?.dnsEndpointConfig;
  if (dns?.allowExternalTraffic === true && isSet(dns.endpoint)) return { server: `https://${dns.endpoint}` };
  const caData = masterAuth?.clusterCaCertificate;
  if (!isSet(endpoint) || !isSet(caData)) {
    throw new PortFailure("malformed", `${what}: it names no endpoint with a certificate (is it still being made?)`);
  }
  return { server: `https://${endpoint}`, caData };
}

function isSet(text: string | null | undefined): text is string {
  return text !== undefined && text !== null && text !== "";
}

function tokenOf(token: string | null | undefined): string {
  if (isSet(token)) return token;
  throw new PortFailure("unauthorised", "application default credentials gave no access token");
}
