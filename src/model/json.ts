/** JSON as a type, and the two digests that name content. */
import { hash } from "node:crypto";
import { z } from "zod";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** sha256 in hex. */
export function digestOf(content: string | Uint8Array): string {
  return hash("sha256", content, "hex");
}

/** JSON text with sorted keys and without white space: equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(withSortedKeys(value));
}

/** Not a replacer of JSON.stringify, which is called for every number of a long list. */
function withSortedKeys(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (Array.isArray(value)) return holdsKeys(value) ? value.map(withSortedKeys) : value;
  // Without a prototype, so that "__proto__" is a key like others.
  const sorted = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) sorted[key] = withSortedKeys(value[key]);
  return sorted;
}

/** Counts are long lists of pairs of numbers: they are left as they are. */
function holdsKeys(list: readonly unknown[]): boolean {
  for (const value of list) if (isObject(value) && (!Array.isArray(value) || holdsKeys(value))) return true;
  return false;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
}

/**
 * One line of JSON that a terminal and a CI runner take literally: what they could act on or hide is escaped. Parsed, it is
 * the same value.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?<=#)#/gu, (hidden) =>
    hidden
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** Validates JSON in stored data. */
export const jsonSchema = z.json() as unknown as z.ZodType<Json, Json>;
