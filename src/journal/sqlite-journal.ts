/** The events of runs in SQLite, and the leases to append to them. Does not interpret events beyond their ending. */
import { z } from "zod";
import { type EventBody, type RunEvent, runEventSchema } from "../model/event.ts";
import { digestOf } from "../model/json.ts";
import { type Instant, instantSchema, plusMs } from "../model/time.ts";
import type { Row, SqliteDatabase } from "./sqlite-database.ts";
import { type Journal, JournalError, type Lease, type LeaseRefused, type RunSummary } from "./state.ts";

/** Runs listed when the caller gives no limit. */
const DEFAULT_LIMIT = 1_000;

export class SqliteJournal implements Journal {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  async create(run: string, runbook: string, first: EventBody, at: Instant): Promise<void> {
    this.#database.transaction(() => {
      if (this.#database.get("SELECT 1 FROM runs WHERE run = ?", run) !== undefined) {
        throw new JournalError("exists", `The run ${run} is already in the state ${this.#database.path}.`);
      }
      // Due at once: should this process die here, whoever looks for due runs finds it.
      const insert = "INSERT INTO runs (run, runbook, created_at, due_at) VALUES (?, ?, ?, ?)";
      this.#database.run(insert, run, runbook, at, at);
      this.#insert({ ...first, v: 1, run, seq: 1, at }, 0);
    });
  }

  async append(lease: Lease, expectedSeq: number, body: EventBody, at: Instant): Promise<{ fresh: boolean }> {
    return this.#database.transaction(() => {
      this.#renew(lease, at);
      const last = this.#lastSeq(lease.run);
      if (last > expectedSeq) return { fresh: false };
      if (last < expectedSeq) {
        throw this.#corrupt(lease.run, last + 1, `events up to ${expectedSeq} were read before, and now it is missing`);
      }
      this.#insert({ ...body, v: 1, run: lease.run, seq: expectedSeq + 1, at }, lease.fence);
      this.#noteEnding(lease.run, body, at);
      return { fresh: true };
    });
  }

  async read(run: string, afterSeq = 0): Promise<readonly RunEvent[]> {
    const rows = this.#database.all(
      "SELECT seq, event, digest FROM events WHERE run = ? AND seq > ? ORDER BY seq",
      run,
      afterSeq,
    );
    return rows.map((row, index) => this.#event(run, afterSeq + 1 + index, row));
  }

  async runs(filter: { runbook?: string; finished?: boolean; limit?: number } = {}): Promise<readonly RunSummary[]> {
    const rows = this.#database.all(
      `SELECT run, runbook, created_at, finished, due_at FROM runs
       WHERE (?1 IS NULL OR runbook = ?1) AND (?2 IS NULL OR finished = ?2)
       ORDER BY created_at DESC, rowid DESC LIMIT ?3`,
      filter.runbook ?? null,
      filter.finished === undefined ? null : Number(filter.finished),
      filter.limit ?? DEFAULT_LIMIT,
    );
    return rows.map((row) => summarySchema.parse(row));
  }

  async schedule(lease: Lease, dueAt: Instant | undefined): Promise<void> {
    this.#database.transaction(() => {
      this.#checkHeld(lease);
      const finished = dueAt === undefined && this.#hasEnded(lease.run);
      const schedule = "UPDATE runs SET due_at = ?, finished = ? WHERE run = ?";
      this.#database.run(schedule, dueAt ?? null, Number(finished), lease.run);
    });
  }

  async acquire(run: string, owner: string, now: Instant, ttlMs: number): Promise<Lease | LeaseRefused> {
    const expiresAt = plusMs(now, ttlMs);
    return this.#database.transaction(() => {
      const row = this.#database.get("SELECT owner, fence, since, expires_at FROM leases WHERE run = ?", run);
      const held = row === undefined ? undefined : leaseSchema.parse(row);
      if (held !== undefined && held.owner === owner) {
        const renew = "UPDATE leases SET expires_at = ?, ttl_ms = ? WHERE run = ?";
        this.#database.run(renew, expiresAt, ttlMs, run);
        return { run, owner, fence: held.fence, expiresAt };
      }
      if (held !== undefined && held.owner !== null && held.expires_at > now) {
        return { heldBy: held.owner, since: held.since, until: held.expires_at };
      }
      const fence = (held?.fence ?? 0) + 1;
      const take =
        "INSERT OR REPLACE INTO leases (run, owner, fence, since, expires_at, ttl_ms) VALUES (?, ?, ?, ?, ?, ?)";
      this.#database.run(take, run, owner, fence, now, expiresAt, ttlMs);
      return { run, owner, fence, expiresAt };
    });
  }

  /** Releasing what was lost meanwhile is no error. */
  async release(lease: Lease): Promise<void> {
    const free = "UPDATE leases SET owner = NULL WHERE run = ? AND owner = ? AND fence = ?";
    this.#database.run(free, lease.run, lease.owner, lease.fence);
  }

  async remove(run: string): Promise<void> {
    this.#database.transaction(() => {
      for (const table of ["events", "leases", "messages", "samples", "runs"]) {
        this.#database.run(`DELETE FROM ${table} WHERE run = ?`, run);
      }
    });
  }

  /** An expired lease that nobody took over is still ours. */
  #checkHeld(lease: Lease): { ttl_ms: number } {
    const held = this.#database.get(
      "SELECT ttl_ms FROM leases WHERE run = ? AND owner = ? AND fence = ?",
      lease.run,
      lease.owner,
      lease.fence,
    );
    if (held !== undefined) return ttlSchema.parse(held);
    throw new JournalError("lease-lost", `The run ${lease.run} is carried on by another process.`);
  }

  #renew(lease: Lease, at: Instant): void {
    const { ttl_ms: ttlMs } = this.#checkHeld(lease);
    // A writer whose clock is behind must not shorten it.
    const renew = "UPDATE leases SET expires_at = max(expires_at, ?) WHERE run = ?";
    this.#database.run(renew, plusMs(at, ttlMs), lease.run);
  }

  #lastSeq(run: string): number {
    const row = this.#database.get("SELECT max(seq) AS last FROM events WHERE run = ?", run);
    const last = row?.["last"];
    if (typeof last === "number") return last;
    throw this.#corrupt(run, 1, "there is no such run");
  }

  #insert(event: RunEvent, fence: number): void {
    // What could not be read back must not be written.
    // Keys keep their order: that of a plan's services is the order in which they are put back.
    const text = JSON.stringify(runEventSchema.parse(JSON.parse(JSON.stringify(event))));
    const insert = "INSERT INTO events (run, seq, event, digest, fence) VALUES (?, ?, ?, ?, ?)";
    this.#database.run(insert, event.run, event.seq, text, digestOf(text), fence);
  }

  /** An ending is due to be told, a rollback to be carried out, whatever becomes of the process that wrote it. */
  #noteEnding(run: string, body: EventBody, at: Instant): void {
    if (body.type === "run-finished" || body.type === "rollback-decided") {
      this.#database.run("UPDATE runs SET finished = 0, due_at = ? WHERE run = ?", at, run);
    }
    if (body.type === "run-paused") this.#database.run("UPDATE runs SET due_at = NULL WHERE run = ?", run);
  }

  #hasEnded(run: string): boolean {
    const last = this.#database.get(
      `SELECT event ->> 'type' AS type FROM events
       WHERE run = ? AND event ->> 'type' IN ('run-finished', 'rollback-decided') ORDER BY seq DESC LIMIT 1`,
      run,
    );
    return last?.["type"] === "run-finished";
  }

  #event(run: string, seq: number, row: Row): RunEvent {
    const { seq: found, event: text, digest } = rowSchema.parse(row);
    if (found !== seq) throw this.#corrupt(run, seq, "it is missing");
    if (digestOf(text) !== digest) throw this.#corrupt(run, seq, "its text does not match its digest");
    const parsed = runEventSchema.safeParse(jsonOf(text));
    if (!parsed.success) throw this.#corrupt(run, seq, z.prettifyError(parsed.error));
    const event = parsed.data as RunEvent;
    if (event.run !== run || event.seq !== seq) throw this.#corrupt(run, seq, "it is another event");
    return event;
  }

  #corrupt(run: string, seq: number, because: string): JournalError {
    const message = `Event ${seq} of the run ${run} in ${this.#database.path} cannot be used: ${because}.`;
    return new JournalError("corrupt", message);
  }
}

/** Undefined when the text is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const rowSchema = z.object({ seq: z.number(), event: z.string(), digest: z.string() });

const leaseSchema = z.object({
  owner: z.string().nullable(),
  fence: z.number(),
  since: instantSchema,
  expires_at: instantSchema,
});

const ttlSchema = z.object({ ttl_ms: z.number() });

const summarySchema = z
  .object({
    run: z.string(),
    runbook: z.string(),
    created_at: instantSchema,
    finished: z.number(),
    due_at: instantSchema.nullable(),
  })
  .transform((row): RunSummary => ({
    run: row.run,
    runbook: row.runbook,
    createdAt: row.created_at,
    finished: row.finished === 1,
    ...(row.due_at === null ? {} : { dueAt: row.due_at }),
  }));
