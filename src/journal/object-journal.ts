/** The events of runs in a bucket, and the leases to append to them. Does not interpret events beyond their ending. */
import type { EventBody, RunEvent } from "../model/event.ts";
import { type Instant, plusMs } from "../model/time.ts";
import { type LogView, ObjectLog } from "./object-log.ts";
import type { ObjectStore } from "./object-store.ts";
import { ObjectSummaries } from "./object-summaries.ts";
import { type Journal, JournalError, type Lease, type LeaseRefused, type RunSummary } from "./state.ts";

/** Logs kept in memory: what was read of a run is not read again. */
const MOST_LOGS = 200;

export class ObjectJournal implements Journal {
  readonly #store: ObjectStore;
  readonly #summaries: ObjectSummaries;
  readonly #logs = new Map<string, ObjectLog>();

  constructor(store: ObjectStore) {
    this.#store = store;
    this.#summaries = new ObjectSummaries(store);
  }

  async create(run: string, runbook: string, first: EventBody, at: Instant): Promise<void> {
    // The summary first: should this process die before the event, a summary without a run is passed over; the other way
    // round nobody would ever look for the run. Due at once for the same reason.
    await this.#summaries.create({ run, runbook, createdAt: at });
    const isNew = await this.#log(run).write<boolean>(({ events }) =>
      events.length > 0
        ? { answer: false }
        : { entry: { kind: "event", fence: 0, event: { ...first, v: 1, run, seq: 1, at } }, answered: true },
    );
    if (!isNew) {
      throw new JournalError("exists", `The run ${run} is already in the state ${this.#store.location}.`);
    }
  }

  async append(lease: Lease, expectedSeq: number, body: EventBody, at: Instant): Promise<{ fresh: boolean }> {
    const log = this.#log(lease.run);
    if (!holds(log.view, lease) || log.view.events.length < expectedSeq) await log.sync();
    const fresh = await log.write<boolean>((view) => {
      requireHeld(view, lease);
      const last = view.events.length;
      if (last > expectedSeq) return { answer: false };
      if (last < expectedSeq)
        throw log.corrupt(last + 1, `event ${expectedSeq} was read before, and now it is missing`);
      const event: RunEvent = { ...body, v: 1, run: lease.run, seq: expectedSeq + 1, at };
      return { entry: { kind: "event", fence: lease.fence, event }, answered: true };
    });
    if (fresh) await this.#noteEnding(lease.run, body, at);
    return { fresh };
  }

  async read(run: string, afterSeq = 0): Promise<readonly RunEvent[]> {
    const { events } = await this.#log(run).sync();
    return events.slice(afterSeq);
  }

  async runs(filter: { runbook?: string; finished?: boolean; limit?: number } = {}): Promise<readonly RunSummary[]> {
    return this.#summaries.select(filter);
  }

  async schedule(lease: Lease, dueAt: Instant | undefined): Promise<void> {
    const log = this.#log(lease.run);
    // The summary is replaced only if nobody has written it since before the lease was looked at: a holder that was taken
    // over in between writes nothing over its successor's word.
    await this.#summaries.change(lease.run, dueAt, async () => {
      const view = await log.sync();
      requireHeld(view, lease);
      return view.events;
    });
  }

  async acquire(run: string, owner: string, now: Instant, ttlMs: number): Promise<Lease | LeaseRefused> {
    const log = this.#log(run);
    const expiresAt = plusMs(now, ttlMs);
    await log.sync();
    return log.write<Lease | LeaseRefused>(({ events, lease: held }) => {
      if (events.length === 0) throw log.corrupt(1, "there is no such run");
      if (held?.owner === owner) {
        const lease = { ...held, expiresAt, ttlMs };
        return { entry: { kind: "lease", lease }, answered: { run, owner, fence: held.fence, expiresAt } };
      }
      if (held !== undefined && held.owner !== null && held.expiresAt > now) {
        return { answer: { heldBy: held.owner, since: held.since, until: held.expiresAt } };
      }
      const fence = (held?.fence ?? 0) + 1;
      const lease = { fence, owner, since: now, expiresAt, ttlMs };
      return { entry: { kind: "lease", lease }, answered: { run, owner, fence, expiresAt } };
    });
  }

  /** Releasing what was lost meanwhile is no error. */
  async release(lease: Lease): Promise<void> {
    await this.#log(lease.run).write<undefined>((view) =>
      view.lease === undefined || !holds(view, lease)
        ? { answer: undefined }
        : { entry: { kind: "lease", lease: { ...view.lease, owner: null } }, answered: undefined },
    );
  }

  /** The summary first: should this process die in between, nobody lists half a run. */
  async remove(run: string): Promise<void> {
    const [first] = await this.read(run);
    if (first !== undefined) await this.#summaries.remove(run, first.at);
    const name = encodeURIComponent(run);
    for (const prefix of [`inbox/${name}/`, `samples/${name}/`, `log/${name}/`]) {
      for (const key of await this.#store.list(prefix)) await this.#store.remove(key);
    }
    this.#logs.delete(run);
  }

  /**
   * An ending is due to be told, a rollback to be carried out, a paused run is not due. The event is durable whatever becomes of this: the next
   * turn's `schedule` says the same again, so a failure here is nobody's news.
   */
  async #noteEnding(run: string, { type }: EventBody, at: Instant): Promise<void> {
    if (type !== "run-finished" && type !== "rollback-decided" && type !== "run-paused") return;
    const log = this.#log(run);
    try {
      await this.#summaries.change(run, type === "run-paused" ? undefined : at, async () => log.view.events);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
    }
  }

  #log(run: string): ObjectLog {
    const known = this.#logs.get(run) ?? new ObjectLog(this.#store, run);
    this.#logs.delete(run);
    this.#logs.set(run, known);
    for (const oldest of this.#logs.keys()) {
      if (this.#logs.size <= MOST_LOGS) break;
      this.#logs.delete(oldest);
    }
    return known;
  }
}

/** An expired lease that nobody took over is still its holder's. */
function holds({ lease: held }: LogView, lease: Lease): boolean {
  return held !== undefined && held.fence === lease.fence && held.owner === lease.owner;
}

function requireHeld(view: LogView, lease: Lease): void {
  if (holds(view, lease)) return;
  throw new JournalError("lease-lost", `The run ${lease.run} is carried on by another process.`);
}
