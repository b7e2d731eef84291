/** JSON as a type, and the two digests that name content. */
import { createHash } from "node:crypto";
import { z } from "zod";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** sha256 in hex. */
export function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** JSON text with sorted keys and without white space: equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(withSortedKeys(value));
}

/** Not a replacer of JSON.stringify, which is called for every number of a long list. */
function withSortedKeys(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.some(isObject) ? value.map(withSortedKeys) : value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withSortedKeys(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isObject(value: unknown): boolean {
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
