/** How many columns of a terminal a text takes, and where it is broken into lines. Errs on the wide side; knows no escape sequence. */

/** What a terminal draws over the character before it, or not at all. */
const NO_COLUMN = /[\p{Mn}\p{Me}\u200B-\u200F\u2060-\u2064]/u;
/** Emoji, and the scripts that Unicode's East Asian Width calls wide. */
const TWO_COLUMNS =
  /[\p{Emoji_Presentation}\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;

/** A sign that is asked to be drawn as an emoji is one column wider then. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

function widthOf(character: string): number {
  if (character >= " " && character <= "~") return 1;
  if (character === "\uFE0F") return 1;
  if (NO_COLUMN.test(character)) return 0;
  return TWO_COLUMNS.test(character) ? 2 : 1;
}

/** Lines of at most `width` columns, broken at spaces where there are any in reach. */
export function wrapped(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = Array.from(line);
  for (let fits = fitting(rest, width); fits < rest.length; fits = fitting(rest, width)) {
    const space = rest.lastIndexOf(" ", fits);
    const at = space > fits / 3 ? space : Math.max(1, fits);
    lines.push(rest.slice(0, at).join(""));
    rest = rest.slice(at === space ? at + 1 : at);
  }
  return [...lines, rest.join("")];
}

/** How many of the characters fit. */
function fitting(characters: readonly string[], width: number): number {
  let used = 0;
  const beyond = characters.findIndex((character) => (used += widthOf(character)) > width);
  return beyond === -1 ? characters.length : beyond;
}

/** The first line after `head`, the others below its end. */
export function hanging(head: string, text: string, width: number): readonly string[] {
  const indent = displayWidth(head);
  const [first = "", ...rest] = wrapped(text, Math.max(20, width - indent));
  return [head + first, ...rest.map((line) => " ".repeat(indent) + line)];
}
