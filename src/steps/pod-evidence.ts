/** What a failing pod itself says: its last events and the last lines of its log, cut and without secrets. Reads only. */
import { consoleLink } from "../model/console-link.ts";
import { type Redaction, SECRETS_ONLY, redact } from "../model/redact.ts";
import { PortFailure } from "../model/error.ts";
import type { Need } from "../model/needs.ts";
import type { KubernetesTarget } from "../model/service.ts";
import type { GroupFinding } from "../model/verdict.ts";
import type { Kubernetes } from "../ports/kubernetes.ts";
import type { PodFailure } from "./pod-failures.ts";

const LOG_LINES = 8;
const EVENTS = 3;
const LINE_LENGTH = 200;
const TEXT_LENGTH = 500;

/** Of whoever views a workload with its pods and asks failing ones why. */
export const POD_NEEDS: readonly Need[] = [
  "kubernetes:workload=get",
  "kubernetes:revisions=list",
  "kubernetes:pods=list",
  "kubernetes:pods/log=get",
  "kubernetes:events=list",
];

export interface PodEvidence {
  readonly events: readonly string[];
  readonly log: readonly string[];
}

/** Never throws a PortFailure: without its log a failing pod is still failing. */
export async function podEvidence(
  kubernetes: Kubernetes,
  target: KubernetesTarget,
  { pod, container }: PodFailure,
  signal: AbortSignal,
  redaction: Redaction,
): Promise<PodEvidence> {
  if (pod === undefined) return { events: [], log: [] };
  const events = await orNone(() => kubernetes.events(target, pod.name, signal));
  if (container === undefined) return { events: shownEvents(events, redaction), log: [] };
  const readLog = (previous: boolean): Promise<readonly string[]> =>
    orNone(() => kubernetes.podLog(target, pod.name, container.name, { lines: LOG_LINES, previous }, signal));
  const previous = container.restarts > 0 ? await readLog(true) : [];
  const log = previous.length > 0 ? previous : await readLog(false);
  return {
    events: shownEvents(events, redaction),
    log: log.map((line) => clean(line, redaction)),
  };
}

function shownEvents(events: readonly { reason: string; message: string }[], redaction: Redaction): readonly string[] {
  return events.slice(-EVENTS).map(({ reason, message }) => clean(`${reason}: ${message}`, redaction));
}

/** The failure as a finding of a check: the reason as group, the pod's own words as example. */
export function failureGroup(failure: PodFailure, count: number, minutes: number, evidence: PodEvidence): GroupFinding {
  const words = [...evidence.log, ...evidence.events, `try: ${failure.advice}`].join("\n");
  return {
    group: `${failure.reason} in ${failure.container?.name ?? (failure.pod === undefined ? "the workload" : "its pods")}`,
    kind: "new",
    baseline: { errors: 0, requests: "unknown", minutes: 0 },
    candidate: { errors: count, requests: "unknown", minutes: Math.max(0, Math.round(minutes)) },
    example: words,
  };
}

/** "…-x7k2p: CrashLoopBackOff, 3 restarts, last exit 1 (Error): ImportError: cannot import name 'x'" */
export function tellFailure({ pod, text }: PodFailure, { log, events }: PodEvidence): string {
  const word = log.at(-1) ?? events.at(-1);
  const told = word === undefined || text.includes(word) ? "" : `: ${word}`;
  return `${pod === undefined ? "" : `${pod.name}: `}${clean(text, SECRETS_ONLY, TEXT_LENGTH)}${told}`;
}

/** Opens the workload in the console; absent without the cluster's location. */
export function workloadLink(target: KubernetesTarget): { readonly link?: string } {
  const link = consoleLink(target);
  return link === undefined ? {} : { link };
}

async function orNone<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PortFailure && error.kind !== "aborted") return [];
    throw error;
  }
}

/** The journal keeps this: control characters and secrets go before, not when it is shown. */
function clean(line: string, redaction: Redaction, length = LINE_LENGTH): string {
  const visible = line.slice(0, 4 * length).replace(/\p{Cc}/gu, " ");
  const safe = redact(visible, redaction);
  return safe.length > length ? `${safe.slice(0, length - 1)}…` : safe;
}
