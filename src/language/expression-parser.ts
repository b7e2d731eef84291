/** The grammar of expressions: a tokenizer and a parser with positions. Look-ups and a few pure functions, never code. */

export type Expression =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reference"; readonly path: readonly string[]; readonly start: number; readonly length: number }
  | { readonly kind: "call"; readonly name: FunctionName; readonly arguments: readonly Expression[] };

export interface ExpressionError {
  /** Offset and length within the text. */
  readonly start: number;
  readonly length: number;
  readonly what: string;
  readonly expected: string;
}

/** Name -> how many arguments it takes and what it is for. */
export const FUNCTIONS = {
  short: { takes: 1, summary: "the first seven characters of a commit" },
  lower: { takes: 1, summary: "in lower case" },
  upper: { takes: 1, summary: "in upper case" },
  default: { takes: 2, summary: "the first, or the second where the first is missing or empty" },
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

export class Mistake extends Error {
  readonly error: ExpressionError;
  constructor(error: ExpressionError) {
    super(error.what);
    this.error = error;
  }
}

export type Token = { readonly kind: "word" | "text" | "mark" | "end"; readonly text: string; readonly start: number };

const MAX_NESTING = 8;
const VALUE = "a look-up such as `inputs.branch`, a function or a quoted text";

export class Parser {
  readonly #text: string;
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  expression(nesting: number): Expression {
    const token = this.next();
    if (token.kind === "text") return { kind: "text", text: token.text };
    if (token.kind === "end" && nesting === 0) throw empty();
    if (token.kind !== "word" || nesting > MAX_NESTING) throw this.#mistake(token, unexpected(token), VALUE);
    return this.#peekMark() === "(" ? this.#call(token, nesting) : this.#reference(token);
  }

  /** The offset after `}}`. */
  close(): number {
    const token = this.next();
    if (token.kind !== "end")
      throw this.#mistake(token, unexpected(token), "`}}`: there are look-ups and functions, no operators");
    return this.#at;
  }

  #reference(first: Token): Expression {
    const path = [first.text];
    let end = this.#at;
    while (this.#peekMark() === ".") {
      this.next();
      const part = this.next();
      if (part.kind !== "word") throw this.#mistake(part, unexpected(part), "a name after the dot");
      path.push(part.text);
      end = this.#at;
    }
    return { kind: "reference", path, start: first.start, length: end - first.start };
  }

  #call(name: Token, nesting: number): Expression {
    if (!Object.hasOwn(FUNCTIONS, name.text)) {
      throw this.#mistake(
        name,
        `no function is called \`${name.text}\``,
        `one of ${Object.keys(FUNCTIONS).join(", ")}`,
      );
    }
    this.next();
    const given: Expression[] = [this.expression(nesting + 1)];
    let token = this.next();
    while (token.text === "," && token.kind === "mark") {
      given.push(this.expression(nesting + 1));
      token = this.next();
    }
    if (token.kind !== "mark" || token.text !== ")") throw this.#mistake(token, unexpected(token), "`,` or `)`");
    const { takes } = FUNCTIONS[name.text as FunctionName];
    if (given.length !== takes) {
      const values = takes === 1 ? "one value" : "two values";
      throw this.#mistake(name, `\`${name.text}\` takes ${values}, not ${given.length}`, values);
    }
    return { kind: "call", name: name.text as FunctionName, arguments: given };
  }

  /** The next token, which is still ahead. */
  peek(): Token {
    const before = this.#at;
    const token = this.next();
    this.#at = before;
    return token;
  }

  /** The offset after what has been read. */
  get at(): number {
    return this.#at;
  }

  #peekMark(): string {
    const token = this.peek();
    return token.kind === "mark" ? token.text : "";
  }

  /** The next token, which is then behind. */
  next(): Token {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++;
    const start = this.#at;
    if (start >= this.#text.length) throw unclosed();
    if (this.#text.startsWith("}}", start)) return this.#take("end", "}}", start + 2, start);
    const first = this.#text.charAt(start);
    if (first === "'" || first === '"') {
      const end = this.#text.indexOf(first, start + 1);
      if (end < 0) throw unclosed();
      return this.#take("text", this.#text.slice(start + 1, end), end + 1, start);
    }
    WORD.lastIndex = start;
    const word = WORD.exec(this.#text)?.[0];
    if (word !== undefined) return this.#take("word", word, start + word.length, start);
    const operator = OPERATORS.find((mark) => this.#text.startsWith(mark, start));
    if (operator !== undefined) return this.#take("mark", operator, start + operator.length, start);
    return this.#take("mark", String.fromCodePoint(this.#text.codePointAt(start) ?? 0), start + 1, start);
  }

  #take(kind: Token["kind"], text: string, end: number, start: number): Token {
    this.#at = end;
    return { kind, text, start };
  }

  #mistake(token: Token, what: string, expected: string): Mistake {
    return new Mistake({ start: token.start, length: Math.max(1, this.#at - token.start), what, expected });
  }
}

/** They stand in conditions only. */
const OPERATORS = ["==", "!=", "&&", "||"];
const WORD = /[A-Za-z0-9_][A-Za-z0-9_-]*/y;

function unexpected(token: Token): string {
  return token.kind === "end" ? "the expression ends too early" : `\`${token.text}\` does not belong here`;
}

/** A negative start stands for the opening braces. */
function empty(): Mistake {
  return new Mistake({ start: -1, length: 3, what: "the expression is empty", expected: VALUE });
}

function unclosed(): Mistake {
  return new Mistake({
    start: -1,
    length: 3,
    what: "the expression is not closed",
    expected: "`}}` on the same value",
  });
}
