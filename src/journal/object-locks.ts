/** Locks and holds of services in a bucket: all in one object, compared and replaced. Does not decide who should have one. */
import { fenceToRenew, hasPlentyLeft, isInTheWay } from "./lock-rules.ts";
import { z } from "zod";
import { type Instant, instantSchema, plusMs } from "../model/time.ts";
import type { ObjectStore } from "./object-store.ts";
import { JournalError, type LockEntry, type Locks } from "./state.ts";

const KEY = "locks.json";
/** Lost races before a writer gives up: each one means that somebody else wrote. */
const MOST_RACES = 50;

/** One object makes "all or none" true by itself, and its fences outlive the locks, so that they only grow. */
export class ObjectLocks implements Locks {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async lock(
    services: readonly string[],
    run: string,
    owner: string,
    now: Instant,
    ttlMs: number,
    because: string,
  ): Promise<{ fence: number } | { blockedBy: readonly LockEntry[] }> {
    return this.#change<{ fence: number } | { blockedBy: readonly LockEntry[] }>((table) => {
      const present = select(table, services);
      const blockedBy = present.filter((entry) => isInTheWay(entry, run, now));
      if (blockedBy.length > 0) return { answer: { blockedBy } };
      const known = fenceToRenew(services, present, run, owner);
      if (known !== undefined && hasPlentyLeft(present, now, ttlMs)) return { answer: { fence: known } };
      const fence = known ?? nextFence(table, services);
      const entries = services.map((service): LockEntry => {
        const own = present.find((entry) => entry.service === service && entry.run === run);
        const since = own?.since ?? now;
        return { service, run, kind: "lock", owner, since, until: plusMs(now, ttlMs), fence, because };
      });
      return { answer: { fence }, table: withEntries(table, entries, fence) };
    });
  }

  async unlock(services: readonly string[], run: string): Promise<void> {
    await this.#change((table) => {
      const own = select(table, services).filter((entry) => entry.run === run && entry.kind === "lock");
      return { answer: undefined, ...without(table, own) };
    });
  }

  async hold(services: readonly string[], run: string, owner: string, now: Instant, because: string): Promise<void> {
    await this.#change((table) => {
      const fence = nextFence(table, services);
      const entries = services.map((service): LockEntry => ({
        service,
        run,
        kind: "hold",
        owner,
        since: now,
        fence,
        because,
      }));
      return { answer: undefined, table: withEntries(table, entries, fence) };
    });
  }

  async clear(services: readonly string[], kind: "lock" | "hold"): Promise<readonly LockEntry[]> {
    return this.#change((table) => {
      const removed = select(table, services).filter((entry) => entry.kind === kind);
      return { answer: removed, ...without(table, removed) };
    });
  }

  async entries(services?: readonly string[]): Promise<readonly LockEntry[]> {
    const found = await this.#store.read(KEY, tableSchema);
    return found === undefined ? [] : select(found.value, services);
  }

  /** Decides by the table as it is, and writes only over that very table. Without a new table nothing is written. */
  async #change<T>(decide: (table: Table) => { readonly answer: T; readonly table?: Table }): Promise<T> {
    for (let race = 0; race < MOST_RACES; race++) {
      const found = await this.#store.read(KEY, tableSchema);
      const { answer, table } = decide(found?.value ?? EMPTY);
      if (table === undefined) return answer;
      const replaced = { ...table, writer: this.#store.writer, changes: table.changes + 1 };
      if ((await this.#store.replace(KEY, replaced, found?.generation ?? "absent")) !== undefined) return answer;
    }
    throw new JournalError("busy", `Too many change the locks in ${this.#store.location} at once.`);
  }
}

/** By service. */
function select(table: Table, services?: readonly string[]): readonly LockEntry[] {
  return Object.values(table.entries)
    .filter(({ service }) => services === undefined || services.includes(service))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}

function withEntries(table: Table, entries: readonly LockEntry[], fence: number): Table {
  const byService = entries.map((entry) => [entry.service, entry] as const);
  const fences = entries.map(({ service }) => [service, fence] as const);
  return {
    ...table,
    entries: { ...table.entries, ...Object.fromEntries(byService) },
    fences: { ...table.fences, ...Object.fromEntries(fences) },
  };
}

function without(table: Table, gone: readonly LockEntry[]): { readonly table?: Table } {
  if (gone.length === 0) return {};
  const left = Object.entries(table.entries).filter(([service]) => !gone.some((entry) => entry.service === service));
  return { table: { ...table, entries: Object.fromEntries(left) } };
}

function nextFence(table: Table, services: readonly string[]): number {
  return Math.max(0, ...services.map((service) => table.fences[service] ?? 0)) + 1;
}

const entrySchema: z.ZodType<LockEntry> = z.strictObject({
  service: z.string(),
  run: z.string(),
  kind: z.enum(["lock", "hold"]),
  owner: z.string(),
  since: instantSchema,
  until: instantSchema.exactOptional(),
  fence: z.number().int(),
  because: z.string(),
});

const tableSchema = z.strictObject({
  v: z.literal(1),
  /** Who wrote it, and how often it was written: no two writings are equal. */
  writer: z.string(),
  changes: z.number().int(),
  entries: z.record(z.string(), entrySchema),
  fences: z.record(z.string(), z.number().int()),
});
type Table = z.infer<typeof tableSchema>;

const EMPTY: Table = { v: 1, writer: "", changes: 0, entries: {}, fences: {} };
