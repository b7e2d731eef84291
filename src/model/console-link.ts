/** Where a service is seen in Google Cloud's console. An address only: nobody is asked whether it is there. */
import type { ServiceTarget } from "./service.ts";

/** The revisions of a Cloud Run service, or a workload; undefined for a cluster whose location is not known. */
export function consoleLink(target: ServiceTarget): string | undefined {
  const at = (words: readonly string[]): string =>
    `https://console.cloud.google.com/${words.map(encoded).join("/")}?project=${encoded(target.project)}`;
  if (target.platform === "cloud-run") return at(["run", "detail", target.region, target.service, "revisions"]);
  if (target.platform === "cloud-run-job")
    return at(["run", "jobs", "details", target.region, target.job, "executions"]);
  const { kind, location, cluster, namespace, name } = target;
  return location === undefined
    ? undefined
    : at(["kubernetes", kind.toLowerCase(), location, cluster, namespace, name, "overview"]);
}

/** Names come from a runbook and from snapshots: half a character would be thrown out. */
function encoded(word: string): string {
  return encodeURIComponent(word.toWellFormed());
}
