/** A verdict as a shape and a word, so that nobody needs the colour. */
import type { Verdict } from "../../model/verdict.ts";
import { VERDICT_WORD } from "../words.ts";
import { type Html, markup, trusted } from "./template.ts";

/** Circle, triangle, square, diamond: the same shapes mark the charts. */
const SHAPE: Readonly<Record<Verdict, string>> = {
  pass: '<circle cx="12" cy="12" r="10"/><path d="M7.5 12.4 10.7 15.6 16.6 9"/>',
  warn: '<path d="M12 2.2 22.6 21H1.4Z"/><path d="M12 9v5.6M12 17.4v.8"/>',
  fail: '<rect x="2.5" y="2.5" width="19" height="19" rx="2.5"/><path d="M8 8l8 8M16 8l-8 8"/>',
  // Empty: nothing is known.
  inconclusive: '<path d="M12 2.4 21.6 12 12 21.6 2.4 12Z" fill="none" stroke="currentColor" stroke-width="3"/>',
};

export const PLOT_SYMBOL = { pass: "circle", warn: "triangle", fail: "square", inconclusive: "diamond" } as const;

/** The shape alone; the word must stand beside it. */
export function verdictMark(verdict: Verdict): Html {
  const [shape = "", sign = ""] = SHAPE[verdict].split(/(?<=\/>)/);
  const filled = shape.includes("fill=") ? shape : shape.replace("/>", ' fill="currentColor"/>');
  const drawn =
    filled +
    sign.replace(
      "/>",
      ' fill="none" stroke="var(--paper)" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>',
    );
  return trusted(
    `<svg class="mark ${verdict}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${drawn}</svg>`,
  );
}

/** "● PASS" */
export function verdictWord(verdict: Verdict | undefined): Html {
  if (verdict === undefined) return markup`<span class="none">not judged</span>`;
  return markup`<span class="word ${verdict}">${verdictMark(verdict)} ${VERDICT_WORD[verdict]}</span>`;
}
