/** One SQLite file: opening, transactions and the translation of its errors. Knows nothing of runs. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { messageOf } from "../model/error.ts";
import { migrate } from "./migrations.ts";
import { JournalError, type JournalProblem } from "./state.ts";

export type Row = Readonly<Record<string, unknown>>;

/** Every failure that crosses it is a JournalError with a sentence for people. Writes are synced when they return, if asked for. */
export class SqliteDatabase {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
  }

  /** `body` sees and changes a state that nobody else changes meanwhile; a throw undoes it. */
  transaction<T>(body: () => T): T {
    return this.#translated(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = body();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite has already rolled back after some errors (a full disk); a second attempt may fail, the first is the news.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  all(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#translated(() => this.#statement(sql).all(...values));
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#translated(() => this.#statement(sql).get(...values));
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#translated(() => this.#statement(sql).run(...values));
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #translated<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw translate(error, this.path);
    }
  }
}

export interface DatabaseOptions {
  /** Whether a write is on the disk when it returns, whatever happens to the machine. Default true. */
  readonly isSynced?: boolean;
}

/** Opens or creates the file (0600, its directory 0700) and brings it to this version's schema. ":memory:" stays in memory. */
export async function openDatabase(path: string, { isSynced = true }: DatabaseOptions = {}): Promise<SqliteDatabase> {
  const { DatabaseSync } = await sqlite();
  let database: DatabaseSync | undefined;
  try {
    if (path !== ":memory:") createPrivately(path);
    database = new DatabaseSync(path);
    // First of all: everything after it may have to wait for another process.
    database.exec("PRAGMA busy_timeout = 5000");
    const synced = isSynced ? "FULL" : "OFF";
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synced}; PRAGMA foreign_keys = ON`);
    migrate(database, path);
    return new SqliteDatabase(path, database);
  } catch (error) {
    database?.close();
    throw translate(error, path);
  }
}

/** node:sqlite says on Node 22 that it is experimental: true, decided, and nothing for an operator to read. */
async function sqlite(): Promise<typeof import("node:sqlite")> {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: never[]): void => {
    if (!messageOf(warning).startsWith("SQLite is an experimental feature")) emitWarning(warning, ...rest);
  };
  try {
    return await import("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // The write-ahead files take their mode from this one.
  closeSync(openSync(path, "a", 0o600));
}

/** Anything thrown by SQLite or the file system as a JournalError; other errors as they are. */
export function translate(error: unknown, path: string): unknown {
  if (error instanceof JournalError || !(error instanceof Error)) return error;
  const told = problemOf(error);
  if (told === undefined) return error;
  return new JournalError(told.problem, told.sentence(path), { cause: error });
}

interface Told {
  readonly problem: JournalProblem;
  readonly sentence: (path: string) => string;
}

const BUSY: Told = {
  problem: "busy",
  sentence: (path) => `The state ${path} was kept locked by another process for more than 5 seconds.`,
};
const UNWRITABLE: Told = {
  problem: "unwritable",
  sentence: (path) => `The state ${path} cannot be opened or written: check that its directory exists and is yours.`,
};
const FULL: Told = {
  problem: "unwritable",
  sentence: (path) => `The state ${path} cannot grow: the disk, or your quota on it, is full.`,
};
const FAILING: Told = {
  problem: "unwritable",
  sentence: (path) => `The state ${path} could not be read or written: the disk reported an error.`,
};
const CORRUPT: Told = {
  problem: "corrupt",
  sentence: (path) => `The state ${path} is damaged, or it is no SQLite file. Restore it from a copy, or name another.`,
};

/** https://sqlite.org/rescode.html: the primary code is the low byte. */
const BY_SQLITE_CODE: Readonly<Record<number, Told>> = {
  3: UNWRITABLE,
  5: BUSY,
  6: BUSY,
  8: UNWRITABLE,
  10: FAILING,
  11: CORRUPT,
  13: FULL,
  14: UNWRITABLE,
  26: CORRUPT,
};

const BY_SYSTEM_CODE: Readonly<Record<string, Told>> = {
  EACCES: UNWRITABLE,
  EPERM: UNWRITABLE,
  EROFS: UNWRITABLE,
  ENOENT: UNWRITABLE,
  ENOTDIR: UNWRITABLE,
  EEXIST: UNWRITABLE,
  EISDIR: UNWRITABLE,
  ENOSPC: FULL,
  EDQUOT: FULL,
  EIO: FAILING,
};

function problemOf(error: Error): Told | undefined {
  if ("errcode" in error && typeof error.errcode === "number") return BY_SQLITE_CODE[error.errcode & 0xff];
  if ("code" in error && typeof error.code === "string") return BY_SYSTEM_CODE[error.code];
  return undefined;
}
