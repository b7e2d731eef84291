/** Takes out of an event what must not be kept or told, before it is journaled: everything that is shown or sent comes from there. */
import { type Redaction, redact } from "./redact.ts";

/**
 * The properties that hold words for people, wherever they stand in an event. The others are facts that the run goes on with (names,
 * versions, moments, addresses of pages, results of effects) and stay as they are; a test holds that each is one or the other.
 */
export const WORDS: ReadonlySet<string> = new Set([
  "baseline",
  "because",
  "by",
  "example",
  "for",
  "group",
  "halfDone",
  "next",
  "remarks",
  "sample",
  "state",
  "summary",
  "text",
  "title",
  "value",
  "what",
]);

/** What is not of this program's making, or is needed again to the letter. Secrets never get there: steps redact their output. */
export const KEPT_WHOLE: ReadonlySet<string> = new Set([
  "args",
  "change",
  "memo",
  "output",
  "plan",
  "result",
  "snapshot",
]);

/** Of an event, or of what will be part of one. */
export function redactedWords<T>(value: T, redaction: Redaction): T {
  // The shape stays: only texts change.
  return told(value, redaction) as T;
}

function told(value: unknown, redaction: Redaction): unknown {
  if (Array.isArray(value)) return value.map((each) => told(each, redaction));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, property(key, each, redaction)]));
}

function property(key: string, value: unknown, redaction: Redaction): unknown {
  if (KEPT_WHOLE.has(key)) return value;
  if (!WORDS.has(key)) return told(value, redaction);
  if (typeof value === "string") return redact(value, redaction);
  if (Array.isArray(value)) return value.map((each) => (typeof each === "string" ? redact(each, redaction) : each));
  return told(value, redaction);
}
