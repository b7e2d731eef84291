/**
 * The log for many askers: what is asked for in the same moment, and differs by service only, is one read; what was read just
 * now is not read again. Waits for nobody: the moment is what runs without waiting for anything outside.
 */
import { nextTick } from "node:process";
import { PortFailure } from "../model/error.ts";
import { type Instant, msBetween, SECOND } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogPage, LogQuery, Logs } from "../ports/logs.ts";

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
  const moment = new Moment(logs);
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
      const page = isFirst ? moment.page(query, signal) : logs.page(query, pageToken, signal);
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

interface Asked {
  readonly query: LogQuery;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (page: LogPage) => void;
  readonly reject: (reason: unknown) => void;
}

class Moment {
  readonly #logs: Logs;
  readonly #asked = new Map<string, Asked[]>();

  constructor(logs: Logs) {
    this.#logs = logs;
  }

  page(query: LogQuery, signal: AbortSignal | undefined): Promise<LogPage> {
    const { target, version: _version, ...rest } = query;
    const key = JSON.stringify([target.project, rest]);
    return new Promise((resolve, reject) => {
      const asked = { query, signal, resolve, reject };
      const alike = this.#asked.get(key);
      if (alike !== undefined && alike.length < MOST_TOGETHER && alike[0]?.signal === signal) {
        alike.push(asked);
        return;
      }
      const together = [asked];
      this.#asked.set(key, together);
      // Runs when everything that does not wait for something outside has run: whoever asks the same now has asked by then.
      nextTick(() => {
        if (this.#asked.get(key) === together) this.#asked.delete(key);
        void this.#read(together);
      });
    });
  }

  async #read(asked: readonly Asked[]): Promise<void> {
    try {
      const pages = await this.#together(asked);
      for (const [index, one] of asked.entries()) {
        const page = pages?.[index];
        if (page === undefined) this.#logs.page(one.query, undefined, one.signal).then(one.resolve, one.reject);
        else one.resolve(page);
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  /** Undefined: each is to be asked for itself. */
  async #together(asked: readonly Asked[]): Promise<readonly LogPage[] | undefined> {
    if (asked.length === 1) return undefined;
    const queries = asked.map(({ query }) => query);
    try {
      return await this.#logs.together?.(queries, asked[0]?.signal);
    } catch (error) {
      // One of them may be the reason.
      if (error instanceof PortFailure && (error.kind === "invalid" || error.kind === "malformed")) return undefined;
      throw error;
    }
  }
}
