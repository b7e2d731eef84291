/** Plain text in columns and lines, harmless on a terminal whatever it holds; knows nothing of runs. */
import { plainLine } from "./escape.ts";

export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** The last place before a terminal: whatever a service or a person named is harmless from here on. */
export function lines(texts: readonly string[]): string {
  return `${texts.map((text) => keepIndent(text)).join("\n")}\n`;
}

function keepIndent(text: string): string {
  const indent = /^ */.exec(text)?.[0] ?? "";
  return indent + aligned(text.slice(indent.length));
}

/** Columns are made of runs of spaces, which `plainLine` would fold. */
function aligned(text: string): string {
  return text
    .split(/( {2,})/)
    .map((part) => (/^ {2,}$/.test(part) ? part : plainLine(part)))
    .join("");
}
