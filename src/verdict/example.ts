/** One example line for people, redacted and cut. */
import { type Redaction, redact } from "../model/redact.ts";

const MAX_EXAMPLE = 300;

export function exampleOf(text: string, redaction: Redaction): string {
  const line = redact(text.slice(0, 4 * MAX_EXAMPLE), redaction)
    .replace(/\s+/g, " ")
    .trim();
  return line.length <= MAX_EXAMPLE ? line : `${line.slice(0, MAX_EXAMPLE - 1)}…`;
}
