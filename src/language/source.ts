/** YAML text as plain values together with where each of them stands. Knows the syntax, nothing of runbooks. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, ParsedNode, Scalar } from "yaml";
import type { Position } from "../model/runbook.ts";
import { TAGGED, toPlain } from "./plain.ts";
import { cleaned, excerptOf, type Problem } from "./problems.ts";

export type Path = readonly (string | number)[];

/** Offsets into the text, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `within` is a part of the text of a scalar value: offset and length. */
export type Where =
  | { readonly span: Span }
  | {
      readonly path: Path;
      readonly side: "key" | "value";
      readonly within?: { readonly start: number; readonly length: number };
    };

/** A problem that does not yet know its line. */
export interface Finding {
  readonly rule: string;
  readonly what: string;
  readonly expected: string;
  readonly remedy: string;
  readonly where: Where;
}

export interface Source {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
  positionOf(path: Path): Position;
  problemOf(finding: Finding): Problem;
}

const LONG_LINE = 1_000;

export const MAX_BYTES = 256 * 1024;

/** Findings beside a source are problems that leave its shape readable; `fatal` ones do not. */
export function openSource(file: string, text: string): { source: Source; findings: Finding[]; fatal: boolean } {
  if (Buffer.byteLength(text) > MAX_BYTES) return tooLarge(file);
  const lines = linesOf(text);
  // Unique keys are checked by toPlain: the library's own check is quadratic, and minutes long on a hostile file.
  const doc = parseDocument(text, { prettyErrors: false, uniqueKeys: false, version: "1.2" });
  const syntax = [...doc.errors, ...doc.warnings].slice(0, 400).map(syntaxFinding);
  if (syntax.length > 0)
    return { source: makeSource(file, text, lines, doc, undefined), findings: syntax, fatal: true };
  const { value, findings, fatal } = toPlain(doc, text);
  return { source: makeSource(file, text, lines, doc, value), findings, fatal };
}

/** Counted here, because the parser leaves out lines after some mistakes. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function tooLarge(file: string): { source: Source; findings: Finding[]; fatal: boolean } {
  const finding: Finding = {
    rule: "file-size",
    what: "the file is larger than 256 KiB",
    expected: "a runbook, which is a few kilobytes",
    remedy: "check that this is the file that you meant",
    where: { span: { start: 0, end: 0 } },
  };
  return {
    source: makeSource(file, "", new LineCounter(), parseDocument(""), undefined),
    findings: [finding],
    fatal: true,
  };
}

function syntaxFinding(error: { code: string; message: string; pos: [number, number] }): Finding {
  const where = { span: { start: error.pos[0], end: error.pos[1] } };
  if (error.code === "MULTIPLE_DOCS") {
    return {
      rule: "multiple-documents",
      what: "a second YAML document begins here",
      expected: "one runbook in one file",
      remedy: "move it to a file of its own, or remove the line `---`",
      where,
    };
  }
  if (error.code === "TAG_RESOLVE_FAILED") {
    const [what, expected, remedy] = TAGGED;
    return { rule: "yaml-tag", what, expected, remedy, where };
  }
  if (error.code === "RESOURCE_EXHAUSTION") {
    return {
      rule: "nesting",
      what: "the file is nested too deeply",
      expected: "at most 30 levels",
      remedy: "check that this is the file that you meant",
      where,
    };
  }
  return {
    rule: "yaml-syntax",
    what: `this is not YAML: ${excerptOf(error.message)}`,
    expected: "",
    remedy: "correct the indentation, the quotes or the brackets here or just before",
    where,
  };
}

function makeSource(file: string, text: string, lines: LineCounter, doc: Document.Parsed, value: unknown): Source {
  const placeOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  return {
    file,
    text,
    value,
    positionOf: (path) => placeOf(spanOf(doc, text, { path, side: "value" }).start),
    problemOf({ where, ...finding }) {
      const span = "span" in where ? where.span : spanOf(doc, text, where);
      const place = placeOf(span.start);
      const lineStart = span.start - (place.column - 1);
      const lineBreak = text.indexOf("\n", span.start);
      const lineEnd = Math.min(lineBreak < 0 ? text.length : lineBreak, span.start + LONG_LINE);
      return {
        file,
        ...place,
        ...finding,
        // They may hold words of the file, and half a character where one was cut.
        what: cleaned(finding.what),
        expected: cleaned(finding.expected),
        remedy: cleaned(finding.remedy),
        excerpt: excerptOf(text.slice(span.start, span.end)),
        sourceLine: place.column > LONG_LINE ? "" : cleaned(text.slice(lineStart, lineEnd).replace(/\r$/, "")),
      };
    },
  };
}

/** Where a path stands; where it does not exist, its nearest ancestor's key. */
function spanOf(doc: Document.Parsed, text: string, where: Exclude<Where, { span: Span }>): Span {
  let node: unknown = doc.contents;
  let key: unknown;
  for (const part of where.path) {
    const inner = isAlias(node) ? node.resolve(doc) : node;
    if (isMap(inner)) {
      const pair = inner.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) return nodeSpan(key) ?? nodeSpan(node) ?? { start: 0, end: 0 };
      key = pair.key;
      node = pair.value ?? pair.key;
    } else if (isSeq(inner) && typeof part === "number" && inner.items[part] !== undefined) {
      key = undefined;
      node = inner.items[part];
    } else {
      return nodeSpan(key) ?? nodeSpan(node) ?? { start: 0, end: 0 };
    }
  }
  if (where.side === "key") return nodeSpan(key) ?? nodeSpan(node) ?? { start: 0, end: 0 };
  const whole = nodeSpan(node) ?? { start: 0, end: 0 };
  // An empty value has no text of its own: its key is shown.
  const span = whole.end > whole.start ? whole : (nodeSpan(key) ?? whole);
  return where.within !== undefined && isScalar(node) ? partOf(text, span, node, where.within) : span;
}

function nodeSpan(node: unknown): Span | undefined {
  if (!isNode(node)) return undefined;
  const range = (node as ParsedNode).range;
  return range === null || range === undefined ? undefined : { start: range[0], end: range[1] };
}

/**
 * A part of a scalar's value in the file's text. Quotes, escapes and folded lines shift offsets, so the part is looked for:
 * the same occurrence of the same text; where that fails, the whole scalar.
 */
function partOf(text: string, span: Span, node: Scalar, within: { start: number; length: number }): Span {
  if (typeof node.value !== "string") return span;
  const wanted = node.value.slice(within.start, within.start + within.length);
  if (wanted === "") return span;
  const before = node.value.slice(0, within.start).split(wanted).length - 1;
  const raw = text.slice(span.start, span.end);
  let at = -1;
  for (let seen = 0; seen <= before; seen++) {
    at = raw.indexOf(wanted, at + 1);
    if (at < 0) return span;
  }
  return { start: span.start + at, end: span.start + at + wanted.length };
}
