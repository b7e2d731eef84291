/** What the simulated cluster's containers write, as Cloud Logging has it: k8s_container entries of the pods of each moment. */
import { type Instant, instant, MINUTE, msOf } from "../model/time.ts";
import { chanceOf } from "./chance.ts";
import type { SimulatedDeployment, SimulatedPod } from "./kubernetes-model.ts";
import type { KubernetesState } from "./kubernetes-state.ts";
import { couldMatch, type EntryHint, type LogSource, type SimulatedEntry } from "./log-source.ts";

/** The agent takes a few seconds. */
const RECEIVED_AFTER_MS = 4_800;

/** Lines that a workload writes now and then, besides what its crashes write. */
export interface PodLogRule {
  readonly namespace: string;
  readonly name: string;
  /** Only by pods that run this digest; default: by all. */
  readonly digest?: string;
  readonly from?: Instant;
  readonly until?: Instant;
  readonly perHour: number;
  /** One entry each, as the agent splits a traceback. */
  readonly lines: readonly string[];
  /** Default ERROR, to stderr; INFO and below go to stdout. */
  readonly severity?: "INFO" | "WARNING" | "ERROR";
}

interface Written {
  readonly atMs: number;
  readonly pod: SimulatedPod;
  readonly severity: "INFO" | "WARNING" | "ERROR";
  readonly text: string;
  /** Unique within the workload and the minute. */
  readonly serial: string;
}

export class KubernetesLogs implements LogSource {
  readonly #state: KubernetesState;
  readonly #volumes = new Map<SimulatedDeployment, number>();
  readonly #rules: PodLogRule[] = [];

  constructor(state: KubernetesState) {
    this.#state = state;
  }

  /** INFO lines of the whole workload per minute; default: none. */
  setVolume(namespace: string, name: string, linesPerMinute: number): void {
    this.#volumes.set(this.#state.deployment(namespace, name), linesPerMinute);
  }

  addLines(rule: PodLogRule): void {
    this.#rules.push(rule);
  }

  *entries(since: Instant, until: Instant, hint: EntryHint): Iterable<SimulatedEntry> {
    if (hint.resourceType !== undefined && hint.resourceType !== "k8s_container") return;
    if (hint.minStatus !== undefined) return;
    const writers = this.#state.deployments
      .filter((deployment) => mayMatch(deployment, hint))
      .map((deployment) => this.#writer(deployment, hint));
    const from = Math.floor(msOf(since) / MINUTE);
    for (let minute = from; minute * MINUTE < msOf(until) && writers.length > 0; minute++) {
      const entries = writers.flatMap((write) => write(minute));
      const due = entries.filter(({ timestamp }) => timestamp >= nanos(since) && timestamp < nanos(until));
      yield* due.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
    }
  }

  /** The entries of one workload in one minute, unordered. */
  #writer(deployment: SimulatedDeployment, hint: EntryHint): (minute: number) => readonly SimulatedEntry[] {
    const { namespace, name } = deployment.options;
    const chance = chanceOf(this.#state.world.seed, `pod-log/${namespace}/${name}`);
    const own = this.#rules.filter((rule) => rule.namespace === namespace && rule.name === name);
    const rules = [{ rule: volumeRule(this.#volumes.get(deployment) ?? 0, deployment), purpose: "volume" }]
      .concat(own.map((rule, index) => ({ rule, purpose: `rule/${index}` })))
      .filter(({ rule }) => rule.perHour > 0 && isInLog(rule.severity ?? "ERROR", hint, deployment))
      .filter(({ rule }) => couldMatch(rule.severity ?? "ERROR", [...rule.lines, ...fixedWords(deployment)], hint));
    const crashes = isInLog("ERROR", hint, deployment) ? this.#crashLines(deployment) : new Map<number, Written[]>();
    return (minute) => {
      const pods = rules.length === 0 ? [] : servingPods(deployment, minute * MINUTE);
      const lines = rules.flatMap(({ rule, purpose }) => ruleLines(rule, purpose, minute, pods, chance));
      return [...lines, ...(crashes.get(minute) ?? [])].map((line) => entryOf(deployment, line));
    };
  }

  #crashLines(deployment: SimulatedDeployment): Map<number, Written[]> {
    const byMinute = new Map<number, Written[]>();
    for (const [index, { pod, at, lines }] of this.#state.crashes.entries()) {
      if (pod.deployment !== deployment) continue;
      const minute = Math.floor(msOf(at) / MINUTE);
      const written = lines.map((text, line) => {
        // Within its own minute, so that the minutes stay ordered.
        const atMs = Math.min(msOf(at) + line, (minute + 1) * MINUTE - 1);
        return { atMs, pod, severity: "ERROR" as const, text, serial: `crash${index}-${line}` };
      });
      byMinute.set(minute, [...(byMinute.get(minute) ?? []), ...written]);
    }
    return byMinute;
  }
}

/** What stands in every entry of a workload, besides ids. */
function fixedWords({ options }: SimulatedDeployment): readonly string[] {
  const { project, location, cluster, namespace, name, container, selector } = options;
  const labels = Object.entries(selector).flat();
  return ["k8s_container", "stdout", "stderr", project, location, cluster, namespace, name, container, ...labels];
}

function volumeRule(linesPerMinute: number, { options }: SimulatedDeployment): PodLogRule {
  const lines = [`INFO:     ${options.container} handled a message`];
  return { namespace: options.namespace, name: options.name, perHour: linesPerMinute * 60, lines, severity: "INFO" };
}

function ruleLines(
  rule: PodLogRule,
  purpose: string,
  minute: number,
  pods: readonly SimulatedPod[],
  chance: ReturnType<typeof chanceOf>,
): readonly Written[] {
  const startMs = minute * MINUTE;
  if (rule.from !== undefined && startMs + MINUTE <= msOf(rule.from)) return [];
  if (rule.until !== undefined && startMs >= msOf(rule.until)) return [];
  const writers = rule.digest === undefined ? pods : pods.filter(({ digest }) => digest === rule.digest);
  const rate = rule.perHour / 60;
  const count = Math.floor(rate) + (chance(`${purpose}/count`, minute, 0) < rate % 1 ? 1 : 0);
  const severity = rule.severity ?? "ERROR";
  const written: Written[] = [];
  for (let index = 0; index < count; index++) {
    const pod = writers[Math.floor(chance(`${purpose}/pod`, minute, index) * writers.length)];
    const atMs = startMs + Math.floor(chance(`${purpose}/at`, minute, index) * (MINUTE - rule.lines.length));
    if (pod === undefined || !isWithin(rule, atMs)) continue;
    for (const [line, text] of rule.lines.entries()) {
      written.push({ atMs: atMs + line, pod, severity, text, serial: `${purpose}-${index}-${line}` });
    }
  }
  return written;
}

function isWithin({ from, until }: PodLogRule, atMs: number): boolean {
  return (from === undefined || atMs >= msOf(from)) && (until === undefined || atMs < msOf(until));
}

/** Pods that have started and are not on their way out at that moment; the past does not change when later pods come. */
function servingPods(deployment: SimulatedDeployment, atMs: number): readonly SimulatedPod[] {
  const startupMs = deployment.options.startupMs ?? 30_000;
  return deployment.pods.filter(
    ({ createdAt, deletedAt, behaviour }) =>
      (behaviour.kind === "healthy" || behaviour.kind === "crash") &&
      msOf(createdAt) + startupMs <= atMs &&
      (deletedAt === undefined || msOf(deletedAt) > atMs),
  );
}

function mayMatch({ options }: SimulatedDeployment, { resourceLabels }: EntryHint): boolean {
  const labels: Readonly<Record<string, string>> = {
    project_id: options.project,
    location: options.location,
    cluster_name: options.cluster,
    namespace_name: options.namespace,
    container_name: options.container,
  };
  return Object.entries(resourceLabels).every(([key, value]) => labels[key] === undefined || labels[key] === value);
}

function isInLog(severity: string, hint: EntryHint, { options }: SimulatedDeployment): boolean {
  const logName = logNameOf(options.project, severity);
  const names = [...(hint.logName === undefined ? [] : [hint.logName]), ...(hint.logNames ?? [])];
  return names.length === 0 || names.includes(logName);
}

/** Whatever a container writes to stderr is an ERROR to the agent. */
function logNameOf(project: string, severity: string): string {
  return `projects/${project}/logs/${severity === "ERROR" ? "stderr" : "stdout"}`;
}

function entryOf({ options }: SimulatedDeployment, { atMs, pod, severity, text, serial }: Written): SimulatedEntry {
  const podLabels = Object.entries(options.selector).map(([key, value]) => [
    `k8s-pod/${key.replaceAll(".", "_")}`,
    value,
  ]);
  return {
    logName: logNameOf(options.project, severity),
    insertId: `${options.name}-${atMs.toString(36)}-${serial}`.replaceAll("/", "-"),
    timestamp: nanos(instant(atMs)),
    receiveTimestamp: nanos(instant(atMs + RECEIVED_AFTER_MS)),
    severity,
    resource: {
      type: "k8s_container",
      labels: {
        project_id: options.project,
        location: options.location,
        cluster_name: options.cluster,
        namespace_name: options.namespace,
        pod_name: pod.name,
        container_name: options.container,
      },
    },
    labels: { ...(Object.fromEntries(podLabels) as Record<string, string>), "k8s-pod/pod-template-hash": pod.hash },
    textPayload: text,
  };
}

function nanos(at: Instant): string {
  return `${at.slice(0, -1)}000000Z`;
}
