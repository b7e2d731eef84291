/** A consistent copy of a SQLite state while others write to it. Never replaces a file. */
import { closeSync, openSync, rmSync, statSync } from "node:fs";
import { openDatabase, translate } from "./sqlite-database.ts";
import { JournalError } from "./state.ts";

/** The copy is private (0600), whole, and has no write-ahead log. Throws JournalError; what was begun of it is removed. */
export async function backupSqlite(path: string, to: string): Promise<{ readonly bytes: number }> {
  requireState(path);
  const database = await openDatabase(path);
  try {
    createNew(to);
    try {
      // https://sqlite.org/lang_vacuum.html#vacuuminto: one read transaction, into a file that is empty.
      database.run("VACUUM INTO ?", to);
    } catch (error) {
      rmSync(to, { force: true });
      throw error;
    }
    return { bytes: statSync(to).size };
  } finally {
    database.close();
  }
}

/** Opening would create it. */
function requireState(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    throw translate(error, path);
  }
}

function createNew(to: string): void {
  try {
    closeSync(openSync(to, "wx", 0o600));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST")
      throw new JournalError("exists", `${to} is there already, and a backup never replaces a file.`);
    throw translate(error, to);
  }
}
