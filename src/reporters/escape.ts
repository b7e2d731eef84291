/**
 * Makes hostile text harmless where it is shown, in GitHub comments, on terminals and in HTML pages, and takes secrets out of it on
 * the way. What else a runbook has redacted was so before it was journaled.
 * Only text goes through here: links are made by `link`, which lets nothing but http(s) through.
 */
import { type Redaction, SECRETS_ONLY, redact } from "../model/redact.ts";

const ZERO_WIDTH_SPACE = "\u200B";
const ELLIPSIS = "…";

/** One line of a code span: `text` in as many backticks as it needs. Mentions, references and HTML stay inert in code. */
export function codeSpan(text: string, longest = 200): string {
  const line = cut(oneLine(text, longest), longest);
  if (line === "") return "` `";
  const ticks = "`".repeat(longestRun(line, "`") + 1);
  const pad = line.startsWith("`") || line.endsWith("`") || line.startsWith(" ") ? " " : "";
  return ticks + pad + line + pad + ticks;
}

/** A code span for a table cell: pipes are escaped even inside code, as GitHub's tables demand. */
export function codeCell(text: string, longest = 120): string {
  // A backslash right before the escaped pipe would undo the escape, so the two are kept apart.
  return codeSpan(text, longest).replaceAll("\\|", `\\${ZERO_WIDTH_SPACE}|`).replaceAll("|", "\\|");
}

/** A fenced block whose fence is longer than any run of backticks within; lines and their number are capped. */
export function fence(text: string, options: { lines?: number; width?: number; language?: string } = {}): string {
  const { lines: most = 12, width = 240, language = "text" } = options;
  const lines = clean(text).split("\n");
  const shown = lines.slice(0, most).map((line) => cut(line, width));
  if (lines.length > most) shown.push(`${ELLIPSIS} (${lines.length - most} more lines left out)`);
  const body = shown.join("\n");
  const ticks = "`".repeat(Math.max(3, longestRun(body, "`") + 1));
  return `${ticks}${language}\n${body}\n${ticks}`;
}

/** Text within a sentence of a comment: nothing in it is markup, a mention, a reference, a link, an emoji or math. */
export function prose(text: string, longest = 400): string {
  return entities(defused(cut(oneLine(text, longest), longest)));
}

/** Text for one cell of a table in a comment: like `prose`; an empty cell shows a dash. */
export function tableCell(text: string, longest = 240): string {
  return prose(text, longest) || "–";
}

/** One line for a terminal or a CI log: no control characters, no escape sequences, no direction tricks, no runner's commands. */
export function plainLine(text: string, longest = 2_000): string {
  return cut(withoutCommands(oneLine(text, longest)), longest);
}

/** Several lines for a terminal or a CI log, each of them harmless; their indentation stays. */
export function plainLines(text: string, redaction: Redaction = SECRETS_ONLY): string {
  return text
    .split(/\r?\n/)
    .map((line) => withoutCommands(redact(clean(line), redaction).replaceAll("\n", " ")))
    .join("\n");
}

/** GitHub's runner obeys a line that begins with "::", and "##[" anywhere; others obey "##word[". */
export function withoutCommands(line: string): string {
  return line.replace(/##(?=\w*\[)/g, "## ").replace(/^(\s*:)(?=:)/, "$1 ");
}

/** Text of an HTML page, also within a quoted attribute: as visible as anywhere else, and never markup. */
export function htmlText(text: string, longest = 3_000): string {
  return cut(clean(text), longest).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A markdown link whose label is already escaped; just the label where the address is missing or is not http(s). */
export function link(label: string, address: string | undefined): string {
  const safe = safeAddress(address);
  return safe === undefined ? label : `[${label}](${safe})`;
}

/** The address with everything encoded that could end a link or a table cell; undefined unless it is http(s). */
export function safeAddress(address: string | undefined): string | undefined {
  if (address === undefined || address.length > 8_000 || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  if ((url.protocol !== "https:" && url.protocol !== "http:") || url.username !== "" || url.password !== "") {
    return undefined;
  }
  return url.href.replace(/[()[\]<>|\\"'`\s]/g, percentEncoded);
}

/** The hidden first line of a comment, by which it is found again. */
export function marker(run: string, key: string): string {
  return `<!-- runbook:v1 run=${markerWord(run)} key=${markerWord(key)} -->`;
}

function markerWord(text: string): string {
  return text.replace(/[^\w:.-]+/g, "_").replace(/--+/g, "-");
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Escape sequences and their payload first: a stripped ESC must not leave "[31m" behind. */
const ANSI =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|\u001B[\]PX^_][^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?|\u001B[ -/]*[0-~]?/g;
/** Controls but for newline; all that is invisible by definition: bidirectional and zero-width marks, fillers, tags. */
const INVISIBLE = /(?!\n)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/gu;

function clean(text: string, most = 65_536): string {
  const visible = text
    .slice(0, most)
    .toWellFormed()
    .replace(ANSI, "")
    .replace(/\r\n?/g, "\n")
    .replaceAll("\t", "  ")
    .replace(INVISIBLE, "")
    .replace(/(\p{M}{4})\p{M}+/gu, "$1");
  return redact(visible, SECRETS_ONLY);
}

/** Much more than will be shown is not looked at: a page of hostile fields would take seconds. */
function oneLine(text: string, longest: number): string {
  return clean(text, Math.max(4_096, 8 * longest))
    .replace(/\s+/g, " ")
    .trim();
}

/** Cuts on code points, never within one. */
function cut(text: string, longest: number): string {
  const points = Array.from(text);
  return points.length <= longest ? text : points.slice(0, longest - 1).join("") + ELLIPSIS;
}

function longestRun(text: string, character: string): number {
  let most = 0;
  let run = 0;
  for (const each of text) {
    run = each === character ? run + 1 : 0;
    most = Math.max(most, run);
  }
  return most;
}

/** Breaks what GitHub links after rendering, where neither backslashes nor entities help. */
function defused(text: string): string {
  return (
    text
      .replace(/[@＠﹫]/g, `$&${ZERO_WIDTH_SPACE}`)
      .replace(/#(?=\d)/g, `#${ZERO_WIDTH_SPACE}`)
      .replace(/\b(gh-)(?=\d)/gi, `$1${ZERO_WIDTH_SPACE}`)
      .replace(/:\/\//g, `:${ZERO_WIDTH_SPACE}//`)
      .replace(/\bwww(?=\.)/gi, `$&${ZERO_WIDTH_SPACE}`)
      .replace(/:(?=[\w+-]+:)/g, `:${ZERO_WIDTH_SPACE}`)
      // Seven hexadecimal digits are a commit: none are left together.
      .replace(/\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,}\b/gi, (sha) =>
        sha.replace(/.{4}(?=.)/g, `$&${ZERO_WIDTH_SPACE}`),
      )
      .replaceAll("$", "＄")
  );
}

/** Parentheses and quotes stay as they are: without brackets they mark up nothing. */
function entities(text: string): string {
  return text
    .replace(/[&<>`*[\]~|\\]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/^(\d+)[.)](?=\s|$)/, (lead) => `${lead.slice(0, -1)}&#${lead.charCodeAt(lead.length - 1)};`)
    .replace(/^[-+#=:]/, (character) => `&#${character.charCodeAt(0)};`);
}
