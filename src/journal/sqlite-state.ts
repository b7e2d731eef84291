/** The state in one SQLite file: for one machine, any number of processes. Opens it and hands out its parts. */
import { resolve } from "node:path";
import { type DatabaseOptions, openDatabase } from "./sqlite-database.ts";
import { SqliteEvidence } from "./sqlite-evidence.ts";
import { SqliteInbox } from "./sqlite-inbox.ts";
import { SqliteJournal } from "./sqlite-journal.ts";
import { SqliteLocks } from "./sqlite-locks.ts";
import type { State } from "./state.ts";

/**
 * Creates the file where there is none. ":memory:" keeps nothing. Throws JournalError: `corrupt` (damaged, or not ours),
 * `newer-schema`, `unwritable` (missing rights, a full disk), `busy` (another process kept it locked for 5 seconds).
 */
export async function openSqliteState(path: string, options: DatabaseOptions = {}): Promise<State> {
  const location = path === ":memory:" ? path : resolve(path);
  const database = await openDatabase(location, options);
  return {
    journal: new SqliteJournal(database),
    inbox: new SqliteInbox(database),
    evidence: new SqliteEvidence(database),
    locks: new SqliteLocks(database),
    location,
    async close() {
      database.close();
    },
  };
}
