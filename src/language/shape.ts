/** zod's issues as findings with an exact place, our words, and the nearest known key. Used for the file and for each `with`. */
import { z } from "zod";
import { hasExpression } from "./expressions.ts";
import { quoted } from "./problems.ts";
import type { Finding, Path } from "./source.ts";
import { didYouMean, oneOf, suggestion } from "./suggest.ts";

export interface ShapeIssue extends Omit<Finding, "where"> {
  readonly path: Path;
  readonly side: "key" | "value";
  /** The key that is unknown or missing. */
  readonly key?: string;
  /** A statement about several values of a block at once. */
  readonly dependsOnParts?: boolean;
}

/** All that is wrong with a value's shape. */
export function shapeIssues(schema: z.ZodType, value: unknown): readonly ShapeIssue[] {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => translate(schema, value, issue, []));
}

/** The same for the arguments of a step: values that still hold `${{ }}` are judged when the step starts. */
export function argumentIssues(schema: z.ZodType, value: unknown): readonly ShapeIssue[] {
  return shapeIssues(schema, value).filter(
    (issue) => issue.key !== undefined || !isOpen(valueAt(value, issue.path), issue),
  );
}

type Issue = z.core.$ZodIssue;

function translate(schema: z.ZodType, value: unknown, issue: Issue, base: Path): readonly ShapeIssue[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  const given = valueAt(value, path);
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => unknownKey(path, key, known));
  }
  if (issue.code === "invalid_union") {
    const branch = likeliest(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => translate(schema, value, inner, path));
  }
  const name = nameOf(path);
  const expected = expectedBy(issue);
  if (issue.code === "invalid_key") {
    const why = issue.issues[0]?.message ?? "a name";
    const what = `${quoted(String(path.at(-1)))} cannot be a name here`;
    return [
      { rule: "bad-name", what, expected: why, remedy: "rename it, here and where it is used", path, side: "key" },
    ];
  }
  if (given === undefined) return [missingKey(path, expected)];
  if (given === null) {
    return [
      {
        rule: "empty-value",
        what: `${name} has no value`,
        expected,
        remedy: "write a value after the colon, or remove the key",
        path,
        side: "key",
      },
    ];
  }
  return [badValue(path, name, given, expected, issue)];
}

function unknownKey(path: Path, key: string, known: readonly string[]): ShapeIssue {
  const meant = didYouMean(key, known);
  const where = path.length === 0 ? "" : ` in ${nameOf(path)}`;
  return {
    rule: "unknown-key",
    what: `unknown key ${quoted(key)}${where}`,
    expected: known.length === 0 ? "no key here" : oneOf(known) + (meant === undefined ? "" : `; ${meant}`),
    remedy: meant === undefined ? "remove it" : `write \`${suggestion(key, known)}\``,
    path: [...path, key],
    side: "key",
    key,
  };
}

function missingKey(path: Path, expected: string): ShapeIssue {
  const key = String(path.at(-1) ?? "");
  const parent = path.slice(0, -1);
  return {
    rule: "missing-key",
    what: parent.length === 0 ? `the key \`${key}\` is missing` : `${nameOf(parent)} lacks the key \`${key}\``,
    expected,
    remedy: `add \`${key}:\``,
    path,
    side: "key",
    key,
  };
}

function badValue(path: Path, name: string, given: unknown, expected: string, issue: Issue): ShapeIssue {
  const shown = isEmpty(given)
    ? `${name} is empty`
    : typeof given === "object"
      ? `${name} is ${Array.isArray(given) ? "a list" : "a block of keys"}`
      : `${name} cannot be ${quoted(scalarText(given))}`;
  const options = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const meant = typeof given === "string" ? suggestion(given, options) : undefined;
  const what =
    issue.code === "custom" && typeof given === "object" ? `${name} is not complete or contradicts itself` : shown;
  return {
    rule: "bad-value",
    what,
    expected,
    remedy: meant === undefined ? remedyFor(given, expected) : `did you mean \`${meant}\`?`,
    path,
    side: "value",
    dependsOnParts: issue.code === "custom" || issue.code === "invalid_union",
  };
}

function scalarText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "this");
}

function isEmpty(value: unknown): boolean {
  return value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

function remedyFor(given: unknown, expected: string): string {
  if (expected.startsWith("a duration") && /^\d+$/.test(scalarText(given)) && Number(given) > 0) {
    return `add the unit: \`${scalarText(given)}s\` or \`${scalarText(given)}m\``;
  }
  if (expected.includes("text") && (typeof given === "number" || typeof given === "boolean")) {
    return `put it in quotes: \`"${scalarText(given)}"\``;
  }
  return "correct the value";
}

/** zod's message as the words after "expected". */
function expectedBy(issue: Issue): string {
  if (issue.code === "invalid_value") return oneOf(issue.values.map(String));
  if (issue.code === "invalid_union") {
    const each = issue.errors.flatMap((issues) => (issues[0] === undefined ? [] : [expectedBy(issues[0])]));
    return each.length === 0 ? "another value" : [...new Set(each)].join(", or ");
  }
  const stated = /expected (.*?)(?:, received .*)?$/s.exec(issue.message)?.[1] ?? issue.message;
  return PLAIN_TYPES[stated] ?? stated;
}

const PLAIN_TYPES: Readonly<Record<string, string>> = {
  object: "keys and values",
  record: "keys and values",
  array: "a list",
  string: "text",
  number: "a number",
  boolean: "`true` or `false`",
};

/** The union's branch that came furthest: the one whose first mistake lies deepest, then the one with fewest. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (issues: readonly Issue[]) => Math.max(0, ...issues.map((issue) => issue.path.length));
  const sorted = branches
    .filter((issues) => issues.length > 0)
    .toSorted((a, b) => depth(b) - depth(a) || a.length - b.length);
  return sorted[0] !== undefined && depth(sorted[0]) > 0 ? sorted[0] : undefined;
}

function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "the file";
  if (typeof last === "string") return quoted(last);
  const list = path.slice(0, -1).findLast((part) => typeof part === "string");
  return list === undefined ? `entry ${last + 1}` : `entry ${last + 1} of ${quoted(list)}`;
}

/** Whether what is wrong with a value may come right when its expressions are resolved. */
function isOpen(value: unknown, issue: ShapeIssue): boolean {
  if (typeof value === "string") return hasExpression(value);
  return issue.dependsOnParts === true && holdsExpression(value);
}

function holdsExpression(value: unknown): boolean {
  if (typeof value === "string") return hasExpression(value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsExpression);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, part)
        ? (inner as Record<string | number, unknown>)[part]
        : undefined,
    value,
  );
}

/** The keys that a schema knows at a path. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  const [part, ...rest] = path;
  const open = unwrapped(schema);
  if (open instanceof z.ZodUnion) {
    return [...new Set(open.options.flatMap((option) => keysAt(option as z.ZodType, path)))];
  }
  if (part === undefined) return open instanceof z.ZodObject ? Object.keys(open.shape) : [];
  const inner = innerOf(open, part);
  return inner === undefined ? [] : keysAt(inner, rest);
}

function innerOf(schema: unknown, part: string | number): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, z.ZodType>)[part];
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  return undefined;
}

/** The schema within optional, default, nullable and the like, and the input side of a pipe. */
function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
  if (schema instanceof z.ZodArray || !(schema instanceof z.ZodType) || !("unwrap" in schema)) return schema;
  return typeof schema.unwrap === "function" ? unwrapped(schema.unwrap()) : schema;
}
