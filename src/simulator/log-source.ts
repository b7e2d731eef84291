/** Who writes log entries in the simulated cloud. The logging server merges the sources and applies the filter. */
import type { Instant } from "../model/time.ts";

/** A LogEntry as the Cloud Logging API has it in JSON (google.logging.v2.LogEntry). */
export interface SimulatedEntry {
  readonly logName: string;
  readonly insertId: string;
  /** RFC 3339 with nine digits of fraction. */
  readonly timestamp: string;
  /** The same form; the entry is visible from then on. */
  readonly receiveTimestamp: string;
  readonly severity: "DEFAULT" | "DEBUG" | "INFO" | "NOTICE" | "WARNING" | "ERROR" | "CRITICAL";
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  readonly labels?: Readonly<Record<string, string>>;
  readonly textPayload?: string;
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
  readonly httpRequest?: {
    readonly requestMethod: string;
    readonly requestUrl: string;
    readonly status: number;
    readonly latency: string;
    readonly remoteIp?: string;
    readonly userAgent?: string;
  };
  readonly trace?: string;
}

/** What the filter certainly requires, so that a source need not make entries that cannot match. */
export interface EntryHint extends ContentHint {
  readonly resourceType?: string;
  readonly logName?: string;
  /** One of these, where the filter lists alternatives. */
  readonly logNames?: readonly string[];
  readonly resourceLabels: Readonly<Record<string, string>>;
  readonly minStatus?: number;
}

/** What it requires of an entry's severity and text. */
export interface ContentHint {
  /** One of LogEntry's severities, upper case. */
  readonly minSeverity?: string;
  /** Lower case: at least one of these stands somewhere in every match. */
  readonly texts?: readonly string[];
  /** Every match obeys one of these. */
  readonly oneOf?: readonly ContentHint[];
}

const SEVERITIES: readonly string[] = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"];

/** False when no entry of that severity made of these fixed words (and of ids and numbers besides) can match. */
export function couldMatch(
  severity: SimulatedEntry["severity"],
  words: readonly string[],
  { minSeverity = "DEFAULT", texts, oneOf }: ContentHint,
): boolean {
  if (SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(minSeverity)) return false;
  if (oneOf !== undefined && !oneOf.some((one) => couldMatch(severity, words, one))) return false;
  if (texts === undefined) return true;
  const all = words.join("\n").toLowerCase();
  return texts.some((text) => all.includes(text) || /^[a-z0-9-]{0,5}$/.test(text));
}

export interface LogSource {
  /** Entries with since <= timestamp < until, ascending; the same call always gives the same entries. */
  entries(since: Instant, until: Instant, hint: EntryHint): Iterable<SimulatedEntry>;
}
