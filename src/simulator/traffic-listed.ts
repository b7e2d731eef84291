/** What a listing wants of one service's logs, settled once for all of its minutes; makes no entry. */
import type { RunService } from "./cloud-run-model.ts";
import { couldMatch, type EntryHint } from "./log-source.ts";
import type { EntryPlace } from "./traffic-entries.ts";
import type { Surroundings } from "./traffic-minute.ts";

export const ORDINARY_LINE = "INFO: request handled";

export interface Listed {
  readonly place: EntryPlace;
  readonly around: Surroundings;
  /** The entries of requests; only of those that failed. */
  readonly requests: boolean;
  readonly onlyFailing: boolean;
  /** What the container wrote; also the lines that show only that it is alive. */
  readonly lines: boolean;
  readonly ordinaryLines: boolean;
}

export function isMeant(service: RunService, { resourceLabels: labels }: EntryHint): boolean {
  const is = (label: string, value: string): boolean => labels[label] === undefined || labels[label] === value;
  return is("project_id", service.project) && is("location", service.region) && is("service_name", service.name);
}

export function listedOf(service: RunService, around: Surroundings, hint: EntryHint): Listed {
  const wants = (log: string): boolean =>
    (hint.logName === undefined || hint.logName.endsWith(`%2F${log}`)) &&
    (hint.logNames === undefined || hint.logNames.some((name) => name.endsWith(`%2F${log}`)));
  const words = [ORDINARY_LINE, "cloud_run_revision", "stdout", service.key, ...service.revisions.keys()];
  return {
    place: { service, chance: around.chance },
    around,
    requests: wants("requests"),
    onlyFailing: (hint.minStatus ?? 0) > 299 || ["WARNING", "ERROR", "CRITICAL"].includes(hint.minSeverity ?? ""),
    lines: hint.minStatus === undefined && (wants("stdout") || wants("stderr")),
    ordinaryLines: couldMatch("INFO", words, hint),
  };
}
