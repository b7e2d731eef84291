/** A parsed YAML document as plain values: string keys only, no cycles, bounded aliases and depth. Reports what it leaves out. */
import { isAlias, isMap, isScalar, isSeq, visit } from "yaml";
import type { Alias, Document, ParsedNode, Scalar } from "yaml";
import { quoted } from "./problems.ts";
import type { Finding } from "./source.ts";

export const TAGGED = [
  "YAML tags are not used in runbooks",
  "plain values",
  "remove the tag (the word that begins with `!`)",
] as const;

const MAX_DEPTH = 30;
const MAX_ALIASES = 20;

interface Reading {
  readonly doc: Document.Parsed;
  readonly findings: Finding[];
  fatal: boolean;
}

/** Fatal: the values below a place could not be read, so that judging their shape would only repeat it. */
export function toPlain(doc: Document.Parsed, text: string): { value: unknown; findings: Finding[]; fatal: boolean } {
  const reading: Reading = { doc, findings: [], fatal: false };
  if (doc.contents === null || (isScalar(doc.contents) && doc.contents.value === null)) {
    refuse(reading, "empty-file", "the file is empty", "a runbook", "begin with `name:`, `services:` and `steps:`", {
      start: 0,
      end: Math.min(1, text.length),
    });
    return { value: undefined, findings: reading.findings, fatal: true };
  }
  if (!aliasesAreTame(reading)) return { value: undefined, findings: reading.findings, fatal: true };
  return { value: valueOf(reading, doc.contents, 0), findings: reading.findings, fatal: reading.fatal };
}

/** Few aliases, each to something that holds no alias itself: then nothing is cyclic and nothing explodes. */
function aliasesAreTame(reading: Reading): boolean {
  const aliases: Alias[] = [];
  visit(reading.doc, { Alias: (_key, alias) => void aliases.push(alias) });
  const excess = aliases[MAX_ALIASES];
  if (excess !== undefined) {
    refuse(
      reading,
      "aliases",
      `more than ${MAX_ALIASES} aliases`,
      `at most ${MAX_ALIASES}`,
      "write the values out",
      spanOf(excess),
    );
    return false;
  }
  for (const alias of aliases) {
    const target = alias.resolve(reading.doc);
    const name = quoted(`*${alias.source}`);
    if (target === undefined) {
      refuse(
        reading,
        "aliases",
        `no anchor for the alias ${name}`,
        "an anchor further up",
        `define ${quoted(`&${alias.source}`)}, or write the value out`,
        spanOf(alias),
      );
    } else if (holdsAlias(target)) {
      refuse(
        reading,
        "aliases",
        `the alias ${name} stands for something that holds an alias`,
        "aliases of plain values",
        "write the value out",
        spanOf(alias),
      );
    }
  }
  return reading.findings.length === 0;
}

function holdsAlias(node: Parameters<typeof visit>[0]): boolean {
  let found = false;
  visit(node, {
    Alias: () => {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function valueOf(reading: Reading, node: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) {
    reading.fatal = true;
    refuse(
      reading,
      "nesting",
      "the file is nested too deeply",
      `at most ${MAX_DEPTH} levels`,
      "check that this is the file that you meant",
      spanOf(node),
    );
    return undefined;
  }
  if ((node as { tag?: string } | null)?.tag !== undefined) {
    reading.fatal = true;
    refuse(reading, "yaml-tag", ...TAGGED, spanOf(node));
    return undefined;
  }
  if (isAlias(node)) return valueOf(reading, node.resolve(reading.doc), depth);
  if (isSeq(node)) return node.items.map((item) => valueOf(reading, item, depth + 1));
  if (!isMap(node)) return isScalar(node) ? scalarOf(node) : null;
  const result: Record<string, unknown> = {};
  for (const { key, value } of node.items) {
    const name = keyOf(reading, key, value);
    if (name === undefined) continue;
    if (Object.hasOwn(result, name)) {
      refuse(
        reading,
        "duplicate-key",
        `the key ${quoted(name)} stands here twice`,
        "every key once",
        "remove one of the two, or rename it",
        spanOf(key),
      );
      continue;
    }
    result[name] = valueOf(reading, value, depth + 1);
  }
  return result;
}

function keyOf(reading: Reading, key: unknown, value: unknown): string | undefined {
  const text =
    isScalar(key) && (typeof key.value === "string" || typeof key.value === "number") ? String(key.value) : undefined;
  if (text !== undefined && text !== "__proto__" && text !== "<<") return text;
  reading.fatal = true;
  const hasText = spanOf(key).end > spanOf(key).start;
  refuse(
    reading,
    "yaml-key",
    "this cannot be a key",
    "a word",
    "write a plain word before the colon (merge keys are not supported)",
    spanOf(hasText ? key : value),
  );
  return undefined;
}

/** Numbers that a double cannot hold would change silently: they stay text. */
function scalarOf(node: Scalar): unknown {
  if (typeof node.value !== "number") return node.value;
  const exact = Number.isSafeInteger(node.value) || (Number.isFinite(node.value) && !Number.isInteger(node.value));
  return exact ? node.value : (node.source ?? String(node.value));
}

function spanOf(node: unknown): { start: number; end: number } {
  const range = (node as Partial<ParsedNode> | null | undefined)?.range;
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}

function refuse(
  reading: Reading,
  rule: string,
  what: string,
  expected: string,
  remedy: string,
  span: { start: number; end: number },
): void {
  reading.findings.push({ rule, what, expected, remedy, where: { span } });
}
