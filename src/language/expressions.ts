/** Texts with `${{ }}` in them: split into literals and expressions, and what they refer to. Evaluates nothing. */
import { type Expression, type ExpressionError, Mistake, Parser } from "./expression-parser.ts";

/** A stretch of a text: literal, or an expression with its offsets (braces included). */
export type TemplatePart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "expression"; readonly source: string; readonly start: number; readonly expression: Expression };

export type ParsedTemplate = { readonly parts: readonly TemplatePart[] } | { readonly error: ExpressionError };

/** Whether the text holds an expression, well-formed or not. */
export function hasExpression(text: string): boolean {
  return text.includes("${{");
}

/** Splits a text into literals and expressions. Only the first mistake of a text is reported. */
export function parseTemplate(text: string): ParsedTemplate {
  const parts: TemplatePart[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("${{", at);
    if (open !== at) parts.push({ kind: "literal", text: text.slice(at, open < 0 ? undefined : open) });
    if (open < 0) break;
    const parser = new Parser(text, open + 3);
    try {
      const expression = parser.expression(0);
      at = parser.close();
      parts.push({ kind: "expression", source: text.slice(open, at), start: open, expression });
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      return { error: { ...error.error, start: error.error.start < 0 ? open : error.error.start } };
    }
  }
  return { parts };
}

export interface ReferenceUse {
  readonly path: readonly string[];
  readonly start: number;
  readonly length: number;
  /** Inside the first argument of `default(…)`: it may be missing. */
  readonly optional: boolean;
}

export function referencesOf(parts: readonly TemplatePart[]): readonly ReferenceUse[] {
  return parts.flatMap((part) => (part.kind === "expression" ? referencesIn(part.expression, false) : []));
}

export function referencesIn(expression: Expression, optional: boolean): readonly ReferenceUse[] {
  switch (expression.kind) {
    case "text":
      return [];
    case "reference":
      return [{ path: expression.path, start: expression.start, length: expression.length, optional }];
    case "call":
      return expression.arguments.flatMap((argument, index) =>
        referencesIn(argument, optional || (expression.name === "default" && index === 0)),
      );
  }
}
