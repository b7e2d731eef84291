/** entries.list of the simulated Cloud Logging: filter, order, paging and the read quota, whatever the protocol. Nothing is written. */
import { type Instant, instant, MINUTE, msOf } from "../model/time.ts";
import { ApiError, type GooglePlace, Status } from "./grpc-api.ts";
import { compileFilter, type LogFilter } from "./log-filter.ts";
import { FilterError } from "./log-filter-parser.ts";
import type { LogSource, SimulatedEntry } from "./log-source.ts";

export interface LoggingPlace extends GooglePlace {
  readonly logSources: readonly LogSource[];
  /** entries.list calls per project and minute of world time. Default 60. */
  readonly readsPerMinute?: number;
  /** The first page of every listing is empty and has a token, which the API allows itself. Default false. */
  readonly emptyFirstPage?: boolean;
}

export interface ListRequest {
  readonly resourceNames: readonly string[];
  readonly filter: string;
  readonly orderBy: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface Page {
  readonly entries: readonly SimulatedEntry[];
  readonly nextPageToken: string;
}

/** A listing under way: what is left of it, and its last page for a caller who asks again. */
interface Listing {
  readonly query: string;
  readonly entries: Iterator<SimulatedEntry>;
  ahead: SimulatedEntry | undefined;
  number: number;
  last: Page | undefined;
}

const MOST_LISTINGS = 64;

export class Listings {
  readonly #place: LoggingPlace;
  readonly #open = new Map<string, Listing>();
  readonly #reads = new Map<string, { minute: number; count: number }>();
  #next = 1;

  constructor(place: LoggingPlace) {
    this.#place = place;
  }

  page(request: ListRequest, isHeldBack: boolean): Page {
    const projects = projectsOf(request);
    for (const project of projects) this.#countRead(project);
    const size = request.pageSize === 0 ? 50 : request.pageSize;
    if (size < 0 || size > 1_000) throw new ApiError(Status.INVALID_ARGUMENT, "page_size must be between 1 and 1000.");
    const query = JSON.stringify([projects, request.filter, request.orderBy]);
    if (request.pageToken === "") {
      const isEmpty = isHeldBack || this.#place.emptyFirstPage === true;
      return this.#continue(String(this.#next++), this.#begin(query, request), size, isEmpty);
    }
    const [id, number] = request.pageToken.split(".");
    const listing = this.#open.get(id ?? "");
    if (id === undefined || listing === undefined || listing.query !== query) {
      throw new ApiError(Status.INVALID_ARGUMENT, "page_token doesn't match arguments from the request.");
    }
    if (Number(number) === listing.number - 1 && listing.last !== undefined) return listing.last;
    if (Number(number) !== listing.number) throw new ApiError(Status.INVALID_ARGUMENT, "page_token is not valid.");
    return this.#continue(id, listing, size, isHeldBack);
  }

  #begin(query: string, request: ListRequest): Listing {
    const filter = understood(request.filter);
    const projects = new Set(projectsOf(request));
    const entries = visible(this.#place, filter, projects);
    switch (request.orderBy) {
      case "":
      case "timestamp asc":
        return { query, entries, ahead: undefined, number: 0, last: undefined };
      case "timestamp desc":
        return { query, entries: [...entries].reverse().values(), ahead: undefined, number: 0, last: undefined };
      default:
        throw new ApiError(Status.INVALID_ARGUMENT, `order_by '${request.orderBy}' is not supported.`);
    }
  }

  #continue(id: string, listing: Listing, size: number, isHeldBack: boolean): Page {
    const entries: SimulatedEntry[] = [];
    listing.ahead ??= taken(listing.entries);
    while (!isHeldBack && listing.ahead !== undefined && entries.length < size) {
      entries.push(listing.ahead);
      listing.ahead = taken(listing.entries);
    }
    listing.number++;
    const isOver = listing.ahead === undefined && !isHeldBack;
    listing.last = { entries, nextPageToken: isOver ? "" : `${id}.${listing.number}` };
    this.#open.set(id, listing);
    if (this.#open.size > MOST_LISTINGS) this.#open.delete(this.#open.keys().next().value ?? "");
    return listing.last;
  }

  #countRead(project: string): void {
    const minute = Math.floor(msOf(this.#place.world.now) / MINUTE);
    const before = this.#reads.get(project);
    const count = before?.minute === minute ? before.count + 1 : 1;
    this.#reads.set(project, { minute, count });
    const limit = this.#place.readsPerMinute ?? 60;
    if (count > limit) {
      throw new ApiError(
        Status.RESOURCE_EXHAUSTED,
        `Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service ` +
          `'logging.googleapis.com' for consumer 'project:${project}'. quota_limit_value: ${limit}`,
      );
    }
  }
}

function projectsOf({ resourceNames }: ListRequest): readonly string[] {
  const projects = resourceNames.map((name) => /^projects\/([^/]+)$/.exec(name)?.[1]);
  if (projects.length === 0 || projects.includes(undefined)) {
    throw new ApiError(Status.INVALID_ARGUMENT, "resource_names must be projects/[PROJECT_ID].");
  }
  return projects as readonly string[];
}

function understood(text: string): LogFilter {
  try {
    return compileFilter(text);
  } catch (error) {
    if (error instanceof FilterError || error instanceof RangeError) {
      throw new ApiError(Status.INVALID_ARGUMENT, `Unparseable filter: ${error.message}`);
    }
    throw error;
  }
}

/** The matching entries of all sources in order of timestamp, of the past as far as it has been received. */
function* visible(
  place: LoggingPlace,
  filter: LogFilter,
  projects: ReadonlySet<string>,
): Generator<SimulatedEntry, void> {
  const now = place.world.now;
  // Without a lower bound the whole past would be made up: a week is what anybody asks for here.
  const since = filter.since ?? instant(msOf(now) - 7 * 24 * 60 * MINUTE);
  const until = filter.until === undefined || filter.until > now ? now : filter.until;
  for (const entry of merged(place.logSources.map((source) => source.entries(since, until, filter.hint)))) {
    const project = entry.logName.split("/")[1] ?? "";
    if (isReceived(entry, now) && projects.has(project) && filter.matches(entry)) yield entry;
  }
}

function isReceived(entry: SimulatedEntry, now: Instant): boolean {
  // To the millisecond: text of one length compares as time does.
  return entry.receiveTimestamp.slice(0, 23) <= now.slice(0, 23);
}

function* merged(sources: readonly Iterable<SimulatedEntry>[]): Generator<SimulatedEntry, void> {
  const heads = sources.flatMap((source) => {
    const iterator = source[Symbol.iterator]();
    const head = taken(iterator);
    return head === undefined ? [] : [{ iterator, head }];
  });
  while (heads.length > 0) {
    const first = heads.reduce((least, other) => (isBefore(other.head, least.head) ? other : least));
    yield first.head;
    const head = taken(first.iterator);
    if (head === undefined) heads.splice(heads.indexOf(first), 1);
    else first.head = head;
  }
}

function isBefore(a: SimulatedEntry, b: SimulatedEntry): boolean {
  return a.timestamp === b.timestamp ? a.insertId < b.insertId : a.timestamp < b.timestamp;
}

function taken(iterator: Iterator<SimulatedEntry>): SimulatedEntry | undefined {
  const step = iterator.next();
  return step.done === true ? undefined : step.value;
}
