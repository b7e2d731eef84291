/** Connections to clusters over client-node: contexts, credentials, bounded requests. Knows no workloads. */
import { readFileSync } from "node:fs";
import { delimiter } from "node:path";
import {
  AppsV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  type Middleware,
  type RequestContext,
  type ResponseContext,
  type SecurityAuthentication,
  ServerConfiguration,
} from "@kubernetes/client-node";
import { noClusterContext } from "../model/credentials.ts";
import { messageOf, PortFailure } from "../model/error.ts";
import type { KubernetesTarget } from "../model/service.ts";
import { createGkeClusters, type GkeClusters } from "./gke-cluster.ts";
import type { KubernetesConfig } from "./kubernetes-config.ts";

export interface Api {
  readonly apps: AppsV1Api;
  readonly core: CoreV1Api;
  readonly authorization: AuthorizationV1Api;
  /** The text of the last answer, as received: the client's models drop fields that they do not know. */
  readonly lastBody: () => string;
}

interface Connection {
  readonly kubeconfig: KubeConfig;
  readonly auth: SecurityAuthentication;
}

/** The clusters of one kubeconfig, each connected to once. */
export class Clusters {
  readonly #config: KubernetesConfig;
  readonly #gke: GkeClusters | undefined;
  readonly #byContext = new Map<string, Connection>();
  readonly #byName = new Map<string, Promise<Connection>>();

  constructor(config: KubernetesConfig) {
    this.#config = config;
    this.#gke = config.gke === undefined ? undefined : createGkeClusters(config.gke);
  }

  /** Clients for one port call: each of its requests is bounded, all end when the signal aborts. */
  async api(target: KubernetesTarget, signal: AbortSignal | undefined): Promise<Api> {
    const { kubeconfig, auth } = await this.#connect(target, signal);
    const server = kubeconfig.getCurrentCluster()?.server;
    if (server === undefined)
      throw new PortFailure("unauthorised", `the kubeconfig names no server for ${target.cluster}`);
    let text = "";
    const bounded: Middleware = {
      pre: async (context) => {
        const timeoutMs = this.#config.timeoutMs ?? 15_000;
        const limit = this.#config.bound?.(timeoutMs) ?? AbortSignal.timeout(timeoutMs);
        context.setSignal(signal === undefined ? limit : AbortSignal.any([signal, limit]));
        return context;
      },
      post: async (response: ResponseContext) => {
        text = await response.body.text();
        Object.assign(response.body, { text: async () => text });
        return response;
      },
    };
    const configuration = createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: auth },
      promiseMiddleware: [bounded],
    });
    return {
      apps: new AppsV1Api(configuration),
      core: new CoreV1Api(configuration),
      authorization: new AuthorizationV1Api(configuration),
      lastBody: () => text,
    };
  }

  /** What another client (helm) needs for the same cluster: a context to name, or the text of a kubeconfig with a token in it. */
  async access(target: KubernetesTarget): Promise<{ context: string } | { kubeconfig: string }> {
    const context = contextFor(this.#load(), target);
    if (context !== undefined) return { context };
    const gke = this.#gke ?? missingContext(target);
    const [found, token] = await Promise.all([this.#find(gke, target), gke.token()]);
    return { kubeconfig: namedCluster(found, { token }).exportConfig() };
  }

  async #connect(target: KubernetesTarget, signal: AbortSignal | undefined): Promise<Connection> {
    const { server } = this.#config;
    const kubeconfig = server === undefined ? this.#load() : simulated(server);
    const context = server === undefined ? contextFor(kubeconfig, target) : kubeconfig.getCurrentContext();
    if (context === undefined) return this.#connectByName(this.#gke ?? missingContext(target), target, signal);
    const known = this.#byContext.get(context);
    if (known !== undefined) return known;
    kubeconfig.setCurrentContext(context);
    const connection = connected(kubeconfig, target);
    this.#byContext.set(context, connection);
    return connection;
  }

  /** Asked for once for all calls at a time; a failure is not kept. */
  #connectByName(gke: GkeClusters, target: KubernetesTarget, signal: AbortSignal | undefined): Promise<Connection> {
    const key = [target.project, target.location ?? "", target.cluster].join("/");
    const known = this.#byName.get(key);
    if (known !== undefined) return known;
    const connecting = this.#find(gke, target, signal).then((found) => {
      const kubeconfig = namedCluster(found, { authProvider: { name: TOKEN_EACH_TIME } });
      kubeconfig.addAuthenticator({
        isAuthProvider: (user) => user.authProvider?.name === TOKEN_EACH_TIME,
        applyAuthentication: async (_user, options) => {
          options.headers = { ...options.headers, Authorization: `Bearer ${await gke.token()}` };
        },
      });
      return connected(kubeconfig, target);
    });
    this.#byName.set(key, connecting);
    connecting.catch(() => this.#byName.delete(key));
    return connecting;
  }

  /** Without credentials the remedy is either of two: a context, or credentials with which the cluster is found by name. */
  async #find(gke: GkeClusters, target: KubernetesTarget, signal?: AbortSignal): ReturnType<GkeClusters["find"]> {
    try {
      return await gke.find(target, signal);
    } catch (error) {
      if (!(error instanceof PortFailure) || error.kind !== "unauthorised") throw error;
      const why = `${noClusterContext(target.cluster, target.project)}; nor could it be found by its name: ${error.message}`;
      throw new PortFailure("unauthorised", why, { cause: error });
    }
  }

  #load(): KubeConfig {
    const kubeconfig = new KubeConfig();
    try {
      const files = (this.#config.kubeconfig ?? "").split(delimiter).filter((file) => file !== "");
      // client-node refuses an empty file (/dev/null says "none"), which kubectl takes for a kubeconfig without contexts.
      const [first, ...others] = files.filter((file) => readFileSync(file, "utf8").trim() !== "");
      if (files.length === 0) kubeconfig.loadFromDefault();
      else if (first === undefined)
        kubeconfig.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: "" });
      else kubeconfig.loadFromFile(first);
      for (const file of others) addFrom(kubeconfig, file);
    } catch (error) {
      throw new PortFailure("unauthorised", `could not read the kubeconfig: ${messageOf(error)}`, { cause: error });
    }
    return kubeconfig;
  }
}

/** As kubectl merges: what an earlier file names stays (client-node's own merge refuses a name that comes twice). */
function addFrom(kubeconfig: KubeConfig, file: string): void {
  const other = new KubeConfig();
  other.loadFromFile(file);
  const isNew = (known: readonly { name: string }[], { name }: { name: string }): boolean =>
    known.every((entry) => entry.name !== name);
  kubeconfig.clusters = [
    ...kubeconfig.clusters,
    ...other.clusters.filter((entry) => isNew(kubeconfig.clusters, entry)),
  ];
  kubeconfig.users = [...kubeconfig.users, ...other.users.filter((entry) => isNew(kubeconfig.users, entry))];
  kubeconfig.contexts = [
    ...kubeconfig.contexts,
    ...other.contexts.filter((entry) => isNew(kubeconfig.contexts, entry)),
  ];
}

const TOKEN_EACH_TIME = "token-each-time";

function missingContext(target: KubernetesTarget): never {
  throw new PortFailure("unauthorised", noClusterContext(target.cluster, target.project));
}

function connected(kubeconfig: KubeConfig, target: KubernetesTarget): Connection {
  shareDispatcher(kubeconfig);
  return { kubeconfig, auth: oneAtATime(kubeconfig, target) };
}

function namedCluster(
  { server, caData }: { readonly server: string; readonly caData?: string },
  user: { readonly token: string } | { readonly authProvider: { readonly name: string } },
): KubeConfig {
  const kubeconfig = new KubeConfig();
  const name = "by-name";
  kubeconfig.loadFromOptions({
    clusters: [{ name, server, skipTLSVerify: false, ...(caData === undefined ? {} : { caData }) }],
    users: [{ name, ...user }],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  });
  return kubeconfig;
}

/** The named context, or the only one whose cluster's name ends with the target's (GKE: gke_PROJECT_LOCATION_CLUSTER). */
function contextFor(kubeconfig: KubeConfig, target: KubernetesTarget): string | undefined {
  if (target.context !== undefined) {
    if (kubeconfig.getContextObject(target.context) !== null) return target.context;
    throw new PortFailure("unauthorised", `the kubeconfig has no context "${target.context}"`);
  }
  const gke = ["gke", target.project, target.location, target.cluster].filter((part) => part !== undefined).join("_");
  const contexts = kubeconfig.getContexts();
  const exact = contexts.filter(({ cluster }) => cluster === gke || cluster === target.cluster);
  const ending = contexts.filter(({ cluster }) => cluster.endsWith(`_${target.cluster}`));
  const [context, another] = exact.length > 0 ? exact : ending;
  if (context === undefined) return undefined;
  if (another !== undefined) {
    const names = `${context.name} and ${another.name}`;
    throw new PortFailure("invalid", `${names} both name a cluster ${target.cluster}: give the service a context`);
  }
  return context.name;
}

function simulated(server: string): KubeConfig {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromOptions({
    // client-node refuses plain http unless this is said.
    clusters: [{ name: "simulated", server, skipTLSVerify: true }],
    users: [{ name: "simulated" }],
    contexts: [{ name: "simulated", cluster: "simulated", user: "simulated" }],
    currentContext: "simulated",
  });
  return kubeconfig;
}

interface MakesDispatchers {
  createDispatcher(cluster: unknown, options: object): unknown;
}

/** client-node makes a new agent, so a new TLS connection, for every request: keep one until certificates change. */
function shareDispatcher(kubeconfig: KubeConfig): void {
  const makes = kubeconfig as unknown as MakesDispatchers;
  const original = makes.createDispatcher.bind(kubeconfig);
  let kept: { options: string; dispatcher: unknown } | undefined;
  makes.createDispatcher = (cluster, options) => {
    const key = JSON.stringify(options);
    if (kept?.options !== key) kept = { options: key, dispatcher: original(cluster, options) };
    return kept.dispatcher;
  };
}

/** Parallel calls would each start the credential plugin; and its failure is a matter of credentials, not of the cluster. */
function oneAtATime(kubeconfig: KubeConfig, target: KubernetesTarget): SecurityAuthentication {
  let last: Promise<void> = Promise.resolve();
  const authenticate = async (context: RequestContext): Promise<void> => {
    try {
      await kubeconfig.applySecurityAuthentication(context);
    } catch (error) {
      const problem = messageOf(error).split("\n")[0]?.slice(0, 300) ?? "";
      throw new PortFailure("unauthorised", `no credentials for the cluster ${target.cluster}: ${problem}`, {
        cause: error,
      });
    }
  };
  return {
    getName: () => kubeconfig.getName(),
    applySecurityAuthentication: (context) => {
      const mine = last.then(() => authenticate(context));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
