/** Tables and bounded documents in GitHub's markdown. Cells and blocks arrive escaped; nothing here escapes. */

/** GitHub takes 65,536 code points; the rest is room for what it adds. */
export const BUDGET = 60_000;

export interface Block {
  readonly text: string;
  /** For the line that says what was left out; a block without a name is never left out. */
  readonly name?: string;
}

/** A table; empty where there are no rows. Rows beyond `most` are counted, not shown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], most = 40): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const lines = [line(header), line(header.map(() => "---")), ...rows.slice(0, most).map(line)];
  const left = rows.length - most;
  return lines.join("\n") + (left > 0 ? `\n\n_${left} more rows are left out._` : "");
}

/** A block that GitHub shows folded. `title` is our own text. */
export function folded(title: string, body: string): string {
  return body === "" ? "" : `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

/**
 * Joins the blocks under `first`, whole blocks only. What does not fit is left out from the end, named blocks only, and
 * a line says so with the command that shows it.
 */
export function document(first: string, blocks: readonly Block[], seeAll: string, budget = BUDGET): string {
  const present = blocks.filter(({ text }) => text !== "");
  const size = (kept: readonly Block[]): number => [first, ...kept.map(({ text }) => text)].join("\n\n").length;
  let kept: readonly Block[] = present;
  const left: string[] = [];
  while (size(kept) > budget - 400) {
    const last = kept.findLastIndex(({ name }) => name !== undefined);
    if (last < 0) break;
    left.unshift(kept[last]?.name ?? "");
    kept = kept.filter((_, index) => index !== last);
  }
  const notice =
    left.length === 0 ? [] : [`_Left out to fit a comment: ${left.join(", ")}. All of it: \`${seeAll}\`._`];
  return `${[first, ...kept.map(({ text }) => text), ...notice].join("\n\n")}\n`;
}
