/** Removes what must not leave the machine from text of unknown origin: secrets, addresses, query strings; keeps the rest readable. */

/** Longer text is cut before it is searched, so that no pattern meets unbounded input. */
const LONGEST = 64 * 1024;

const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, "[private key]"],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,})/g, "[token]"],
  [/\bya29\.[\w.-]{10,}/g, "[token]"],
  [/\b1\/\/0[\w-]{20,}/g, "[token]"],
  [/\bAIza[\w-]{30,}/g, "[api key]"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, "[access key]"],
  [/\bxox[abeoprs]-[\w-]{10,}/g, "[token]"],
  [/\bxapp-[\w-]{10,}/g, "[token]"],
  [/\b(?:sk|rk|pk)[-_](?:live_|test_|proj-|ant-)?[\w-]{20,}/g, "[api key]"],
  [/\bglpat-[\w-]{16,}/g, "[token]"],
  [/\bnpm_[A-Za-z0-9]{30,}/g, "[token]"],
  [/\bSG\.[\w-]{16,}\.[\w-]{16,}/g, "[api key]"],
  [/\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, "[jwt]"],
  [/\bhttps:\/\/hooks\.slack\.com\/[^\s"'<>)\]]+/gi, "[webhook]"],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, "$1 [secret]"],
  [/\b(set-cookie|cookie)(["']?\s*[:=]\s*)[^\r\n"']+/gi, "$1$2[secret]"],
  [
    /\b((?:[a-z]{1,20}[_-]){0,3}(?:password|passwd|secret|token|api[_-]?key|apikey|private[_-]?key|credentials?))(["']?\s{0,3}[:=]\s{0,3}["']?)(?!\[)[^\s"',;&}]{4,}/gi,
    "$1$2[secret]",
  ],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:]{1,200}(?::[^\s/@]{0,200})?@/gi, "$1[credentials]@"],
  [/\b[A-Za-z0-9][\w.%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,5}\.[A-Za-z]{2,}\b/g, "[e-mail]"],
  [/(?<=[\w/%~.-])\?[\w.~%[\]-]{1,100}=[^\s"'<>`|)]*/g, "?[query]"],
  [
    /(?<![\w.])(?!127\.|0\.0\.0\.0)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)/g,
    "[ip]",
  ],
  [/(?<![\w:.])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}(?![\w:])/gi, "[ip]"],
  [/(?<![\w:.])[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})?(?![\w:])/gi, "[ip]"],
];

/** Idempotent: what it writes matches none of its rules. */
export function redact(text: string): string {
  return RULES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text.slice(0, LONGEST));
}
