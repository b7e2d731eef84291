/** Puts a hostile text wherever a run keeps words of others: APIs, logs, commits, operators, the runbook's free text. */
import type { RunEvent } from "../../src/model/event.ts";

/** Below these keys every text is free. Names, ids, verdicts and instants are words that the schemas hold. */
const FREE: ReadonlySet<string> = new Set(
  `because summary for value baseline sample group example what state next text by title description remarks images
  digests halfDone from to before after sha serving expected revision templateHash how why startedBy with args commit
  output mergeCommit namespace cluster project region inputs file answer memo`.split(/\s+/),
);

const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** `text` is asked for once per place, in order. */
export function poisoned(events: readonly RunEvent[], text: () => string): readonly RunEvent[] {
  return events.map((event) => replaced(event, text, false) as RunEvent);
}

function replaced(value: unknown, text: () => string, isFree: boolean): unknown {
  if (typeof value === "string") return isFree && value !== "unknown" && !INSTANT.test(value) ? text() : value;
  if (Array.isArray(value)) return value.map((inner) => replaced(inner, text, isFree));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, replaced(inner, text, isFree || FREE.has(key))]),
  );
}
