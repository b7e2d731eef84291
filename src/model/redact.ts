/** Removes what must not leave the machine from text of unknown origin: secrets, addresses, query strings; keeps the rest readable. */
import { SECRET_SHAPES } from "./secret-shapes.ts";

/** Longer text is cut before it is searched, so that no pattern meets unbounded input. */
const LONGEST = 64 * 1024;

/** What a runbook may have shown all the same. Secrets are no class: they never are. */
export const REDACTION_CLASSES = ["emails", "ips", "query-strings"] as const;
export type RedactionClass = (typeof REDACTION_CLASSES)[number];

/** What is taken out of a run's text besides secrets. */
export interface Redaction {
  /** Stays readable. */
  readonly keep: readonly RedactionClass[];
  /** Goes too: sources of regular expressions that were found to be harmless when the runbook was loaded. */
  readonly also: readonly string[];
}

export const STANDARD: Redaction = { keep: [], also: [] };
/** For text of a run, whose own redaction it went through before it was journaled. */
export const SECRETS_ONLY: Redaction = { keep: REDACTION_CLASSES, also: [] };

/** What both together take out: for words that may be of either. */
export function strictest(one: Redaction, other: Redaction): Redaction {
  return {
    keep: one.keep.filter((kept) => other.keep.includes(kept)),
    also: [...new Set([...one.also, ...other.also])],
  };
}

type Rule = readonly [RegExp, string | ((found: string) => string)];

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

/** Part of an address, and a secret. */
const CREDENTIALS: Rule = [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:]{0,200}(?::[^\s/@]{0,200})?@/gi, "$1[credentials]@"];

/** In the order in which they are looked for. */
const CLASSES: Readonly<Record<RedactionClass, readonly Rule[]>> = {
  emails: [
    [/\b[A-Za-z0-9][\w.%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,5}\.[A-Za-z]{2,}\b/g, "[e-mail]"],
  ],
  "query-strings": [[/(?<=[\w/%~.-])\?[\w.~%[\]-]{1,100}=[^\s"'<>`|)]*/g, "?[query]"]],
  ips: [
    [
      /(?<![\w.])(?!127\.|0\.0\.0\.0)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)/g,
      "[ip]",
    ],
    [/(?<![\w:.])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}(?![\w:])/gi, "[ip]"],
    [/(?<![\w:.])[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})?(?![\w:])/gi, "[ip]"],
  ],
};

const SECRETS: readonly Rule[] = [
  ...SECRET_SHAPES.map(({ pattern, shown }): Rule => [pattern, shown]),
  ...NAMED,
  CREDENTIALS,
];

/** Idempotent: what it writes matches none of its rules, and none of a runbook's. */
export function redact(text: string, redaction: Redaction = STANDARD): string {
  const { rules, harmless } = compiled(redaction);
  const given = text.slice(0, LONGEST);
  if (harmless.has(given)) return given;
  const left = rules.reduce(
    (rest, [pattern, replacement]) =>
      typeof replacement === "string" ? rest.replace(pattern, replacement) : rest.replace(pattern, replacement),
    given,
  );
  if (left === given && given.length <= LONGEST_KNOWN) {
    if (harmless.size >= MOST_KNOWN) harmless.clear();
    harmless.add(given);
  }
  return left;
}

/** Everything that stands in the place of something. */
const MARK = new RegExp(
  `\\[(?:${[...new Set(SECRET_SHAPES.map(({ shown }) => shown.slice(1, -1)))].join("|")}|secret|credentials|e-mail|query|ip|redacted)\\]`,
  "u",
);

/** The names of services and the like are shown again and again: not searched again are this many texts, of at most this length. */
const MOST_KNOWN = 2_000;
const LONGEST_KNOWN = 400;

interface Compiled {
  readonly rules: readonly Rule[];
  /** Texts in which nothing was found: never one that held a secret. */
  readonly harmless: Set<string>;
}

const COMPILED = new WeakMap<Redaction, Compiled>();

/** A runbook's own patterns come first: they were written for the text as it is. */
function compiled(redaction: Redaction): Compiled {
  const known = COMPILED.get(redaction);
  if (known !== undefined) return known;
  const { keep, also } = redaction;
  const classes = Object.entries(CLASSES).flatMap(([name, rules]) => (keep.some((kept) => kept === name) ? [] : rules));
  const made = { rules: [...also.map(ownRule), ...SECRETS, ...classes], harmless: new Set<string>() };
  COMPILED.set(redaction, made);
  return made;
}

/** What was redacted before is stepped over, so that a wide pattern does not redact its own mark. */
function ownRule(source: string): Rule {
  return [
    new RegExp(`${MARK.source}|(?:${source})`, "gu"),
    (found) => (MARK.exec(found)?.[0] === found ? found : "[redacted]"),
  ];
}
