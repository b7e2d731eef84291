/** The conditions of `if:`: look-ups compared with each other, joined by `&&`, `||` and `!`. True or false, never code. */
import { type Answer, evaluate, type LookUp } from "./evaluate.ts";
import { type Expression, type ExpressionError, Mistake, Parser, type Token } from "./expression-parser.ts";
import { type ReferenceUse, referencesIn } from "./expressions.ts";

export type Condition =
  | { readonly kind: "value"; readonly value: Expression }
  | { readonly kind: "compare"; readonly equal: boolean; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "not"; readonly condition: Condition }
  | { readonly kind: "all" | "any"; readonly conditions: readonly Condition[] };

export type ParsedCondition = { readonly condition: Condition } | { readonly error: ExpressionError };

/** `told` names what was looked up: "inputs.kind is `full`". */
export type ConditionAnswer =
  { readonly holds: boolean; readonly told: readonly string[] } | { readonly missing: string };

const EXAMPLE = "a condition such as `inputs.branch == 'main'`";
const MAX_NESTING = 8;

/** With or without `${{ }}` around the whole of it. Only the first mistake is reported. */
export function parseCondition(text: string): ParsedCondition {
  const braces = /^\s*\$\{\{/.exec(text)?.[0].length;
  // Without braces the end is still marked as the parser knows it.
  const parser = new Parser(braces === undefined ? `${text} }}` : text, braces ?? 0);
  try {
    const condition = anyOf(parser, 0);
    const end = parser.next();
    if (end.kind !== "end") throw mistakeAt(end);
    if (text.slice(parser.at).trim() !== "") {
      throw new Mistake({
        start: parser.at,
        length: text.length - parser.at,
        what: "something stands after the condition",
        expected: "one condition, with nothing around it",
      });
    }
    return { condition };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const { start, length, what, expected } = error.error;
    const isUnclosed = start < 0 || start >= text.length;
    return {
      error: isUnclosed
        ? { start: 0, length: Math.max(1, text.length), what: "the condition is not complete", expected: EXAMPLE }
        : { start, length, what, expected },
    };
  }
}

function anyOf(parser: Parser, nesting: number): Condition {
  return joined(parser, "||", "any", () => joined(parser, "&&", "all", () => single(parser, nesting)));
}

function joined(parser: Parser, mark: string, kind: "all" | "any", part: () => Condition): Condition {
  const first = part();
  const conditions = [first];
  while (parser.peek().text === mark && parser.peek().kind === "mark") {
    parser.next();
    conditions.push(part());
  }
  return conditions.length === 1 ? first : { kind, conditions };
}

function single(parser: Parser, nesting: number): Condition {
  if (nesting > MAX_NESTING) throw mistakeAt(parser.peek());
  const token = parser.peek();
  if (token.kind === "mark" && token.text === "!") {
    parser.next();
    return { kind: "not", condition: single(parser, nesting + 1) };
  }
  if (token.kind === "mark" && token.text === "(") {
    parser.next();
    const condition = anyOf(parser, nesting + 1);
    const close = parser.next();
    if (close.kind !== "mark" || close.text !== ")") throw mistakeAt(close, "`)`");
    return condition;
  }
  const left = valueIn(parser);
  const operator = parser.peek();
  if (operator.kind !== "mark" || (operator.text !== "==" && operator.text !== "!="))
    return { kind: "value", value: left };
  parser.next();
  return { kind: "compare", equal: operator.text === "==", left, right: valueIn(parser) };
}

/** `true`, `false` and numbers are texts that need no quotes. */
function valueIn(parser: Parser): Expression {
  const token = parser.peek();
  if (token.kind !== "word" || !/^(true|false|\d+)$/.test(token.text)) return parser.expression(1);
  parser.next();
  return { kind: "text", text: token.text };
}

function mistakeAt(token: Token, expected = "`==`, `!=`, `&&`, `||`, or the end of the condition"): Mistake {
  const what = token.kind === "end" ? "the condition ends too early" : `\`${token.text}\` does not belong here`;
  return new Mistake({ start: token.start, length: Math.max(1, token.text.length), what, expected });
}

export function referencesOfCondition(condition: Condition): readonly ReferenceUse[] {
  switch (condition.kind) {
    case "value":
      return referencesIn(condition.value, false);
    case "compare":
      return [...referencesIn(condition.left, false), ...referencesIn(condition.right, false)];
    case "not":
      return referencesOfCondition(condition.condition);
    case "all":
    case "any":
      return condition.conditions.flatMap(referencesOfCondition);
  }
}

/** Compares texts exactly, upper and lower case told apart. A look-up that finds nothing is never a false: it is missing. */
export function evaluateCondition(condition: Condition, lookUp: LookUp): ConditionAnswer {
  switch (condition.kind) {
    case "value":
      return truth(condition.value, lookUp);
    case "compare": {
      const [left, right] = [evaluate(condition.left, lookUp), evaluate(condition.right, lookUp)];
      if ("missing" in left) return left;
      if ("missing" in right) return right;
      const told = [...toldOf(condition.left, left), ...toldOf(condition.right, right)];
      return { holds: (left.value === right.value) === condition.equal, told };
    }
    case "not": {
      const answer = evaluateCondition(condition.condition, lookUp);
      return "missing" in answer ? answer : { holds: !answer.holds, told: answer.told };
    }
    case "all":
    case "any":
      return severally(condition, lookUp);
  }
}

function truth(value: Expression, lookUp: LookUp): ConditionAnswer {
  const answer = evaluate(value, lookUp);
  if ("missing" in answer) return answer;
  if (answer.value === "true" || answer.value === "false")
    return { holds: answer.value === "true", told: toldOf(value, answer) };
  const [what = "it"] = toldOf(value, answer);
  return { missing: `${what}, which is neither \`true\` nor \`false\`` };
}

/** Left to right, and no further than needed. */
function severally(
  { kind, conditions }: Extract<Condition, { readonly kind: "all" | "any" }>,
  lookUp: LookUp,
): ConditionAnswer {
  const told: string[] = [];
  for (const each of conditions) {
    const answer = evaluateCondition(each, lookUp);
    if ("missing" in answer) return answer;
    told.push(...answer.told);
    if (answer.holds === (kind === "any")) return { holds: kind === "any", told: answer.told };
  }
  return { holds: kind === "all", told };
}

function toldOf(expression: Expression, answer: Extract<Answer, { readonly value: string }>): readonly string[] {
  const names = referencesIn(expression, false).map(({ path }) => path.join("."));
  if (names.length === 0) return [];
  const value = answer.value.length > 60 ? `${answer.value.slice(0, 59)}…` : answer.value;
  return [`${names.join(", ")} is \`${value.replaceAll("`", "'")}\``];
}
