/** The looks of plain text on a terminal: signs, colours and boxes, with an ASCII form of each. */
import { styleText } from "node:util";
import { wrapped } from "./display-width.ts";
import { withoutCommands } from "./escape.ts";

export type Tone = "good" | "bad" | "doubt" | "quiet" | "plain";

export interface Paint {
  /** Colours `text` where colours are wanted. */
  tone(tone: Tone, text: string): string;
  /** One sign, one column wide. */
  sign(sign: string): string;
  /** The text as this terminal can show it. */
  text(text: string): string;
}

const STYLES = { good: "green", bad: "red", doubt: "yellow", quiet: "dim", plain: "reset" } as const;

export function createPaint(options: { color: boolean; unicode: boolean }): Paint {
  return {
    tone: (tone, text) =>
      options.color && tone !== "plain" ? styleText(STYLES[tone], text, { validateStream: false }) : text,
    sign: (sign) => (options.unicode ? sign : (SIGNS[sign] ?? asciiOf(sign).slice(0, 1))),
    text: (text) => (options.unicode ? text : asciiOf(text)),
  };
}

const SIGNS: Readonly<Record<string, string>> = { "→": ">", "…": ".", "▸": "*" };

const ASCII: Readonly<Record<string, string>> = {
  "→": "->",
  "⇄": "~",
  "×": "x",
  "…": "...",
  "·": "-",
  "—": "-",
  "–": "-",
  "✓": "+",
  "✗": "x",
  "▸": ">",
  "┌": "+",
  "└": "+",
  "─": "-",
  "│": "|",
  "▁": "_",
  "▂": ".",
  "▃": ":",
  "▄": "-",
  "▅": "=",
  "▆": "+",
  "▇": "*",
  "█": "#",
  "✅": "+",
  "❌": "x",
  "⚠": "!",
  "❔": "?",
  "⏳": "~",
  "▶": ">",
  "\uFE0F": "",
  "\u200B": "",
  "＄": "$",
};

/** Letters lose their accents; what has no ASCII form becomes a question mark. Wide colons and brackets become no command. */
export function asciiOf(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, (mark) => ASCII[mark] ?? "")
    .replace(/[^\n\x20-\x7E]/gu, (character) => ASCII[character] ?? "?")
    .split("\n")
    .map((line) => withoutCommands(line))
    .join("\n");
}

/** `body` in a box of `width` columns, long lines wrapped at words where there are any. Text is printed as it is given. */
export function boxed(title: string, body: string, width: number): string {
  const inner = Math.max(20, width) - 2;
  const head = `┌─ ${title} `;
  const lines = body
    .replace(/\n+$/, "")
    .split("\n")
    .flatMap((line) => wrapped(line, inner));
  return [
    head + "─".repeat(Math.max(0, inner + 2 - head.length)),
    ...lines.map((line) => `│ ${line}`.trimEnd()),
    `└${"─".repeat(inner + 1)}`,
  ].join("\n");
}
