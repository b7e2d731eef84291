/** Which series of Cloud Run's metrics are asked for, and whose each of them is. Sends nothing and reads no points. */
import { PortFailure } from "../model/error.ts";
import type { Served } from "../ports/metrics.ts";
import { quote } from "./log-filter.ts";

/** What tells services of a project apart. A reduced series keeps the labels by which it is grouped, and no others. */
export const SERVICE_FIELDS = ["resource.labels.location", "resource.labels.service_name"];
export const REVISION_FIELD = "resource.labels.revision_name";

export function projectOf(served: readonly Served[]): string {
  const [project, ...others] = new Set(served.map(({ target }) => target.project));
  if (project === undefined || others.length > 0) throw new RangeError("metrics are asked for one project at a time");
  return project;
}

/** https://cloud.google.com/monitoring/api/v3/filters: `one_of` for several values of a field. */
export function filterFor(metric: string, served: readonly Served[]): string {
  const isOneOf = (field: string, values: readonly string[]): string => {
    const quoted = [...new Set(values)].map(quote);
    return `${field}=${quoted.length === 1 ? quoted.join("") : `one_of(${quoted.join(",")})`}`;
  };
  const regions = served.map(({ target }) => target.region);
  const services = served.map(({ target }) => target.service);
  const revisions = served.flatMap(({ revision }) => revision ?? []);
  if (revisions.length > 0 && revisions.length < served.length) {
    throw new RangeError("latencies are asked for of revisions or of services, not of both");
  }
  return [
    `metric.type="run.googleapis.com/${metric}"`,
    `resource.type="cloud_run_revision"`,
    isOneOf("resource.labels.location", regions),
    isOneOf("resource.labels.service_name", services),
    ...(revisions.length === 0 ? [] : [isOneOf(REVISION_FIELD, revisions)]),
  ].join(" AND ");
}

/** The part of a series that tells what it is of. */
interface Labelled {
  readonly resource?: { readonly labels?: Readonly<Record<string, string>> | null | undefined } | null | undefined;
}

/** Each service's (and revision's) own series, in the order of `served`. */
export function apart<S extends Labelled>(served: readonly Served[], series: readonly S[]): readonly (readonly S[])[] {
  return served.map(({ target, revision }) =>
    series.filter(({ resource }) => {
      const { location, service_name: service, revision_name: name } = resource?.labels ?? {};
      if (location === undefined || service === undefined) {
        throw new PortFailure("malformed", "a series of Cloud Run without its service and location");
      }
      return location === target.region && service === target.service && (revision === undefined || name === revision);
    }),
  );
}
