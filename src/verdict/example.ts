/** One example line for people, redacted and cut. */
import { redact } from "../model/redact.ts";

const MAX_EXAMPLE = 300;

export function exampleOf(text: string): string {
  const line = redact(text.slice(0, 4 * MAX_EXAMPLE))
    .replace(/\s+/g, " ")
    .trim();
  return line.length <= MAX_EXAMPLE ? line : `${line.slice(0, MAX_EXAMPLE - 1)}…`;
}
