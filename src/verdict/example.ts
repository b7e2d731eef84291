/** One example line for people: secrets and addresses taken out, cut short. Not a guarantee: log text is hostile. */

const MAX_EXAMPLE = 300;

export function exampleOf(text: string): string {
  const redacted = text
    .slice(0, 4 * MAX_EXAMPLE)
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, "$1 [redacted]")
    .replace(
      /(["']?\b(?:api[_-]?key|access[_-]?token|token|secret|password|passwd|authorization|cookie|signature)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi,
      "$1[redacted]",
    )
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "[redacted]")
    .replace(/\b(?:gh[pousr]_|github_pat_|sk-|xox[a-z]-|AIza|ya29\.)[\w.-]{8,}/g, "[redacted]")
    .replace(/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, "[e-mail]")
    .replace(/\s+/g, " ")
    .trim();
  return redacted.length <= MAX_EXAMPLE ? redacted : `${redacted.slice(0, MAX_EXAMPLE - 1)}…`;
}
