/** Reads a useful part of Monitoring's filters: fields that equal one value or one of several, all at once. Refuses the rest. */

/** The values that a field may have, by its path. */
export type MetricFilter = ReadonlyMap<string, readonly string[]>;

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
const TERM = new RegExp(
  String.raw`\s*([a-z_]+(?:\.[a-z_]+)*)\s*=\s*(?:(${STRING})|one_of\(\s*(${STRING}(?:\s*,\s*${STRING})*)\s*\))\s*(AND\s+)?`,
  "y",
);

/** Throws an Error that says what is not understood. `fields`: those that there are. */
export function parseMetricFilter(text: string, fields: readonly string[]): MetricFilter {
  const wanted = new Map<string, readonly string[]>();
  let isOpen = true;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < text.length) {
    const at = TERM.lastIndex;
    const [, field = "", value, values, and] = TERM.exec(text) ?? [];
    if (field === "") throw new Error(`only equality is understood, at position ${at}: ${text.slice(at, at + 20)}`);
    if (!fields.includes(field)) throw new Error(`unknown field ${field}`);
    wanted.set(field, stringsOf(value ?? values ?? ""));
    isOpen = and !== undefined;
  }
  if (isOpen) throw new Error("the filter ends too early");
  return wanted;
}

function stringsOf(list: string): readonly string[] {
  return (list.match(new RegExp(STRING, "g")) ?? []).map((quoted) => quoted.slice(1, -1).replaceAll(/\\(.)/g, "$1"));
}
