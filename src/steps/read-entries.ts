/** Reads the log entries of a query, page by page, up to a limit; oldest first, each entry once. Judges nothing. */
import { PortFailure } from "../model/error.ts";
import { type Instant, floorToMinute, instant } from "../model/time.ts";
import type { LogPage, LogQuery, LogRecord, Logs } from "../ports/logs.ts";
import { SeenEntries } from "../verdict/seen-entries.ts";

/** Of 1,000 entries each. The read quota (often 60 a minute) is the whole project's. */
export const MAX_PAGES = 50;

export interface Reading {
  /** Everything before this was read: the query's end, or the minute in which the limit was reached. */
  readonly completeUntil: Instant;
  /** The limit was reached. */
  readonly isCut: boolean;
  /** Why reading stopped early, after some minutes had been read: keep those, then throw it. */
  readonly failure?: PortFailure;
}

/**
 * Calls `take` for every entry before `completeUntil`. Entries of the minute in which the limit was reached are not taken:
 * half a minute would look like a better one. Throws PortFailure when not a single minute could be read.
 */
export async function readEntries(
  logs: Logs,
  query: LogQuery,
  signal: AbortSignal,
  take: (record: LogRecord, atMs: number) => void,
  maxPages = MAX_PAGES,
): Promise<Reading> {
  const seen = new SeenEntries();
  let minute: { readonly at: Instant; readonly held: [LogRecord, number][] } | undefined;
  const release = (): void => {
    for (const [record, atMs] of minute?.held ?? []) take(record, atMs);
  };
  let token: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const answer = await pageOrFailure(logs, query, token, signal);
    if (answer instanceof PortFailure) {
      if (minute === undefined || minute.at <= query.since) throw answer;
      return { completeUntil: minute.at, isCut: false, failure: answer };
    }
    for (const record of answer.records) {
      if (!seen.isNew(record.logName, record.timestamp, record.insertId)) continue;
      const atMs = Date.parse(record.timestamp);
      const at = floorToMinute(instant(atMs));
      if (minute === undefined || minute.at < at) {
        release();
        minute = { at, held: [] };
      }
      minute.held.push([record, atMs]);
    }
    token = answer.nextPageToken;
    if (token === undefined || token === "") {
      release();
      return { completeUntil: query.until, isCut: false };
    }
  }
  return { completeUntil: minute?.at ?? query.since, isCut: true };
}

async function pageOrFailure(
  logs: Logs,
  query: LogQuery,
  token: string | undefined,
  signal: AbortSignal,
): Promise<LogPage | PortFailure> {
  try {
    return await logs.page(query, token, signal);
  } catch (error) {
    if (error instanceof PortFailure) return error;
    throw error;
  }
}
