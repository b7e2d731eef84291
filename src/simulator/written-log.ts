/** Log entries of the simulated cloud that somebody wrote at a moment, one by one, and that are kept. Makes none up. */
import { type Instant, msOf } from "../model/time.ts";
import type { EntryHint, LogSource, SimulatedEntry } from "./log-source.ts";

/** From the container to Cloud Logging. */
const RECEIVED_AFTER_MS = 900;

export type Line = Pick<SimulatedEntry, "logName" | "severity" | "resource" | "labels" | "textPayload">;

export class WrittenLog implements LogSource {
  readonly #entries: SimulatedEntry[] = [];

  /** In order of time. */
  write(at: Instant, line: Line): void {
    const serial = String(this.#entries.length).padStart(6, "0");
    this.#entries.push({
      ...line,
      insertId: `written-${serial}`,
      // Lines of one moment stay in the order in which they were written.
      timestamp: `${at.slice(0, -1)}${serial}Z`,
      receiveTimestamp: `${new Date(msOf(at) + RECEIVED_AFTER_MS).toISOString().slice(0, -1)}000000Z`,
    });
  }

  *entries(since: Instant, until: Instant, hint: EntryHint): Iterable<SimulatedEntry> {
    if (hint.minStatus !== undefined) return;
    for (const entry of this.#entries) {
      const at = entry.timestamp.slice(0, 23);
      if (hint.resourceType !== undefined && entry.resource.type !== hint.resourceType) continue;
      if (at >= since.slice(0, 23) && at < until.slice(0, 23)) yield entry;
    }
  }
}
