/** The schema of the SQLite state, forward only: each entry brings the file from version N to N + 1. */
import type { DatabaseSync } from "node:sqlite";
import { JournalError } from "./state.ts";

/** "rnbk": tells our files from other SQLite files. */
const APPLICATION_ID = 0x726e626b;

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE runs (
    run TEXT PRIMARY KEY,
    runbook TEXT NOT NULL,
    created_at TEXT NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0,
    due_at TEXT
  ) STRICT;
  CREATE INDEX runs_by_age ON runs (created_at DESC);
  CREATE TABLE events (
    run TEXT NOT NULL REFERENCES runs (run),
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    digest TEXT NOT NULL,
    fence INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
  ) STRICT, WITHOUT ROWID;
  -- A released lease keeps its row: the next fence must be higher.
  CREATE TABLE leases (
    run TEXT PRIMARY KEY,
    owner TEXT,
    fence INTEGER NOT NULL,
    since TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ttl_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    at TEXT NOT NULL,
    message TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX messages_pending ON messages (run, id) WHERE taken = 0;
  CREATE TABLE evidence (digest TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT;
  CREATE TABLE samples (
    run TEXT NOT NULL,
    key TEXT NOT NULL,
    sample TEXT NOT NULL,
    PRIMARY KEY (run, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE locks (
    service TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('lock', 'hold')),
    owner TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT,
    fence INTEGER NOT NULL,
    because TEXT NOT NULL
  ) STRICT;
  -- Outlives the locks, so that fences only grow.
  CREATE TABLE fences (service TEXT PRIMARY KEY, fence INTEGER NOT NULL) STRICT;`,
];

/** Brings the file to this version. Throws JournalError for a newer schema and for somebody else's database. */
export function migrate(database: DatabaseSync, path: string): void {
  if (readNumber(database, "user_version") === MIGRATIONS.length) return checkOurs(database, path);
  database.exec("BEGIN IMMEDIATE");
  try {
    // Read again: another process may have migrated meanwhile.
    const version = readNumber(database, "user_version");
    checkOurs(database, path);
    if (version > MIGRATIONS.length) {
      throw new JournalError(
        "newer-schema",
        `The state ${path} was written by a newer runbook (schema ${version}, this one knows ${MIGRATIONS.length}): use that version.`,
      );
    }
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function checkOurs(database: DatabaseSync, path: string): void {
  if (readNumber(database, "application_id") === APPLICATION_ID) return;
  const tables = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.["tables"];
  if (tables === 0) return;
  throw new JournalError("corrupt", `${path} is a database of something else than runbook: name another file.`);
}

function readNumber(database: DatabaseSync, pragma: "user_version" | "application_id"): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}
