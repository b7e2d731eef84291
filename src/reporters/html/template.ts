/** HTML as a tagged template in which every value is text unless it is HTML already; it knows no page. */
import { htmlText, safeAddress } from "../escape.ts";

/** Markup that is safe to be put into a page as it is. Made by `markup` and by `trusted` alone. */
export class Html {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type HtmlValue = string | number | Html | undefined | readonly HtmlValue[];

/** Values stand in text, or in attributes within double quotes; elsewhere (names, scripts, styles) they have no place. */
export function markup(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  // Only what stands in the template is ours to indent: an example keeps its own lines.
  const [first = "", ...rest] = parts.map((part) => part.replaceAll(/\n\s*/g, "\n"));
  return new Html(first + rest.map((part, index) => sourceOf(values[index]) + part).join(""));
}

function sourceOf(value: HtmlValue): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.source;
  if (typeof value === "object") return value.map(sourceOf).join("");
  return htmlText(String(value));
}

/** Our own markup, or a drawing whose texts went through its own serialiser: never text from outside. */
export function trusted(source: string): Html {
  return new Html(source);
}

export const nothing = new Html("");

export function isNothing(part: Html): boolean {
  return part.source === "";
}

/** A link where the address is http(s); else the label alone. It tells the other side nothing of this page. */
export function anchor(address: string | undefined, label: HtmlValue): Html {
  const safe = safeAddress(address);
  if (safe === undefined) return markup`${label}`;
  return markup`<a href="${trusted(safe.replaceAll("&", "&amp;"))}" rel="noreferrer noopener">${label}</a>`;
}
