/** Removes what must not leave the machine from text of unknown origin: secrets, addresses, query strings; keeps the rest readable. */
import { SECRET_SHAPES } from "./secret-shapes.ts";

/** Longer text is cut before it is searched, so that no pattern meets unbounded input. */
const LONGEST = 64 * 1024;

type Rule = readonly [RegExp, string];

/** A value is a secret by what it is called, or by where it stands. A reference to a secret is none. */
const NAMED: readonly Rule[] = [
  [/\b(bearer)\s+(?!\[)[\w.~+/=-]{6,}/gi, "$1 [secret]"],
  // Words of every day: what follows is a secret only when it is no plain word.
  [/\b([Bb]asic|BASIC|[Aa]pi[Kk]ey|APIKEY)\s+(?!\[)(?=[a-z]*[^a-z\s])[\w.~+/=-]{6,}/g, "$1 [secret]"],
  [/\b(digest)\s+(?!\[)\w{2,12}=[^\s]{4,}/gi, "$1 [secret]"],
  [/\b(authorization["']?\s*[:=]\s*["']?digest)\s+(?!\[)[^\s"',;&}]{4,}/gi, "$1 [secret]"],
  [
    /\b(authorization)(["']?\s*[:=]\s*["']?)(?!\[|\$\{\{|(?:bearer|basic|digest|apikey) \[)[^\s"',;&}]{4,}/gi,
    "$1$2[secret]",
  ],
  [/\b(set-cookie|cookie)(["']?\s*[:=]\s*)[^\r\n"']+/gi, "$1$2[secret]"],
  [
    /\b((?:[a-z0-9]{1,20}[_-]){0,3}(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|apikey|account[_-]?key|access[_-]?key(?:[_-]?id)?|private[_-]?key(?:[_-]?id)?|secret[_-]?access[_-]?key|client[_-]?secret|signature|sessionid|csrf|credentials?(?=["']?=)))(["']?\s{0,3}[:=]\s{0,3}["']?)(?!\[|\$\{\{)[^\s"',;&}]{4,}/gi,
    "$1$2[secret]",
  ],
];

const ADDRESSES: readonly Rule[] = [
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:]{0,200}(?::[^\s/@]{0,200})?@/gi, "$1[credentials]@"],
  [/\b[A-Za-z0-9][\w.%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,5}\.[A-Za-z]{2,}\b/g, "[e-mail]"],
  [/(?<=[\w/%~.-])\?[\w.~%[\]-]{1,100}=[^\s"'<>`|)]*/g, "?[query]"],
  [
    /(?<![\w.])(?!127\.|0\.0\.0\.0)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)/g,
    "[ip]",
  ],
  [/(?<![\w:.])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}(?![\w:])/gi, "[ip]"],
  [/(?<![\w:.])[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})?(?![\w:])/gi, "[ip]"],
];

const TOKENS = SECRET_SHAPES.map(({ pattern, shown }): Rule => [pattern, shown]);
const RULES: readonly Rule[] = [...TOKENS, ...NAMED, ...ADDRESSES];

/** Idempotent: what it writes matches none of its rules. */
export function redact(text: string): string {
  return RULES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text.slice(0, LONGEST));
}
