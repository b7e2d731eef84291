/** The Cloud Logging filter of a query, every value quoted so that no text can add a clause; sends nothing. */
import { PortFailure } from "../model/error.ts";
import type { LogQuery } from "../ports/logs.ts";

/** OR binds tighter than AND in this language, so every group is in parentheses. */
export function logFilter(query: LogQuery): string {
  return [
    ...resourceClauses(query),
    logClause(query),
    `timestamp>=${quote(query.since)}`,
    `timestamp<${quote(query.until)}`,
    ...(query.minStatus === undefined ? [] : [`httpRequest.status>=${query.minStatus}`]),
    ...(query.belowStatus === undefined ? [] : [`httpRequest.status<${query.belowStatus}`]),
    ...(query.onRoute === undefined
      ? []
      : [
          `httpRequest.requestMethod=${quote(query.onRoute.method)}`,
          `httpRequest.requestUrl:${quote(query.onRoute.path)}`,
        ]),
    ...contentClauses(query),
  ].join(" AND ");
}

function contentClauses({ minSeverity, containsAny = [], orContainsAny = [] }: LogQuery): readonly string[] {
  const clauses = [
    ...(minSeverity === undefined ? [] : [`severity>=${minSeverity}`]),
    ...(containsAny.length === 0 ? [] : [`(${containsAny.map(quote).join(" OR ")})`]),
  ];
  if (clauses.length === 0 || orContainsAny.length === 0) return clauses;
  return [`(${[`(${clauses.join(" AND ")})`, ...orContainsAny.map(quote)].join(" OR ")})`];
}

function resourceClauses({ target, log, version }: LogQuery): readonly string[] {
  if (target.platform === "cloud-run") {
    return [
      `resource.type="cloud_run_revision"`,
      `resource.labels.location=${quote(target.region)}`,
      `resource.labels.service_name=${quote(target.service)}`,
      ...(version === undefined ? [] : [`resource.labels.revision_name=${quote(version)}`]),
    ];
  }
  if (target.platform === "cloud-run-job") {
    return [
      `resource.type="cloud_run_job"`,
      `resource.labels.location=${quote(target.region)}`,
      `resource.labels.job_name=${quote(target.job)}`,
      ...(version === undefined ? [] : [`labels."run.googleapis.com/execution_name"=${quote(version)}`]),
    ];
  }
  return [
    // What the platform says about pods (events) is logged on the pod, what containers write on the container.
    `resource.type="${log === "platform" ? "k8s_pod" : "k8s_container"}"`,
    ...(target.location === undefined ? [] : [`resource.labels.location=${quote(target.location)}`]),
    `resource.labels.cluster_name=${quote(target.cluster)}`,
    `resource.labels.namespace_name=${quote(target.namespace)}`,
    `resource.labels.pod_name=~${quote(`^${escapeRe2(target.name)}-`)}`,
    ...(version === undefined || log === "platform" ? [] : [`labels."k8s-pod/pod-template-hash"=${quote(version)}`]),
  ];
}

function logClause({ target, log }: LogQuery): string {
  const name = (id: string): string => `logName=${quote(`projects/${target.project}/logs/${id}`)}`;
  if (target.platform === "kubernetes") {
    if (log === "requests") throw new PortFailure("invalid", "Kubernetes workloads have no request log");
    return log === "platform" ? name("events") : `(${name("stdout")} OR ${name("stderr")})`;
  }
  const written = [name("run.googleapis.com%2Fstdout"), name("run.googleapis.com%2Fstderr")];
  const told = name("run.googleapis.com%2Fvarlog%2Fsystem");
  switch (log) {
    case "requests":
      if (target.platform === "cloud-run-job") throw new PortFailure("invalid", "Cloud Run jobs have no request log");
      return name("run.googleapis.com%2Frequests");
    case "application":
      return `(${written.join(" OR ")})`;
    case "platform":
      return told;
    case "output":
      return `(${[...written, told].join(" OR ")})`;
  }
}

/** A string literal of the filter language. */
export function quote(text: string): string {
  const escaped = text
    .toWellFormed()
    .replaceAll(/[\\"]/g, String.raw`\$&`)
    .replaceAll(
      // oxlint-disable-next-line no-control-regex -- control characters have no place in a filter
      /[\u0000-\u001f\u007f]/g,
      (control) => `\\u${(control.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
    );
  return `"${escaped}"`;
}

function escapeRe2(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}
