/** Messages to runs in SQLite. Does not act on them. */
import { z } from "zod";
import { canonicalJson } from "../model/json.ts";
import { type Instant, instantSchema } from "../model/time.ts";
import { messageSchema } from "./message-schema.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { type Inbox, JournalError, type MessageBody } from "./state.ts";

const rowSchema = z.object({ id: z.number(), at: instantSchema, message: z.string() });

export class SqliteInbox implements Inbox {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  async send(run: string, message: MessageBody, at: Instant): Promise<void> {
    this.#database.run(
      "INSERT INTO messages (run, at, message) VALUES (?, ?, ?)",
      run,
      at,
      canonicalJson(messageSchema.parse(message)),
    );
  }

  async pending(
    run: string,
  ): Promise<readonly { readonly id: number; readonly message: MessageBody; readonly at: Instant }[]> {
    const rows = this.#database.all(
      "SELECT id, at, message FROM messages WHERE run = ? AND taken = 0 ORDER BY id",
      run,
    );
    return rows.map((row) => {
      const { id, at, message: text } = rowSchema.parse(row);
      const message = messageSchema.safeParse(JSON.parse(text));
      if (message.success) return { id, at, message: message.data };
      throw new JournalError("corrupt", `Message ${id} to the run ${run} in ${this.#database.path} cannot be used.`);
    });
  }

  async taken(run: string, id: number): Promise<void> {
    this.#database.run("UPDATE messages SET taken = 1 WHERE run = ? AND id = ?", run, id);
  }
}
