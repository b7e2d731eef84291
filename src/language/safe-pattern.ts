/**
 * Reads a regular expression of a runbook and refuses what could take long on hostile text. Matches nothing itself.
 *
 * What is let through is strongly one-unambiguous (Brüggemann-Klein and Wood, 1998): at each character at most one part of the pattern
 * can go on, and by one way, so that a match never tries a second; and it is bounded in length: linear time in any engine.
 */

/** The longest text that a pattern may match; `+`, `*` and `{n,}` end at 256. */
const LONGEST_MATCH = 1_024;
const OPEN_END = 256;
const MOST_POSITIONS = 1_024;

export type ReadPattern = { readonly source: string } | { readonly refused: string; readonly offset: number };

/** The pattern with every repetition bounded, for `new RegExp(source, "u")`; or why it is refused, and at which UTF-16 offset. */
export function readPattern(text: string): ReadPattern {
  try {
    const reader = new Reader(text);
    const whole = reader.alternatives();
    if (!reader.isAtEnd) throw new Refusal("`)` closes nothing", reader.at);
    // Last, for whatever the engine alone knows: it says it in its own words.
    RegExp(whole.source, "u");
    if (whole.isNullable) throw new Refusal("it matches the empty text, and so everywhere", 0);
    requireOneWay(whole.first);
    for (const position of reader.positions) requireOneWay(position.next);
    if (whole.longest > LONGEST_MATCH) throw new Refusal(`it can match more than ${LONGEST_MATCH} characters`, 0);
    return { source: whole.source };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message, offset: error.offset };
    if (error instanceof SyntaxError) return { refused: "it is no regular expression", offset: 0 };
    throw error;
  }
}

class Refusal extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** One character of a match: what it may be, and what may follow it. */
interface Position {
  readonly offset: number;
  /** Of each ASCII character whether it is one; the last for all others together. */
  readonly characters: readonly boolean[];
  readonly next: Set<Position>;
}

interface Part {
  readonly source: string;
  readonly first: ReadonlySet<Position>;
  readonly last: ReadonlySet<Position>;
  readonly isNullable: boolean;
  readonly longest: number;
}

const EMPTY: Part = { source: "", first: new Set(), last: new Set(), isNullable: true, longest: 0 };

class Reader {
  readonly positions: Position[] = [];
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#text.length;
  }

  alternatives(): Part {
    let all = this.#sequence();
    while (this.#take("|") !== undefined) {
      const other = this.#sequence();
      all = {
        source: `${all.source}|${other.source}`,
        first: new Set([...all.first, ...other.first]),
        last: new Set([...all.last, ...other.last]),
        isNullable: all.isNullable || other.isNullable,
        longest: Math.max(all.longest, other.longest),
      };
    }
    return all;
  }

  #sequence(): Part {
    let all = EMPTY;
    while (!this.isAtEnd && !/^[|)]/.test(this.#rest)) all = followed(all, this.#repeated());
    return all;
  }

  get #rest(): string {
    return this.#text.slice(this.at);
  }

  /** An atom with what says how often. Repeating it so often exactly is writing it so often. */
  #repeated(): Part {
    const assertion = this.#take(/^(?:\\[bB]|[\^$])/);
    if (assertion !== undefined) return { ...EMPTY, source: assertion };
    const start = this.at;
    const atom = this.#atom();
    const begun = this.at;
    const times = this.#take(/^(?:[*+?]|\{\d{1,4}(?:,\d{0,4})?\})/);
    if (times === undefined) return atom;
    if (/^[?+*{]/.test(this.#rest)) throw new Refusal("one repetition follows another", this.at);
    const { least, most, source } = timesOf(times);
    if (most < least || most === 0) throw new Refusal("it repeats nothing", begun);
    const end = this.at;
    let all = atom;
    for (let copy = 1; copy < (least === most ? most : 1); copy++) {
      this.at = start;
      all = followed(all, this.#atom());
    }
    this.at = end;
    if (least !== most && most > 1) link(all.last, all.first);
    return {
      ...all,
      source: atom.source + source,
      isNullable: atom.isNullable || least === 0,
      longest: atom.longest * most,
    };
  }

  #atom(): Part {
    if (this.#take("(") === undefined) return this.#character();
    if (this.#take("?:") === undefined && this.#rest.startsWith("?")) {
      throw new Refusal("it looks ahead or behind, or names a group", this.at - 1);
    }
    const opened = this.at;
    const inner = this.alternatives();
    if (this.#take(")") === undefined) throw new Refusal("`(` is not closed", opened - 1);
    return { ...inner, source: `(?:${inner.source})` };
  }

  #character(): Part {
    const offset = this.at;
    const source =
      this.#take(/^\\(?:[dDwWsStnrfv0]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\^$\\.*+?()[\]{}|/-])/) ??
      this.#take(/^\[(?:\\.|[^\]\\])+\]/u) ??
      this.#take(/^[^\\*+?()[\]{}|]/u);
    if (source === undefined) throw new Refusal(refusedAt(this.#rest), offset);
    // Outside of a class a hyphen needs no backslash, and with one it is none to the engine.
    const written = source === "\\-" ? "-" : source;
    if (this.positions.length >= MOST_POSITIONS) throw new Refusal("it is too long", offset);
    const position = { offset, characters: charactersOf(written, offset), next: new Set<Position>() };
    this.positions.push(position);
    const only = new Set([position]);
    return { source: written, first: only, last: only, isNullable: false, longest: 1 };
  }

  #take(what: string | RegExp): string | undefined {
    const found =
      typeof what === "string" ? (this.#rest.startsWith(what) ? what : undefined) : what.exec(this.#rest)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }
}

function refusedAt(rest: string): string {
  if (/^\\[1-9k]/.test(rest)) return "it refers back to what it has matched";
  if (rest.startsWith("\\")) return "an escape that is not known here";
  if (rest.startsWith("[")) return "`[` is not closed, or holds nothing";
  return `\`${rest.slice(0, 1)}\` stands where nothing can be repeated`;
}

function timesOf(times: string): { readonly least: number; readonly most: number; readonly source: string } {
  const [, lower, comma, upper = ""] = /^\{(\d+)(,?)(\d*)\}$/.exec(times) ?? [];
  if (lower !== undefined) {
    const least = Number(lower);
    const most = comma === "" ? least : upper === "" ? Math.max(OPEN_END, least) : Number(upper);
    return { least, most, source: least === most ? `{${least}}` : `{${least},${most}}` };
  }
  if (times === "?") return { least: 0, most: 1, source: "?" };
  const least = times === "+" ? 1 : 0;
  return { least, most: OPEN_END, source: `{${least},${OPEN_END}}` };
}

function followed(before: Part, after: Part): Part {
  link(before.last, after.first);
  return {
    source: before.source + after.source,
    first: before.isNullable ? new Set([...before.first, ...after.first]) : before.first,
    last: after.isNullable ? new Set([...before.last, ...after.last]) : after.last,
    isNullable: before.isNullable && after.isNullable,
    longest: before.longest + after.longest,
  };
}

/** One repetition within another goes on with the same part by both: two ways, however far apart they stand. */
function link(from: ReadonlySet<Position>, to: ReadonlySet<Position>): void {
  for (const position of from) {
    for (const next of to) {
      if (position.next.has(next)) throw new Refusal(TWO_WAYS, next.offset);
      position.next.add(next);
    }
  }
}

const TWO_WAYS = "the same text may match in two ways here";

const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const OTHERS = ["é", "ß", "中", "😀", "\u2028", "\uFEFF"];

function charactersOf(source: string, offset: number): readonly boolean[] {
  try {
    const one = new RegExp(`^(?:${source})$`, "u");
    const beyond = /[^\0-\x7F]|\\[uxpP]/u.test(source) || OTHERS.some((other) => one.test(other));
    return [...ASCII.map((character) => one.test(character)), beyond];
  } catch {
    throw new Refusal("it is no regular expression", offset);
  }
}

/** Two parts that may both go on with the same character are two ways. */
function requireOneWay(choices: ReadonlySet<Position>): void {
  const taken = new Set<number>();
  for (const { characters, offset } of choices) {
    for (const [index, isOne] of characters.entries()) {
      if (!isOne) continue;
      if (taken.has(index)) throw new Refusal(TWO_WAYS, offset);
      taken.add(index);
    }
  }
}
