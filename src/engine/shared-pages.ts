/**
 * The log for many askers: what is asked for in the same moment, and differs by service only, is one read; what was read just
 * now is not read again. Waits for nobody.
 */
import { type Instant, msBetween, SECOND } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogPage, LogQuery, Logs } from "../ports/logs.ts";
import { AskedTogether } from "./asked-together.ts";

/** Checks that ask the same, of one look or of runs that are due together, get the same page. */
const PAGE_KEPT_MS = 30 * SECOND;
/** An empty page counts as one. */
const MOST_RECORDS_KEPT = 20_000;
/** A filter may have 20,000 characters; a service takes a few hundred. */
const MOST_TOGETHER = 25;

interface Kept {
  readonly at: Instant;
  readonly page: Promise<LogPage>;
  /** 0 while it is read. */
  records: number;
}

export function sharingPages(logs: Logs, clock: Pick<Clock, "now">): Logs {
  /** The oldest first. */
  const pages = new Map<string, Kept>();
  const gathering = new AskedTogether<LogQuery, LogPage>({
    kindOf: ({ target, version: _version, ...rest }) => JSON.stringify([target.project, rest]),
    alone: (query, signal) => logs.page(query, undefined, signal),
    together: (queries, signal) => logs.together?.(queries, signal),
    most: MOST_TOGETHER,
  });
  const isFresh = ({ at }: Kept): boolean => msBetween(at, clock.now()) < PAGE_KEPT_MS;
  const forgetOldest = (): void => {
    let room = MOST_RECORDS_KEPT;
    for (const [key, kept] of [...pages].toReversed()) {
      room -= Math.max(1, kept.records);
      if (room < 0 || !isFresh(kept)) pages.delete(key);
    }
  };
  return {
    link: (query) => logs.link(query),
    tail: (query, most, signal) => logs.tail(query, most, signal),
    page: async (query, pageToken, signal) => {
      const key = JSON.stringify([query, pageToken]);
      const known = pages.get(key);
      if (known !== undefined && isFresh(known)) return known.page;
      const isFirst = pageToken === undefined && isSparse(query);
      const page = isFirst ? gathering.ask(query, signal) : logs.page(query, pageToken, signal);
      const kept: Kept = { at: clock.now(), page, records: 0 };
      pages.delete(key);
      pages.set(key, kept);
      const keep = ({ records }: LogPage): void => {
        kept.records = records.length;
        forgetOldest();
      };
      page.then(keep, () => pages.delete(key));
      return page;
    },
  };
}

/** Errors are few; of everything else the first service alone fills a page. */
function isSparse({ minStatus, minSeverity }: LogQuery): boolean {
  return minStatus !== undefined || minSeverity !== undefined;
}
