/** A comment as GitHub shows it: markdown rendered with its extensions, then what GitHub links afterwards looked for. */
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

export interface RenderedComment {
  /** Tags in order with their nesting, texts left out; links to `homes` are left out too, for they are the report's own. */
  readonly skeleton: string;
  /** Whatever a hostile text could gain: an element, a link, a mention, a reference, an emoji, math, a broken table. */
  readonly dangers: readonly string[];
}

/** A tag that the report makes, with the attributes that it may have. */
const OWN_TAG =
  /^<(?:\/?(?:p|table|thead|tbody|tr|th|td|pre|strong|em|ul|li|details|summary|sub|code)|code class="language-(?:text|sh|mermaid)")>$/;

export function renderedComment(markdown: string, homes: readonly string[]): RenderedComment {
  const html = micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
  const found: string[] = [];
  const dangers: string[] = [...brokenRows(markdown), ...unbalanced(html), ...badDiagrams(html)];
  let inCode = 0;
  let ownLinks = 0;
  // What micromark leaves raw is ours, or a danger: either way it begins with "<".
  for (const [token] of html.matchAll(/<!--[\s\S]*?-->|<[^>]*>|[^<]+|</g)) {
    const name = /^<\/?([a-z][a-z0-9]*)[\s/>]/i.exec(token)?.[1];
    if (!token.startsWith("<")) {
      if (inCode === 0) dangers.push(...linkedAfterwards(decoded(token)));
    } else if (name === undefined) {
      if (!/^<!-- runbook:v1 run=[\w:.-]+ key=[\w:.-]+ -->$/.test(token)) dangers.push(token.slice(0, 200));
    } else if (name === "a" && (token === "</a>" ? ownLinks > 0 : isHome(token, homes))) {
      ownLinks += token === "</a>" ? -1 : 1;
    } else {
      if (!OWN_TAG.test(token)) dangers.push(token.slice(0, 200));
      if (name === "code" || name === "pre") inCode += token.startsWith("</") ? -1 : 1;
      found.push(token);
    }
  }
  return { skeleton: found.join(""), dangers };
}

function isHome(tag: string, homes: readonly string[]): boolean {
  const address = /^<a href="([^"]*)">$/.exec(tag)?.[1];
  return address !== undefined && homes.some((home) => address.startsWith(home));
}

/** What micromark encodes in text, and nothing else. */
function decoded(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot);/g,
    (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"' })[name] ?? "",
  );
}

/** What GitHub makes of plain text after the markdown is rendered: neither backslashes nor entities stop it. */
const AFTERWARDS: readonly (readonly [string, RegExp])[] = [
  ["a mention", /(?<![\w`])[@＠﹫][a-z0-9][\w-]*/i],
  ["a reference", /(?<![\w&])(?:[\w-]+\/[\w.-]+)?#\d+|(?<!\w)gh-\d+/i],
  ["a commit", /(?<!\w)(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}(?!\w)/i],
  ["an address", /\b(?:https?|ftp):\/\/|\bwww\.\w|\b(?:mailto|xmpp):[\w.+-]+@\w/i],
  ["an e-mail address", /[\w.+-]+@[\w-]+\.\w/],
  ["an emoji", /:(?!\d\d:)[a-z0-9_+-]+:/i],
  ["math", /\$[^$\s]/],
  ["an alert", /^\[!\w+\]/],
  ["an invisible character", /(?!\n|\u200B|\uFE0F)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u],
];

function linkedAfterwards(text: string): string[] {
  return AFTERWARDS.flatMap(([what, pattern]) => {
    const match = pattern.exec(text);
    return match === null ? [] : [`${what}: ${text.slice(Math.max(0, match.index - 20), match.index + 60)}`];
  });
}

/** GitHub drops a row's cells beyond the header's, so they are counted in the source: at pipes that no backslash precedes. */
function brokenRows(markdown: string): string[] {
  const rows = outsideFences(markdown).filter((line) => line.startsWith("| "));
  let header = 0;
  return rows.flatMap((row, index) => {
    const cells = row.replace(/\\./g, "").split("|").length;
    if (rows[index + 1]?.startsWith("| --- ") === true) header = cells;
    return cells === header && !/\\\\\|/.test(row)
      ? []
      : [`a row of ${cells} for ${header} cells: ${row.slice(0, 80)}`];
  });
}

function outsideFences(markdown: string): readonly string[] {
  return markdown.replace(/^(`{3,})[a-z]*\n[\s\S]*?\n\1$/gm, "").split("\n");
}

function unbalanced(html: string): string[] {
  return ["details", "summary", "sub", "table", "pre"].flatMap((name) => {
    const opened = html.match(new RegExp(`<${name}\\b`, "g"))?.length ?? 0;
    const closed = html.match(new RegExp(`</${name}>`, "g"))?.length ?? 0;
    return opened === closed ? [] : [`${opened} <${name}> and ${closed} </${name}>`];
  });
}

const DIAGRAM_LINE =
  /^(?:%%\{init: \{[\w"#:{}, ]*\}%%|xychart-beta|  title "[\w :;,-]*"|  x-axis "[\w -]+" \[(?:"(?:-?\d+|switch|[\u200B\u200C]+)"(?:, )?)+\]|  y-axis "\w+" 0 --> [\d.]+|  (?:bar|line) \[[\d., ]*\]|)$/;

function badDiagrams(html: string): string[] {
  return [...html.matchAll(/<code class="language-mermaid">([^<]*)/g)]
    .flatMap(([, source = ""]) => decoded(source).split("\n"))
    .filter((line) => !DIAGRAM_LINE.test(line))
    .map((line) => `a diagram's line: ${line.slice(0, 80)}`);
}
