/** "Did you mean": the nearest known word, when it is near enough to be a slip. */
import { distance } from "fastest-levenshtein";
import { quoted } from "./problems.ts";

/** The word that was probably meant, if any. Long or wholly different words suggest nothing. */
export function suggestion(given: string, known: readonly string[]): string | undefined {
  if (given.length > 64) return undefined;
  const plain = fold(given);
  const [best] = known
    .map((word) => ({ word, apart: distance(plain, fold(word)) }))
    .sort((a, b) => a.apart - b.apart || a.word.localeCompare(b.word, "en"));
  if (best === undefined) return undefined;
  return best.apart <= Math.max(1, Math.floor(Math.min(plain.length, best.word.length) / 3)) ? best.word : undefined;
}

/** "did you mean `x`?" or nothing. */
export function didYouMean(given: string, known: readonly string[]): string | undefined {
  const meant = suggestion(given, known);
  return meant === undefined ? undefined : `did you mean ${quoted(meant)}?`;
}

/** "`a`, `b` or `c`", at most twelve of them; they may be the file's own words, which are hostile. */
export function oneOf(words: readonly string[]): string {
  const shown = words.slice(0, 12).map(quoted);
  if (words.length > shown.length) return `${shown.join(", ")} …`;
  if (shown.length < 2) return shown.join("");
  return `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
}

/** Upper case, underscores and hyphens are not told apart: `onFail` and `on_fail` are `on-fail`. */
function fold(word: string): string {
  return word
    .replaceAll(/([a-z])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}
