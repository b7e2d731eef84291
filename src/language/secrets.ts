/** Recognises secrets that were written into a runbook, by their published shapes. Knows nothing of where they stand. */

interface SecretShape {
  readonly what: string;
  /** Every repetition is bounded, so that hostile text costs linear time. */
  readonly pattern: RegExp;
}

const SHAPES: readonly SecretShape[] = [
  { what: "a GitHub token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{10,255}|github_pat_[A-Za-z0-9_]{10,255})/g },
  { what: "a Google API key", pattern: /\bAIza[A-Za-z0-9_-]{20,60}/g },
  { what: "a Google access token", pattern: /\bya29\.[A-Za-z0-9_-]{10,500}/g },
  { what: "an AWS access key", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{12,20}\b/g },
  { what: "a private key", pattern: /-----BEGIN [A-Z0-9 ]{1,40}-----/g },
  { what: "a Slack token", pattern: /\bxox[a-z]-[A-Za-z0-9-]{8,250}/g },
  {
    what: "a JSON Web Token",
    pattern: /\beyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{0,1000}/g,
  },
  {
    what: "a webhook's address",
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9_/-]{1,200}/g,
  },
  { what: "a webhook's address", pattern: /discord(?:app)?\.com\/api\/webhooks\/[A-Za-z0-9_/-]{1,200}/g },
  {
    what: "an address with a password",
    pattern: /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@"'$]{1,100}:[^\s/@"'${]{1,200}@/gi,
  },
];

export interface FoundSecret {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/** All secrets in a text, in order, without overlaps. */
export function findSecrets(text: string): readonly FoundSecret[] {
  const found = SHAPES.flatMap(({ what, pattern }) =>
    [...text.matchAll(pattern)].map((match) => ({ what, start: match.index, end: match.index + match[0].length })),
  ).sort((a, b) => a.start - b.start);
  let end = 0;
  return found.filter((secret) => {
    if (secret.start < end) return false;
    end = secret.end;
    return true;
  });
}

/** The same text, of the same length, with all but the first four characters of each secret starred. */
export function maskSecrets(text: string): string {
  return findSecrets(text).reduce(
    (masked, { start, end }) =>
      masked.slice(0, start + 4) + "*".repeat(Math.max(0, end - start - 4)) + masked.slice(end),
    text,
  );
}

/** Whether a key's name says that its value is a secret: `API_TOKEN`, `authorization`, `db-password`. */
export function namesSecret(key: string): boolean {
  return /(?:^|[-_.])(?:token|secret|password|passwd|authorization|api[-_]?key|private[-_]?key)$/i.test(key);
}
