/** Reads a useful part of the Logging query language; anything else is refused, never taken for "everything". */

export type Operator = "=" | "!=" | ">" | ">=" | "<" | "<=" | ":" | "=~" | "!~";

export type FilterNode =
  | { readonly kind: "and" | "or"; readonly terms: readonly FilterNode[] }
  | { readonly kind: "not"; readonly term: FilterNode }
  | { readonly kind: "compare"; readonly path: readonly string[]; readonly operator: Operator; readonly value: string }
  /** Text anywhere in the entry. */
  | { readonly kind: "text"; readonly value: string };

/** The filter cannot be used; servers answer INVALID_ARGUMENT. */
export class FilterError extends Error {}

/** An empty filter is an empty conjunction: everything, as in the API. */
export function parseFilter(text: string): FilterNode {
  const parser = new Parser(tokensOf(text));
  const node = parser.isAtEnd ? ({ kind: "and", terms: [] } as const) : parser.conjunction();
  parser.expectEnd();
  return node;
}

interface Token {
  readonly kind: "word" | "string" | "operator" | "(" | ")" | "-" | ".";
  readonly text: string;
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(=~|!~|!=|>=|<=|=|>|<|:)|([()])|(-(?=[\w"(]))|(\.)|([\w/%+*$@-]+))/y;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new FilterError(`unexpected text at position ${at}: ${text.slice(at, at + 20)}`);
    const [, string, operator, parenthesis, minus, dot, word] = match;
    if (string !== undefined) tokens.push({ kind: "string", text: unquoted(string) });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator });
    else if (parenthesis !== undefined) tokens.push({ kind: parenthesis as "(" | ")", text: parenthesis });
    else if (minus !== undefined) tokens.push({ kind: "-", text: minus });
    else if (dot !== undefined) tokens.push({ kind: ".", text: dot });
    else tokens.push({ kind: "word", text: word ?? "" });
  }
  return tokens;
}

function unquoted(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(u[0-9a-fA-F]{4}|.)/gs, (whole, escape: string) => {
    if (escape.startsWith("u")) {
      if (escape.length !== 5) throw new FilterError(`unknown escape ${whole}`);
      return String.fromCodePoint(Number.parseInt(escape.slice(1), 16));
    }
    const plain = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\", "'": "'" }[escape];
    if (plain === undefined) throw new FilterError(`unknown escape ${whole}`);
    return plain;
  });
}

/** Precedence: NOT, then OR, then AND (also where nothing stands between two terms). */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#tokens.length;
  }

  expectEnd(): void {
    const token = this.#peek();
    if (token !== undefined) throw new FilterError(`unexpected '${token.text}'`);
  }

  conjunction(): FilterNode {
    const terms = [this.#disjunction()];
    while (!this.isAtEnd && this.#peek()?.kind !== ")") {
      this.#takeWord("AND");
      terms.push(this.#disjunction());
    }
    return joined("and", terms);
  }

  #disjunction(): FilterNode {
    const terms = [this.#negation()];
    while (this.#takeWord("OR")) terms.push(this.#negation());
    return joined("or", terms);
  }

  #negation(): FilterNode {
    if (this.#takeWord("NOT") || this.#take("-") !== undefined) return { kind: "not", term: this.#negation() };
    if (this.#take("(") !== undefined) {
      const node = this.conjunction();
      this.#close();
      return node;
    }
    return this.#comparison();
  }

  #comparison(): FilterNode {
    const path = [this.#operand()];
    while (this.#take(".") !== undefined) path.push(this.#operand());
    const operator = this.#take("operator");
    if (operator === undefined && path[0]?.kind === "word" && this.#peek()?.kind === "(") {
      throw new FilterError(`functions such as ${path[0].text}() are not understood`);
    }
    if (operator === undefined) return { kind: "text", value: path.map(({ text }) => text).join(".") };
    if (path[0]?.kind === "string") throw new FilterError("a field's name does not begin with a quoted text");
    const names = path.map(({ text }) => text);
    return this.#values(names, operator.text as Operator);
  }

  /** One value, or a group of values in parentheses that shares the field. */
  #values(path: readonly string[], operator: Operator): FilterNode {
    if (this.#take("(") === undefined) {
      const parts = [this.#operand()];
      while (parts[0]?.kind === "word" && this.#take(".") !== undefined) parts.push(this.#operand());
      return { kind: "compare", path, operator, value: parts.map(({ text }) => text).join(".") };
    }
    const value = (): FilterNode => ({ kind: "compare", path, operator, value: this.#operand().text });
    const terms = [value()];
    const word = this.#peek()?.text;
    while (word !== undefined && (word === "OR" || word === "AND") && this.#takeWord(word)) terms.push(value());
    this.#close();
    return joined(word === "AND" ? "and" : "or", terms);
  }

  #operand(): Token {
    const token = this.#peek();
    if (token?.kind !== "word" && token?.kind !== "string") {
      throw new FilterError(token === undefined ? "the filter ends too early" : `unexpected '${token.text}'`);
    }
    if (token.kind === "word" && ["AND", "OR", "NOT"].includes(token.text)) {
      throw new FilterError(`unexpected '${token.text}'`);
    }
    this.#next++;
    return token;
  }

  #close(): void {
    if (this.#take(")") === undefined) throw new FilterError("a parenthesis is not closed");
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token?.kind !== "word" || token.text !== word) return false;
    this.#next++;
    return true;
  }

  #take(kind: Token["kind"]): Token | undefined {
    const token = this.#peek();
    if (token?.kind !== kind) return undefined;
    this.#next++;
    return token;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }
}

function joined(kind: "and" | "or", terms: readonly FilterNode[]): FilterNode {
  const [only] = terms;
  return terms.length === 1 && only !== undefined ? only : { kind, terms };
}
