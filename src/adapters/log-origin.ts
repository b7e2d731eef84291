/** Where the entries of a query come from: the clauses that say so, and whether an entry obeys them. Quotes and sends nothing. */
import { PortFailure } from "../model/error.ts";
import type { LogQuery } from "../ports/logs.ts";

/** `field`: a path of LogEntry in the filter language. */
export type Clause =
  | { readonly field: string; readonly isOneOf: readonly string[] }
  | { readonly field: string; readonly startsWith: string };

/** The part of an entry that tells where it comes from. */
export interface Origin {
  readonly logName: string;
  readonly resource?:
    | {
        readonly type?: string | null | undefined;
        readonly labels?: Readonly<Record<string, string>> | null | undefined;
      }
    | null
    | undefined;
  readonly labels?: Readonly<Record<string, string>> | null | undefined;
}

export function originOf(query: LogQuery): readonly Clause[] {
  return [...resourceClauses(query), logClause(query)];
}

export function comesFrom(clauses: readonly Clause[], entry: Origin): boolean {
  return clauses.every((clause) => {
    const value = valueAt(entry, clause.field);
    if (value === undefined) return false;
    return "startsWith" in clause ? value.startsWith(clause.startsWith) : clause.isOneOf.includes(value);
  });
}

const LABEL = "resource.labels.";

function valueAt({ logName, resource, labels }: Origin, field: string): string | undefined {
  if (field === "logName") return logName;
  if (field === "resource.type") return resource?.type ?? undefined;
  if (field.startsWith(LABEL)) return resource?.labels?.[field.slice(LABEL.length)];
  return labels?.[/^labels\."(.+)"$/.exec(field)?.[1] ?? ""];
}

function resourceClauses({ target, log, version }: LogQuery): readonly Clause[] {
  if (target.platform === "cloud-run") {
    return [
      is("resource.type", "cloud_run_revision"),
      is("resource.labels.location", target.region),
      is("resource.labels.service_name", target.service),
      ...(version === undefined ? [] : [is("resource.labels.revision_name", version)]),
    ];
  }
  if (target.platform === "cloud-run-job") {
    return [
      is("resource.type", "cloud_run_job"),
      is("resource.labels.location", target.region),
      is("resource.labels.job_name", target.job),
      ...(version === undefined ? [] : [is(`labels."run.googleapis.com/execution_name"`, version)]),
    ];
  }
  return [
    // What the platform says about pods (events) is logged on the pod, what containers write on the container.
    is("resource.type", log === "platform" ? "k8s_pod" : "k8s_container"),
    ...(target.location === undefined ? [] : [is("resource.labels.location", target.location)]),
    is("resource.labels.cluster_name", target.cluster),
    is("resource.labels.namespace_name", target.namespace),
    { field: "resource.labels.pod_name", startsWith: `${target.name}-` },
    ...(version === undefined || log === "platform" ? [] : [is(`labels."k8s-pod/pod-template-hash"`, version)]),
  ];
}

function logClause({ target, log }: LogQuery): Clause {
  const names = (...ids: readonly string[]): Clause => ({
    field: "logName",
    isOneOf: ids.map((id) => `projects/${target.project}/logs/${id}`),
  });
  if (target.platform === "kubernetes") {
    if (log === "requests") throw new PortFailure("invalid", "Kubernetes workloads have no request log");
    return log === "platform" ? names("events") : names("stdout", "stderr");
  }
  const written = ["run.googleapis.com%2Fstdout", "run.googleapis.com%2Fstderr"];
  const told = "run.googleapis.com%2Fvarlog%2Fsystem";
  switch (log) {
    case "requests":
      if (target.platform === "cloud-run-job") throw new PortFailure("invalid", "Cloud Run jobs have no request log");
      return names("run.googleapis.com%2Frequests");
    case "application":
      return names(...written);
    case "platform":
      return names(told);
    case "output":
      return names(...written, told);
  }
}

function is(field: string, value: string): Clause {
  return { field, isOneOf: [value] };
}
