/** JSON documents in a bucket: validation, lost answers, bounded retries, translated errors. Knows nothing of runs. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { messageOf, PortFailure } from "../model/error.ts";
import type { Generation, Objects } from "../ports/objects.ts";
import { JournalError } from "./state.ts";

/** The layout of the keys and documents, as `format.json` says. */
const FORMAT = 1;
/** A larger document is refused before it is written. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Requests in flight when many documents are read. */
const WIDTH = 16;
/** Pages of one listing: a hundred thousand keys. */
const MOST_PAGES = 100;
/** Before each further try of a call that failed for a while. */
const PAUSES_MS: readonly number[] = [250, 1_000, 3_000];
const LONGEST_PAUSE_MS = 10_000;

export interface Found<T> {
  readonly value: T;
  readonly generation: Generation;
}

export interface ObjectStoreOptions {
  /** Between tries; the only waiting there is, and never longer than seconds. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Every failure that crosses it is a JournalError with a sentence for people. */
export class ObjectStore {
  readonly location: string;
  /** Written into documents, so that a write whose answer was lost is known again as ours. */
  readonly writer = randomUUID();
  readonly #objects: Objects;
  readonly #pause: (ms: number) => Promise<void>;
  #isMarked = false;

  constructor(objects: Objects, options: ObjectStoreOptions) {
    this.location = objects.location;
    this.#objects = objects;
    this.#pause = options.pause;
  }

  /** Refuses what a newer version wrote. A prefix that nobody has written to yet is marked by the first write. */
  async open(): Promise<void> {
    const found = await this.#try(() => this.#objects.get(FORMAT_KEY));
    if (found === undefined) return;
    const { format } = this.#parse(FORMAT_KEY, found.bytes, formatSchema);
    if (format > FORMAT) {
      throw new JournalError(
        "newer-schema",
        `The state ${this.location} was written by a newer runbook (format ${format}, this one knows ${FORMAT}): use that version.`,
      );
    }
    this.#isMarked = true;
  }

  async read<T>(key: string, schema: z.ZodType<T>): Promise<Found<T> | undefined> {
    const found = await this.#try(() => this.#objects.get(key));
    return found && { value: this.#parse(key, found.bytes, schema), generation: found.generation };
  }

  /** The values of many keys in their order, a few requests at a time; undefined where there is nothing. */
  async readAll<T>(keys: readonly string[], schema: z.ZodType<T>): Promise<readonly (T | undefined)[]> {
    const values: (T | undefined)[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < keys.length; index = next++) {
        values[index] = (await this.read(keys[index] ?? "", schema))?.value;
      }
    };
    await Promise.all(Array.from({ length: Math.min(WIDTH, keys.length) }, worker));
    return values;
  }

  /** Every key that begins with `prefix`, from after `startAfter`, in order. */
  async list(prefix: string, startAfter?: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let after = startAfter;
    for (let page = 0; page < MOST_PAGES; page++) {
      const from = after;
      const found = await this.#try(() => this.#objects.list(prefix, from));
      keys.push(...found.keys);
      after = found.keys.at(-1) ?? after;
      if (!found.more) return keys;
    }
    throw new JournalError(
      "unwritable",
      `The state ${this.location} has more than ${keys.length} objects in ${prefix}.`,
    );
  }

  /** False when somebody else wrote the key first. A write of ours whose answer was lost counts as done. */
  async create(key: string, value: object): Promise<Generation | undefined> {
    return this.#write(key, value, "absent");
  }

  /** Replaces exactly `generation`; undefined when the document has moved on. */
  async replace(key: string, value: object, generation: Generation | "absent"): Promise<Generation | undefined> {
    return this.#write(key, value, generation);
  }

  /** The last writer wins. */
  async overwrite(key: string, value: object): Promise<void> {
    await this.#mark();
    const bytes = this.#encode(key, value);
    await this.#try(() => this.#objects.put(key, bytes));
  }

  /** Removing what is not there is no error. */
  async remove(key: string): Promise<void> {
    await this.#mark();
    await this.#try(() => this.#objects.delete(key));
  }

  corrupt(what: string, because: string, cause?: unknown): JournalError {
    return new JournalError("corrupt", `${what} in ${this.location} cannot be used: ${because}.`, { cause });
  }

  async #write(key: string, value: object, expected: Generation | "absent"): Promise<Generation | undefined> {
    await this.#mark();
    const bytes = this.#encode(key, value);
    return this.#try(async () => {
      try {
        return await this.#objects.put(key, bytes, expected);
      } catch (error) {
        if (!(error instanceof PortFailure) || error.kind !== "conflict") throw error;
        // An earlier try may have been carried out although its answer never came.
        const found = await this.#objects.get(key);
        return found !== undefined && Buffer.from(bytes).equals(found.bytes) ? found.generation : undefined;
      }
    });
  }

  /** Says once which format this prefix has: before the first document is there. */
  async #mark(): Promise<void> {
    if (this.#isMarked) return;
    const bytes = this.#encode(FORMAT_KEY, { format: FORMAT });
    await this.#try(async () => {
      try {
        await this.#objects.put(FORMAT_KEY, bytes, "absent");
      } catch (error) {
        if (!(error instanceof PortFailure) || error.kind !== "conflict") throw error;
        await this.open();
      }
    });
    this.#isMarked = true;
  }

  #encode(key: string, value: object): Uint8Array {
    const bytes = Buffer.from(JSON.stringify(value));
    if (bytes.length <= MOST_BYTES) return bytes;
    throw new JournalError("unwritable", `${key} is too large for the state ${this.location}: ${bytes.length} bytes.`);
  }

  #parse<T>(key: string, bytes: Uint8Array, schema: z.ZodType<T>): T {
    let json: unknown;
    try {
      json = JSON.parse(Buffer.from(bytes).toString("utf8"));
    } catch (error) {
      throw this.corrupt(key, "it is no JSON", error);
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw this.corrupt(key, z.prettifyError(parsed.error), parsed.error);
  }

  /** Transient failures are tried again a few times: every write is conditional or says the same twice. */
  async #try<T>(call: () => Promise<T>): Promise<T> {
    for (const pauseMs of PAUSES_MS) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof PortFailure) || !error.isTransient) throw translate(error, this.location);
        await this.#pause(Math.min(LONGEST_PAUSE_MS, error.retryAfterMs ?? pauseMs));
      }
    }
    try {
      return await call();
    } catch (error) {
      throw translate(error, this.location);
    }
  }
}

const FORMAT_KEY = "format.json";
const formatSchema = z.object({ format: z.number().int() });

/** Our words for what the bucket would not do; other errors as they are. */
function translate(error: unknown, location: string): unknown {
  if (!(error instanceof PortFailure)) return error;
  const told = (problem: "unauthorised" | "unwritable" | "busy", text: string): JournalError =>
    new JournalError(problem, `The state ${location} ${text} (${messageOf(error)})`, { cause: error });
  switch (error.kind) {
    case "unauthorised":
      return told("unauthorised", "may not be read or written with these credentials.");
    case "not-found":
      return told("unwritable", "cannot be reached: check that the bucket exists.");
    case "invalid":
    case "malformed":
    case "aborted":
      return told("unwritable", "could not be read or written.");
    case "conflict":
    case "rate-limited":
      return told("busy", "is being written by too many at once.");
    case "unavailable":
    case "timeout":
      return told("busy", "did not answer in time, several times.");
  }
}
