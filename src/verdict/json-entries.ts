/** Log entries out of a stream of bytes: a JSON array, one object a line, or objects one after the other. Reads no file. */

/** A single entry is at most 256 KB at the source; this leaves room for formatting. */
const LONGEST_ENTRY = 4 * 1024 * 1024;

/** Where an entry must have begun. */
const LOOK_AHEAD = 4_096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NEWLINE = 0x0a;
const COMMA = 0x2c;
const ARRAY_OPEN = 0x5b;
const ARRAY_CLOSE = 0x5d;

const NOTHING = Buffer.alloc(0);

/** What was read is not a list of log entries. */
export class MalformedEntries extends Error {}

/** Push every chunk in order, then `end`. Keeps at most one incomplete entry. Throws MalformedEntries. */
export class EntryReader {
  readonly #take: (entry: unknown) => void;
  #mode: "unknown" | "lines" | "objects" = "unknown";
  #isArray = false;
  #isClosed = false;
  #rest: Buffer = NOTHING;
  #count = 0;
  // Where the scan of `rest` stands, in mode "objects".
  #scanned = 0;
  #start = -1;
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  constructor(take: (entry: unknown) => void) {
    this.#take = take;
  }

  push(chunk: Buffer): void {
    if (this.#mode === "lines") this.#lines(chunk);
    else this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#mode === "unknown") this.#begin();
    if (this.#mode === "objects") this.#objects();
    if (this.#rest.length > LONGEST_ENTRY) throw new MalformedEntries(`entry ${this.#count + 1} does not end`);
  }

  end(): void {
    if (this.#mode === "lines") {
      this.#mode = "objects";
      this.#objects();
    }
    if (this.#start !== -1 || (this.#isArray && !this.#isClosed)) {
      throw new MalformedEntries(`the input ends in the middle, after ${this.#count} entries`);
    }
  }

  /** An array begins with "["; anything else is taken for one object a line until a line shows that it is not. */
  #begin(): void {
    const text = this.#rest.toString("latin1", 0, LOOK_AHEAD).replace(/^\u00ef\u00bb\u00bf/, "");
    if (text.startsWith("\u00ef") && this.#rest.length < 3) return;
    const first = text.trimStart()[0];
    if (first === undefined) return;
    if (first !== "[" && first !== "{") throw new MalformedEntries("neither a JSON array nor JSON objects");
    const at = this.#rest.indexOf(first);
    this.#isArray = first === "[";
    this.#mode = this.#isArray ? "objects" : "lines";
    const given = this.#rest.subarray(this.#isArray ? at + 1 : at);
    this.#rest = this.#isArray ? given : NOTHING;
    if (this.#mode === "lines") this.#lines(given);
  }

  /** Copies only the line that a chunk cuts: the chunk itself can be released. */
  #lines(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const line =
        this.#rest.length === 0
          ? chunk.toString("utf8", from, end)
          : Buffer.concat([this.#rest, chunk.subarray(from, end)]).toString("utf8");
      if (line !== "" && !this.#line(line)) {
        this.#mode = "objects";
        this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
        return;
      }
      this.#rest = NOTHING;
      from = end + 1;
    }
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
  }

  /** False when the line is no whole entry: then entries are told apart by their braces from here on. */
  #line(line: string): boolean {
    if (/^\s*$/.test(line)) return true;
    try {
      this.#given(JSON.parse(line));
      return true;
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
  }

  /** Finds where each object ends by its braces outside strings. */
  #objects(): void {
    const bytes = this.#rest;
    let index = this.#scanned;
    for (; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE && this.#depth > 0) this.#inString = true;
      else if (byte === OPEN) {
        if (this.#depth === 0) this.#start = index;
        this.#depth += 1;
      } else if (byte === CLOSE && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === 0) {
          this.#entry(bytes.toString("utf8", this.#start, index + 1));
          this.#start = -1;
        }
      } else if (this.#depth === 0) this.#between(byte);
    }
    const keep = this.#start === -1 ? bytes.length : this.#start;
    this.#rest = Buffer.from(bytes.subarray(keep));
    this.#scanned = bytes.length - keep;
    if (this.#start !== -1) this.#start = 0;
  }

  #between(byte: number): void {
    if (byte === ARRAY_CLOSE && this.#isArray && !this.#isClosed) this.#isClosed = true;
    else if (byte !== COMMA && byte !== ARRAY_OPEN && byte > 0x20) {
      throw new MalformedEntries(`after ${this.#count} entries there is something that is no entry`);
    }
  }

  #entry(text: string): void {
    try {
      this.#given(JSON.parse(text));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new MalformedEntries(`entry ${this.#count + 1} is not JSON`);
    }
  }

  #given(entry: unknown): void {
    if (typeof entry !== "object" || entry === null) {
      throw new MalformedEntries(`entry ${this.#count + 1} is no object`);
    }
    this.#count += 1;
    this.#take(entry);
  }
}
