/** Recognises secrets that were written into a runbook, by their published shapes. Knows nothing of where they stand. */
import { SECRET_SHAPES } from "../model/secret-shapes.ts";

const SHAPES = [
  ...SECRET_SHAPES,
  {
    what: "an address with a password",
    pattern: /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@"'$]{1,100}:[^\s/@"'${]{1,200}@/gi,
  },
];

/** No shape but an address with a password is met by less. */
const SHORTEST = 15;

export interface FoundSecret {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/** All secrets in a text, in order, without overlaps. */
export function findSecrets(text: string): readonly FoundSecret[] {
  // A hostile file has thousands of names to be told, and nearly all of them are short.
  if (text.length < SHORTEST && !text.includes("://")) return [];
  const found = SHAPES.flatMap(({ what, pattern }) =>
    [...text.matchAll(pattern)].map((match) => ({ what, start: match.index, end: match.index + match[0].length })),
  ).sort((a, b) => a.start - b.start);
  let end = 0;
  return found.filter((secret) => {
    if (secret.start < end) return false;
    end = secret.end;
    return true;
  });
}

/** The same text, of the same length, with all but the first four characters of each secret starred. */
export function maskSecrets(text: string): string {
  return findSecrets(text).reduce(
    (masked, { start, end }) =>
      masked.slice(0, start + 4) + "*".repeat(Math.max(0, end - start - 4)) + masked.slice(end),
    text,
  );
}

/** Whether a key's name says that its value is a secret: `API_TOKEN`, `authorization`, `db-password`. */
export function namesSecret(key: string): boolean {
  return /(?:^|[-_.])(?:token|secret|password|passwd|authorization|api[-_]?key|private[-_]?key)$/i.test(key);
}
