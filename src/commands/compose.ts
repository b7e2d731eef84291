/** The composition root: the one file that knows every adapter. Each is loaded only when a command needs the clouds. */
import type { KubernetesConfig } from "../adapters/kubernetes-config.ts";
import type { DatabaseOptions } from "../journal/sqlite-database.ts";
import type { State } from "../journal/state.ts";
import type { Access } from "../ports/access.ts";
import type { Clock } from "../ports/clock.ts";
import type { Operator } from "../ports/operator.ts";
import type { Ports } from "../ports/ports.ts";
import { plusMs } from "../model/time.ts";
import { type Endpoints, requestTimeout } from "./endpoints.ts";
import type { Io } from "./io.ts";
import { bucketOf } from "./state-location.ts";

export interface Cloud {
  readonly ports: Ports;
  readonly clock: Clock;
  readonly operator: Operator;
}

/** The real clouds, or the simulated one where the endpoints name its control server and clock. */
export async function composeCloud(endpoints: Endpoints, io: Io): Promise<Cloud> {
  const bound = requestTimeout(io.env);
  return endpoints.control === undefined
    ? composeReal(await composeClients(await withToken(endpoints, io), bound), endpoints, io)
    : composeSimulated(endpoints, endpoints.control, bound);
}

/** Only for real clouds: a simulated one brings its own token, and the operator's is never asked for. */
async function withToken(endpoints: Endpoints, io: Io): Promise<Endpoints> {
  if (endpoints.githubToken !== undefined) return endpoints;
  const { ghToken } = await import("../adapters/gh-token.ts");
  const githubToken = await ghToken(io.env, endpoints.githubUrl);
  return githubToken === undefined ? endpoints : { ...endpoints, githubToken };
}

type Clients = Pick<
  Ports,
  "workflows" | "pullRequests" | "deployments" | "cloudRun" | "cloudRunJobs" | "logs" | "metrics" | "kubernetes"
>;

interface Bound {
  readonly timeoutMs?: number;
  readonly bound?: (ms: number) => AbortSignal;
}

/** The same clients in both worlds: only the addresses differ. */
async function composeClients(endpoints: Endpoints, bound: Bound): Promise<Clients> {
  const [workflows, pullRequests, deployments, cloudRun, cloudRunJobs, logs, metrics, kubernetes] = await Promise.all([
    import("../adapters/workflows.ts"),
    import("../adapters/pull-requests.ts"),
    import("../adapters/deployments.ts"),
    import("../adapters/cloud-run.ts"),
    import("../adapters/cloud-run-jobs.ts"),
    import("../adapters/logs.ts"),
    import("../adapters/metrics.ts"),
    import("../adapters/kubernetes.ts"),
  ]);
  const github = githubConfig(endpoints, bound);
  return {
    workflows: workflows.createWorkflows(github),
    pullRequests: pullRequests.createPullRequests(github),
    deployments: deployments.createDeployments(github),
    cloudRun: cloudRun.createCloudRun({ ...bound, endpoint: endpoints.cloudRun }),
    cloudRunJobs: cloudRunJobs.createCloudRunJobs({ ...bound, endpoint: endpoints.cloudRun }),
    logs: logs.createLogs({ ...bound, endpoint: endpoints.logging }),
    metrics: metrics.createMetrics({ ...bound, endpoint: endpoints.monitoring }),
    kubernetes: kubernetes.createKubernetes(kubernetesConfig(endpoints, bound)),
  };
}

/** For `runbook doctor` alone. A simulated cloud has no Google credentials and nobody who knows of permissions. */
export async function composeAccess(given: Endpoints, io: Io): Promise<Access> {
  const isSimulated = given.control !== undefined;
  const [endpoints, github, google, kubernetes] = await Promise.all([
    isSimulated ? given : withToken(given, io),
    import("../adapters/github-access.ts"),
    import("../adapters/google-access.ts"),
    import("../adapters/kubernetes-access.ts"),
  ]);
  const bound = requestTimeout(io.env);
  return {
    ...github.createGitHubAccess(githubConfig(endpoints, bound)),
    ...google.createGoogleAccess({ ...bound, isSimulated }),
    ...kubernetes.createKubernetesAccess(kubernetesConfig(endpoints, bound)),
  };
}

function githubConfig(
  endpoints: Endpoints,
  bound: Bound,
): Bound & { readonly baseUrl?: string; readonly token?: string } {
  return {
    ...bound,
    ...(endpoints.githubUrl === undefined ? {} : { baseUrl: endpoints.githubUrl }),
    ...(endpoints.githubToken === undefined ? {} : { token: endpoints.githubToken }),
  };
}

function kubernetesConfig(endpoints: Endpoints, bound: Bound): KubernetesConfig {
  return {
    ...bound,
    server: endpoints.kubernetesServer,
    kubeconfig: endpoints.kubeconfig,
    gke: { ...bound, endpoint: endpoints.container },
  };
}

async function composeReal(clients: Clients, endpoints: Endpoints, io: Io): Promise<Cloud> {
  const [http, command, helm, notify, operator, clock] = await Promise.all([
    import("../adapters/http.ts"),
    import("../adapters/command.ts"),
    import("../adapters/helm.ts"),
    import("../adapters/notify.ts"),
    import("../adapters/terminal-operator.ts"),
    import("../adapters/system-clock.ts"),
  ]);
  return {
    ports: {
      ...clients,
      http: http.createHttp(),
      command: command.createCommand(),
      helm: helm.createHelm(kubernetesConfig(endpoints, requestTimeout(io.env))),
      notify: notify.createNotify(),
    },
    operator: io.isInteractive
      ? operator.createTerminalOperator({ input: io.stdin, output: io.stderr })
      : absentOperator,
    clock: new clock.SystemClock(),
  };
}

/** Nobody is at the terminal: answers come through `runbook answer`, or not at all. */
const absentOperator: Operator = { poll: async () => undefined };

async function composeSimulated(endpoints: Endpoints, control: string, bound: Bound): Promise<Cloud> {
  const [{ createControlled }, { WorldClock }] = await Promise.all([
    import("../rehearsal/control-client.ts"),
    import("../adapters/world-clock.ts"),
  ]);
  const world = await WorldClock.connect(endpoints.clock ?? "");
  const clients = await composeClients(endpoints, { ...bound, bound: (ms) => world.bound(ms) });
  const clock = await stagedClock(world, endpoints);
  const { operator, ...answered } = createControlled({ url: control, now: () => clock.now() });
  return { ports: { ...clients, ...answered }, operator, clock };
}

async function stagedClock(world: Clock, { clockAhead, clockSpeed }: Endpoints): Promise<Clock> {
  if (clockAhead === undefined && clockSpeed === undefined) return world;
  const { StagedClock } = await import("../adapters/staged-clock.ts");
  return new StagedClock(world, {
    ...(clockAhead === undefined ? {} : { aheadMs: Number(clockAhead) }),
    ...(clockSpeed === undefined ? {} : { speed: Number(clockSpeed) }),
  });
}

/** Where runs, locks and evidence are kept: a bucket for "gs://bucket/prefix", else a file. */
export async function openState(location: string, endpoints: Endpoints, options: DatabaseOptions = {}): Promise<State> {
  const place = bucketOf(location);
  if (place === undefined) {
    const { openSqliteState } = await import("../journal/sqlite-state.ts");
    return openSqliteState(location, options);
  }
  const [{ createObjects }, { openObjectState }, { SystemClock }] = await Promise.all([
    import("../adapters/objects.ts"),
    import("../journal/object-state.ts"),
    import("../adapters/system-clock.ts"),
  ]);
  // Real time, in a simulated world too: it is our own connection that is waited for.
  const clock = new SystemClock();
  return openObjectState(createObjects({ ...place, endpoint: endpoints.storage }), {
    pause: (ms) => clock.sleepUntil(plusMs(clock.now(), ms)),
  });
}
