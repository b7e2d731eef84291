/** Where the clouds are: the standard variables, our own for what has none, and the rule that loopback is never production. */
import { RunbookError } from "../model/error.ts";

export interface Endpoints {
  readonly githubUrl?: string;
  readonly githubToken?: string;
  readonly cloudRun?: string;
  readonly logging?: string;
  readonly monitoring?: string;
  /** A Kubernetes API server without credentials: only ever a simulated one. */
  readonly kubernetesServer?: string;
  readonly kubeconfig?: string;
  /** The GKE API, by which a cluster is found that no kubeconfig context names. */
  readonly container?: string;
  /** Where the state's buckets are: only ever a simulated store. */
  readonly storage?: string;
  /** The simulated world's control server and clock. */
  readonly control?: string;
  readonly clock?: string;
  /** How far this machine's clock is ahead of that one, in milliseconds. */
  readonly clockAhead?: string;
  /** World time per real time. */
  readonly clockSpeed?: string;
}

/** Not an address: nothing can be reached by it. */
const NO_ADDRESS: readonly string[] = ["githubToken", "kubeconfig", "clockAhead", "clockSpeed"];

type Env = Readonly<Record<string, string | undefined>>;

export function endpointsOf(env: Env): Endpoints {
  const variables: Record<keyof Endpoints, string | undefined> = {
    githubUrl: env["GITHUB_API_URL"],
    githubToken: env["GITHUB_TOKEN"] ?? env["GH_TOKEN"],
    cloudRun: env["RUNBOOK_CLOUD_RUN_ENDPOINT"],
    logging: env["RUNBOOK_LOGGING_ENDPOINT"],
    monitoring: env["RUNBOOK_MONITORING_ENDPOINT"],
    kubernetesServer: env["RUNBOOK_KUBERNETES_SERVER"],
    kubeconfig: env["KUBECONFIG"],
    container: env["RUNBOOK_CONTAINER_ENDPOINT"],
    storage: env["RUNBOOK_STORAGE_ENDPOINT"],
    control: env["RUNBOOK_SIMULATOR_CONTROL"],
    clock: env["RUNBOOK_SIMULATOR_CLOCK"],
    clockAhead: env["RUNBOOK_SIMULATOR_CLOCK_AHEAD"],
    clockSpeed: env["RUNBOOK_SIMULATOR_SPEED"],
  };
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""));
}

/** Bound on one request to a cloud, where RUNBOOK_TIMEOUT_MS names another than the clients' own (15 s for most). */
export function requestTimeout(env: Env): { readonly timeoutMs?: number } {
  const text = env["RUNBOOK_TIMEOUT_MS"];
  if (text === undefined || text === "") return {};
  const timeoutMs = Number(text);
  if (Number.isInteger(timeoutMs) && timeoutMs >= 100 && timeoutMs <= 120_000) return { timeoutMs };
  throw new RunbookError({
    what: `RUNBOOK_TIMEOUT_MS is "${text}", which is no number of milliseconds between 100 and 120000.`,
    state: "Nothing was touched.",
    next: "Unset it, or set it to something like 30000.",
  });
}

/** The variables that point every client at a simulated cloud. */
export function environmentOf(
  endpoints: Required<Omit<Endpoints, "kubeconfig" | "container" | "clockAhead" | "clockSpeed">>,
): Readonly<Record<string, string>> {
  return {
    GITHUB_API_URL: endpoints.githubUrl,
    GITHUB_TOKEN: endpoints.githubToken,
    RUNBOOK_CLOUD_RUN_ENDPOINT: endpoints.cloudRun,
    RUNBOOK_LOGGING_ENDPOINT: endpoints.logging,
    RUNBOOK_MONITORING_ENDPOINT: endpoints.monitoring,
    RUNBOOK_KUBERNETES_SERVER: endpoints.kubernetesServer,
    RUNBOOK_STORAGE_ENDPOINT: endpoints.storage,
    RUNBOOK_SIMULATOR_CONTROL: endpoints.control,
    RUNBOOK_SIMULATOR_CLOCK: endpoints.clock,
  };
}

/** The variables that stage its time. */
export function stagingEnvironment(staging: { aheadMs?: number; speed?: number }): Readonly<Record<string, string>> {
  const { aheadMs = 0, speed } = staging;
  return {
    ...(aheadMs === 0 ? {} : { RUNBOOK_SIMULATOR_CLOCK_AHEAD: String(aheadMs) }),
    ...(speed === undefined ? {} : { RUNBOOK_SIMULATOR_SPEED: String(speed) }),
  };
}

/** All loopback with `--simulated`, none without: a mixture would let a rehearsal touch production, or the reverse. */
export function requireOneWorld(endpoints: Endpoints, isSimulated: boolean): void {
  const addresses = Object.entries(endpoints).filter(([name]) => !NO_ADDRESS.includes(name));
  const strange = addresses
    .filter(([, address]) => isLoopback(address) !== isSimulated)
    .map(([name, address]) => `${name} (${address})`);
  const missing =
    isSimulated && (endpoints.clock === undefined || endpoints.control === undefined || addresses.length < 8);
  if (strange.length === 0 && !missing) return;
  throw new RunbookError({
    what: isSimulated
      ? missing && strange.length === 0
        ? "--simulated was given, but the environment does not name a whole simulated cloud."
        : `--simulated was given, but ${strange.join(", ")} is not on loopback.`
      : `The environment points ${strange.join(", ")} at this machine, so this is a simulated cloud.`,
    state: "Nothing was touched.",
    next: isSimulated
      ? "Start one with `runbook simulate NAME` and export what it prints."
      : "Unset the variables for a real deploy, or say --simulated.",
  });
}

function isLoopback(address: string): boolean {
  const host = (URL.parse(address)?.hostname || address.replace(/:\d+$/, "")).replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
