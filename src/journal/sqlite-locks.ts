/** Locks and holds of services in SQLite: one entry per service. Does not decide who should have one. */
import { fenceToRenew, hasPlentyLeft, isInTheWay } from "./lock-rules.ts";
import { z } from "zod";
import { type Instant, instantSchema, plusMs } from "../model/time.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { LockEntry, Locks } from "./state.ts";

export class SqliteLocks implements Locks {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  async lock(
    services: readonly string[],
    run: string,
    owner: string,
    now: Instant,
    ttlMs: number,
    because: string,
  ): Promise<{ fence: number } | { blockedBy: readonly LockEntry[] }> {
    return this.#database.transaction(() => {
      const present = this.#select(services);
      const blockedBy = present.filter((entry) => isInTheWay(entry, run, now));
      if (blockedBy.length > 0) return { blockedBy };
      const known = fenceToRenew(services, present, run, owner);
      if (known !== undefined && hasPlentyLeft(present, now, ttlMs)) return { fence: known };
      const fence = known ?? this.#nextFence(services);
      for (const service of services) {
        const own = present.find((entry) => entry.service === service && entry.run === run);
        const since = own?.since ?? now;
        this.#write({ service, run, kind: "lock", owner, since, until: plusMs(now, ttlMs), fence, because });
      }
      return { fence };
    });
  }

  async unlock(services: readonly string[], run: string): Promise<void> {
    this.#database.transaction(() => {
      for (const service of services) {
        this.#database.run("DELETE FROM locks WHERE service = ? AND run = ? AND kind = 'lock'", service, run);
      }
    });
  }

  async hold(services: readonly string[], run: string, owner: string, now: Instant, because: string): Promise<void> {
    this.#database.transaction(() => {
      const fence = this.#nextFence(services);
      for (const service of services) this.#write({ service, run, kind: "hold", owner, since: now, fence, because });
    });
  }

  async clear(services: readonly string[], kind: "lock" | "hold"): Promise<readonly LockEntry[]> {
    return this.#database.transaction(() => {
      const removed = this.#select(services).filter((entry) => entry.kind === kind);
      for (const { service } of removed) this.#database.run("DELETE FROM locks WHERE service = ?", service);
      return removed;
    });
  }

  async entries(services?: readonly string[]): Promise<readonly LockEntry[]> {
    return this.#select(services);
  }

  /** By service. */
  #select(services?: readonly string[]): readonly LockEntry[] {
    const rows =
      services === undefined
        ? this.#database.all("SELECT * FROM locks ORDER BY service")
        : this.#database.all(
            "SELECT * FROM locks WHERE service IN (SELECT value FROM json_each(?)) ORDER BY service",
            JSON.stringify(services),
          );
    return rows.map((row) => entrySchema.parse(row));
  }

  #nextFence(services: readonly string[]): number {
    const row = this.#database.get(
      "SELECT coalesce(max(fence), 0) + 1 AS fence FROM fences WHERE service IN (SELECT value FROM json_each(?))",
      JSON.stringify(services),
    );
    const fence = Number(row?.["fence"]);
    for (const service of services) {
      this.#database.run("INSERT OR REPLACE INTO fences (service, fence) VALUES (?, ?)", service, fence);
    }
    return fence;
  }

  #write(entry: LockEntry): void {
    this.#database.run(
      `INSERT OR REPLACE INTO locks (service, run, kind, owner, since, until, fence, because)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.service,
      entry.run,
      entry.kind,
      entry.owner,
      entry.since,
      entry.until ?? null,
      entry.fence,
      entry.because,
    );
  }
}

const entrySchema = z
  .object({
    service: z.string(),
    run: z.string(),
    kind: z.enum(["lock", "hold"]),
    owner: z.string(),
    since: instantSchema,
    until: instantSchema.nullable(),
    fence: z.number(),
    because: z.string(),
  })
  .transform(({ until, ...entry }): LockEntry => (until === null ? entry : { ...entry, until }));
