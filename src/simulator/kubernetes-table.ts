/** The table form in which kubectl asks for lists of pods and deployments. */
import { type Instant, formatDuration, instant, msBetween } from "../model/time.ts";
import type { ApiObject } from "./kubernetes-objects.ts";

/** The table of a list or an object; undefined when none was asked for or none is known for the resource. */
export function asTable(accept: string, resource: string, found: unknown, now: Instant): unknown {
  const columns = COLUMNS[resource];
  if (!accept.includes("as=Table") || columns === undefined) return undefined;
  const { items, metadata } = found as { items?: ApiObject[]; metadata: unknown };
  const objects = items ?? [found as ApiObject];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: columns.map(([name]) => ({ name, type: "string", format: name === "Name" ? "name" : "" })),
    rows: objects.map((object) => ({
      cells: columns.map(([, cell]) => cell(object, now)),
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata },
    })),
  };
}

type Column = readonly [name: string, cell: (object: ApiObject, now: Instant) => string];

const name: Column = ["Name", ({ metadata }) => metadata.name];
const age: Column = [
  "Age",
  ({ metadata }, now) => {
    const { creationTimestamp } = metadata as { creationTimestamp?: string };
    return creationTimestamp === undefined ? "<unknown>" : formatDuration(msBetween(instant(creationTimestamp), now));
  },
];

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  pods: [
    name,
    ["Ready", (pod) => `${containers(pod).filter(({ ready }) => ready).length}/${Math.max(1, containers(pod).length)}`],
    ["Status", podStatus],
    ["Restarts", (pod) => String(containers(pod).reduce((sum, { restartCount }) => sum + restartCount, 0))],
    age,
  ],
  deployments: [
    name,
    ["Ready", ({ spec, status }) => `${count(status, "readyReplicas")}/${count(spec, "replicas")}`],
    ["Up-to-date", ({ status }) => `${count(status, "updatedReplicas")}`],
    ["Available", ({ status }) => `${count(status, "availableReplicas")}`],
    age,
  ],
};

interface ContainerStatus {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: {
    readonly waiting?: { readonly reason: string };
    readonly terminated?: { readonly reason: string };
  };
}

function containers(pod: ApiObject): readonly ContainerStatus[] {
  return (pod["status"] as { containerStatuses?: ContainerStatus[] }).containerStatuses ?? [];
}

function podStatus(pod: ApiObject): string {
  if ("deletionTimestamp" in pod.metadata) return "Terminating";
  const state = containers(pod)[0]?.state;
  const { phase } = pod["status"] as { phase: string };
  return state?.waiting?.reason ?? state?.terminated?.reason ?? phase;
}

function count(part: unknown, key: string): number {
  return ((part as Record<string, unknown> | undefined)?.[key] as number | undefined) ?? 0;
}
