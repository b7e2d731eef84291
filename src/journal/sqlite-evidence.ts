/** Evidence by content and samples by key in SQLite. Never changes evidence, never reads what it means. */
import { canonicalJson, digestOf, type Json } from "../model/json.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { type EvidenceStore, JournalError } from "./state.ts";

export class SqliteEvidence implements EvidenceStore {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** The digest is of the canonical JSON, so equal content has one name and one row. */
  async put(content: Json): Promise<string> {
    const text = canonicalJson(content);
    const digest = digestOf(text);
    this.#database.run("INSERT OR IGNORE INTO evidence (digest, content) VALUES (?, ?)", digest, text);
    return digest;
  }

  async get(digest: string): Promise<Json | undefined> {
    const text = this.#database.get("SELECT content FROM evidence WHERE digest = ?", digest)?.["content"];
    if (typeof text !== "string") return undefined;
    if (digestOf(text) === digest) return JSON.parse(text) as Json;
    throw new JournalError("corrupt", `The evidence ${digest} in ${this.#database.path} does not match its name.`);
  }

  async remove(digest: string): Promise<void> {
    this.#database.run("DELETE FROM evidence WHERE digest = ?", digest);
  }

  async saveSample(run: string, key: string, sample: Json): Promise<void> {
    const save = "INSERT OR REPLACE INTO samples (run, key, sample) VALUES (?, ?, ?)";
    this.#database.run(save, run, key, canonicalJson(sample));
  }

  async loadSample(run: string, key: string): Promise<Json | undefined> {
    const text = this.#database.get("SELECT sample FROM samples WHERE run = ? AND key = ?", run, key)?.["sample"];
    return typeof text === "string" ? (JSON.parse(text) as Json) : undefined;
  }
}
