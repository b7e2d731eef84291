/** Messages to runs in a bucket: each an object that is written once. Does not act on them. */
import { z } from "zod";
import { type Instant, instantSchema } from "../model/time.ts";
import { messageSchema } from "./message-schema.ts";
import type { ObjectStore } from "./object-store.ts";
import { type Inbox, JournalError, type MessageBody } from "./state.ts";

/** Lost races before a sender gives up: each one means that somebody else sent. */
const MOST_RACES = 100;

/**
 * `inbox/RUN/00000001.json`, and `00000001.taken` beside it once its event is durable. Nothing is deleted: a number that
 * could be used again might let `taken` swallow a message that nobody has read.
 */
export class ObjectInbox implements Inbox {
  readonly #store: ObjectStore;
  #sent = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async send(run: string, message: MessageBody, at: Instant): Promise<void> {
    const writer = `${this.#store.writer}/${++this.#sent}`;
    const stored = { v: 1, writer, at, message: messageSchema.parse(message) };
    for (let race = 0; race < MOST_RACES; race++) {
      const ids = (await this.#store.list(prefixOf(run))).map(idOf);
      const key = keyOf(run, Math.max(0, ...ids) + 1);
      if ((await this.#store.create(key, stored)) !== undefined) return;
    }
    throw new JournalError("busy", `Too many send messages to the run ${run} in ${this.#store.location} at once.`);
  }

  async pending(
    run: string,
  ): Promise<readonly { readonly id: number; readonly message: MessageBody; readonly at: Instant }[]> {
    const keys = await this.#store.list(prefixOf(run));
    const taken = new Set(keys.filter((key) => key.endsWith(".taken")).map(idOf));
    const ids = keys.filter((key) => key.endsWith(".json") && !taken.has(idOf(key))).map(idOf);
    const stored = await this.#store.readAll(
      ids.map((id) => keyOf(run, id)),
      storedSchema,
    );
    return ids.flatMap((id, index) => {
      const found = stored[index];
      return found === undefined ? [] : [{ id, at: found.at, message: found.message }];
    });
  }

  async taken(run: string, id: number): Promise<void> {
    await this.#store.create(keyOf(run, id).replace(/json$/, "taken"), { v: 1 });
  }
}

function prefixOf(run: string): string {
  return `inbox/${encodeURIComponent(run)}/`;
}

function keyOf(run: string, id: number): string {
  return `${prefixOf(run)}${String(id).padStart(8, "0")}.json`;
}

function idOf(key: string): number {
  return Number.parseInt(key.slice(key.lastIndexOf("/") + 1), 10);
}

const storedSchema = z.strictObject({
  v: z.literal(1),
  writer: z.string(),
  at: instantSchema,
  message: messageSchema,
});
