/** Removes what must not leave the machine from text of unknown origin: secrets, addresses, query strings; keeps the rest readable. */

/** Longer text is cut before it is searched, so that no pattern meets unbounded input. */
const LONGEST = 64 * 1024;

type Rule = readonly [RegExp, string];

/** Shapes that their issuers publish. A prefix names the issuer, so that little else is taken for one. */
const TOKENS: readonly Rule[] = [
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
    "[private key]",
  ],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,})/g, "[token]"],
  [/\bv1\.[0-9a-f]{40}\b/g, "[token]"],
  [/\b(?:gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)|GR1348941|_gitlab_session=)[-]?[\w-]{16,}/g, "[token]"],
  [/\bya29\.[\w.-]{10,}/g, "[token]"],
  [/\b1\/\/0[\w-]{20,}/g, "[token]"],
  [/\bAIza[\w-]{30,}/g, "[api key]"],
  [/\bGOCSPX-[\w-]{20,}/g, "[client secret]"],
  [/\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, "[access key]"],
  [/\bxox[a-z](?:\.xox[a-z])?-[\w-]{10,}/g, "[token]"],
  [/\bxapp-[\w-]{10,}/g, "[token]"],
  [/\b(?:sk|rk|pk|whsec)[-_](?:live_|test_|proj-|ant-|or-v1-|svcacct-)?[\w-]{20,}/g, "[api key]"],
  [/\bnpm_[A-Za-z0-9]{30,}/g, "[token]"],
  [/\bpypi-[\w-]{16,}/g, "[token]"],
  [/\brubygems_[0-9a-f]{40,}/g, "[token]"],
  [/\bdckr_[a-z]{2,5}_[\w-]{20,}/g, "[token]"],
  [/\bSG\.[\w-]{16,}\.[\w-]{16,}/g, "[api key]"],
  [/\b(?:AC|SK)[0-9a-f]{32}\b/g, "[account key]"],
  [/\bkey-[0-9a-f]{32}\b/g, "[api key]"],
  [/\b[0-9a-f]{32}-us\d{1,2}\b/g, "[api key]"],
  [/\b(?:shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})\b/g, "[token]"],
  [/\b(?:dop|doo|dor)_v1_[0-9a-f]{40,}/g, "[token]"],
  [
    /\b(?:hf_[A-Za-z]{30,}|gsk_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{30,})/g,
    "[api key]",
  ],
  [/\b(?:hv[sbr]\.[\w-]{20,}|s\.[A-Za-z0-9]{24}\b)/g, "[token]"],
  [/\bdapi[0-9a-f]{32}(?:-\d)?\b/g, "[token]"],
  [/\b(?:NRAK-[A-Z0-9]{27}|NRJS-[0-9a-f]{19}|glc_[\w+/=]{30,}|glsa_\w{30,})/g, "[api key]"],
  [/\b(?:lin_api_\w{30,}|secret_[A-Za-z0-9]{40,}|ntn_[A-Za-z0-9]{40,}|figd_[\w-]{30,}|PMAK-[\w-]{40,})/g, "[api key]"],
  [/\b(?:sq0(?:atp|csp)-[\w-]{20,}|EAAA[\w-]{50,}|EAACEdEose0cBA\w+)/g, "[token]"],
  [
    /\b(?:pscale_(?:tkn|pw|oauth)_[\w-]{30,}|sbp_[0-9a-f]{40}|tskey-[a-z]+-[\w-]{16,}|pul-[0-9a-f]{40}|fo1_[\w-]{40,})/g,
    "[token]",
  ],
  [/\bAGE-SECRET-KEY-1[0-9A-Z]{50,}/g, "[private key]"],
  [/\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}/g, "[token]"],
  [/\b\d{8,10}:AA[\w-]{33}/g, "[token]"],
  [/\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*){0,3}/g, "[jwt]"],
  [
    /\bhttps:\/\/(?:hooks\.slack\.com|(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks|[\w-]+\.webhook\.office\.com)\/[^\s"'<>)\]]+/gi,
    "[webhook]",
  ],
];

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

const RULES: readonly Rule[] = [...TOKENS, ...NAMED, ...ADDRESSES];

/** Idempotent: what it writes matches none of its rules. */
export function redact(text: string): string {
  return RULES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text.slice(0, LONGEST));
}
