/** Tables of a page: readable as a list on a narrow screen, with a caption for those who do not see it. */
import { type Html, type HtmlValue, markup, nothing } from "./template.ts";

export interface Column {
  readonly title: string;
  readonly kind?: "number" | "time";
}

export interface TableOptions {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly HtmlValue[])[];
  /** Rows beyond are counted, not shown. */
  readonly most?: number;
  /** `stack`: each row a small list where the page is narrow; `scroll`: the table scrolls by itself. */
  readonly narrow?: "stack" | "scroll";
  /** `lines`: on paper each row is a few lines of text, because its columns would be too narrow for words. */
  readonly onPaper?: "table" | "lines";
}

/** The first cell of each row is its header. Nothing where there are no rows. */
export function tableOf({
  caption,
  columns,
  rows,
  most = 200,
  narrow = "stack",
  onPaper = "table",
}: TableOptions): Html {
  if (rows.length === 0) return nothing;
  const left = rows.length - most;
  const table = markup`<table class="${narrow}${onPaper === "lines" ? " on-paper-lines" : ""}"><caption>${caption}</caption><thead><tr>${columns.map(header)}</tr></thead>
    <tbody>${rows.slice(0, most).map((row) => markup`<tr>${row.map((value, index) => cell(value, index, columns[index]))}</tr>`)}</tbody></table>`;
  const rest = left > 0 ? markup`<p class="soft">${left.toLocaleString("en-US")} more are left out.</p>` : nothing;
  if (narrow === "stack") return markup`${table}${rest}`;
  return markup`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">${table}</div>${rest}`;
}

function header({ title, kind }: Column): Html {
  return markup`<th scope="col" class="${kind ?? ""}">${title}</th>`;
}

function cell(value: HtmlValue, index: number, column: Column | undefined): Html {
  if (index === 0) return markup`<th scope="row" class="${column?.kind ?? ""}">${value}</th>`;
  return markup`<td class="${column?.kind ?? ""}" data-label="${column?.title ?? ""}">${value}</td>`;
}
