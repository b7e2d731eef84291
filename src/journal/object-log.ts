/** The one log of a run in a bucket: events and changes of its lease in one order that the store decides. */
import { z } from "zod";
import { type RunEvent, runEventSchema } from "../model/event.ts";
import { canonicalJson, digestOf } from "../model/json.ts";
import { type Instant, instantSchema, plusMs } from "../model/time.ts";
import type { ObjectStore } from "./object-store.ts";
import { JournalError } from "./state.ts";

/** Who may append now: folded from the log. Without an owner the lease is free. */
export interface LogLease {
  readonly fence: number;
  readonly owner: string | null;
  readonly since: Instant;
  readonly expiresAt: Instant;
  readonly ttlMs: number;
}

/** What the log says as far as it is known here. It grows, and never changes what it has said. */
export interface LogView {
  readonly events: readonly RunEvent[];
  readonly lease: LogLease | undefined;
}

/** What may be written: an event under a fence (0: by whoever created the run), or the lease as it is from here on. */
export type LogEntry =
  | { readonly kind: "event"; readonly fence: number; readonly event: RunEvent }
  | { readonly kind: "lease"; readonly lease: LogLease };

/** An answer at once, or an entry whose durable writing is the answer. */
export type Decision<T> = { readonly answer: T } | { readonly entry: LogEntry; readonly answered: T };

/** Lost races before a writer gives up: each one means that somebody else wrote. */
const MOST_RACES = 100;

/**
 * `log/RUN/00000001.json`, `…02.json`, …: every slot is created once, only where there is none, and never changed. A slot
 * is an event, or the lease taken, renewed or given back. So whoever writes slot N has read every slot before it, and of
 * two who try one succeeds: fence and sequence are decided by the same write. A holder whose lease was taken over cannot
 * append: the slot that it believes to be the next is taken, by the take-over or by what came before that, and reading on
 * shows it the higher fence. No clock and no second object takes part in this.
 */
export class ObjectLog {
  readonly #store: ObjectStore;
  readonly #run: string;
  readonly #prefix: string;
  readonly #events: RunEvent[] = [];
  #lease: LogLease | undefined;
  #slots = 0;
  /** Writers of this process take turns: two equal entries of theirs would be taken for one that was sent twice. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: ObjectStore, run: string) {
    this.#store = store;
    this.#run = run;
    this.#prefix = `log/${encodeURIComponent(run)}/`;
  }

  get view(): LogView {
    return { events: this.#events, lease: this.#lease };
  }

  /** Reads what was written since. */
  async sync(): Promise<LogView> {
    const keys = await this.#store.list(this.#prefix, this.#slots === 0 ? undefined : this.#key(this.#slots));
    const slots = await this.#store.readAll(keys, slotSchema);
    for (const [index, key] of keys.entries()) {
      const number = Number(key.slice(this.#prefix.length, -".json".length));
      // Another reader of this process may have been faster.
      if (number <= this.#slots) continue;
      const slot = slots[index];
      if (slot === undefined || number !== this.#slots + 1) throw this.corrupt(this.#slots + 1, "it is missing");
      this.#accept(number, slot);
    }
    return this.view;
  }

  /**
   * Decides by what the log says, and writes the decision as its next slot. Where another writer was faster, what it wrote
   * is read and the decision made again.
   */
  write<T>(decide: (view: LogView) => Decision<T>): Promise<T> {
    const mine = this.#turn.then(() => this.#write(decide));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  corrupt(slot: number, because: string): JournalError {
    return this.#store.corrupt(`Slot ${slot} of the log of run ${this.#run}`, because);
  }

  async #write<T>(decide: (view: LogView) => Decision<T>): Promise<T> {
    if (this.#slots === 0) await this.sync();
    for (let race = 0; race < MOST_RACES; race++) {
      const decision = decide(this.view);
      if ("answer" in decision) return decision.answer;
      const number = this.#slots + 1;
      const slot = this.#slotOf(decision.entry);
      if ((await this.#store.create(this.#key(number), slot)) === undefined) {
        await this.sync();
        continue;
      }
      // A reader of this process may have seen it already.
      if (this.#slots < number) this.#accept(number, slot);
      return decision.answered;
    }
    throw new JournalError("busy", `Too many write to the run ${this.#run} in ${this.#store.location} at once.`);
  }

  /** With the writer's name: an equal slot that is found in a slot's place was written by us, and its answer was lost. */
  #slotOf(entry: LogEntry): Slot {
    const { writer } = this.#store;
    if (entry.kind === "lease") return { ...entry, v: 1, writer };
    // What could not be read back must not be written.
    // Keys keep their order: that of a plan's services is the order in which they are put back.
    const text = JSON.stringify(runEventSchema.parse(JSON.parse(JSON.stringify(entry.event))));
    const event = JSON.parse(text) as Record<string, unknown>;
    return { kind: "event", v: 1, writer, fence: entry.fence, digest: digestOf(canonicalJson(event)), event };
  }

  #accept(number: number, slot: Slot): void {
    if (slot.kind === "lease") this.#lease = slot.lease;
    else this.#acceptEvent(number, slot);
    this.#slots = number;
  }

  #acceptEvent(number: number, slot: Extract<Slot, { kind: "event" }>): void {
    if (digestOf(canonicalJson(slot.event)) !== slot.digest) {
      throw this.corrupt(number, "its text does not match its digest");
    }
    const parsed = runEventSchema.safeParse(slot.event);
    if (!parsed.success) throw this.corrupt(number, z.prettifyError(parsed.error));
    const event = parsed.data as RunEvent;
    if (event.run !== this.#run || event.seq !== this.#events.length + 1) {
      throw this.corrupt(number, "it is another event");
    }
    if (slot.fence !== (this.#lease?.fence ?? 0)) throw this.corrupt(number, "its writer did not hold the lease");
    this.#events.push(event);
    if (this.#lease === undefined) return;
    // An append renews the lease; a writer whose clock is behind does not shorten it.
    const renewed = plusMs(event.at, this.#lease.ttlMs);
    if (renewed > this.#lease.expiresAt) this.#lease = { ...this.#lease, expiresAt: renewed };
  }

  #key(slot: number): string {
    return `${this.#prefix}${String(slot).padStart(8, "0")}.json`;
  }
}

const slotSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("event"),
    v: z.literal(1),
    writer: z.string(),
    fence: z.number().int(),
    digest: z.string(),
    event: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    kind: z.literal("lease"),
    v: z.literal(1),
    writer: z.string(),
    lease: z.strictObject({
      fence: z.number().int(),
      owner: z.string().nullable(),
      since: instantSchema,
      expiresAt: instantSchema,
      ttlMs: z.number(),
    }),
  }),
]);
type Slot = z.infer<typeof slotSchema>;
