/** The shapes of secrets by which their issuers make them known: the one list for what is redacted and what a runbook may not hold. */

export interface SecretShape {
  /** "a GitHub token": for a person who wrote one into a file. */
  readonly what: string;
  /** Global; linear in what it is matched against. A prefix names the issuer, so that little else is taken for one. */
  readonly pattern: RegExp;
  /** What stands in its place. */
  readonly shown: string;
}

export const SECRET_SHAPES: readonly SecretShape[] = [
  {
    what: "a private key",
    pattern:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
    shown: "[private key]",
  },
  { what: "a GitHub token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,})/g, shown: "[token]" },
  { what: "a GitHub token", pattern: /\bv1\.[0-9a-f]{40}\b/g, shown: "[token]" },
  {
    what: "a GitLab token",
    pattern: /\b(?:gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)|GR1348941|_gitlab_session=)[-]?[\w-]{16,}/g,
    shown: "[token]",
  },
  { what: "a Google access token", pattern: /\bya29\.[\w.-]{10,}/g, shown: "[token]" },
  { what: "a Google refresh token", pattern: /\b1\/\/0[\w-]{20,}/g, shown: "[token]" },
  { what: "a Google API key", pattern: /\bAIza[\w-]{30,}/g, shown: "[api key]" },
  { what: "a Google client secret", pattern: /\bGOCSPX-[\w-]{20,}/g, shown: "[client secret]" },
  { what: "an AWS access key", pattern: /\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, shown: "[access key]" },
  { what: "a Slack token", pattern: /\bxox[a-z](?:\.xox[a-z])?-[\w-]{10,}/g, shown: "[token]" },
  { what: "a Slack token", pattern: /\bxapp-[\w-]{10,}/g, shown: "[token]" },
  {
    what: "an API key",
    pattern: /\b(?:sk|rk|pk|whsec)[-_](?:live_|test_|proj-|ant-|or-v1-|svcacct-)?[\w-]{20,}/g,
    shown: "[api key]",
  },
  { what: "an npm token", pattern: /\bnpm_[A-Za-z0-9]{30,}/g, shown: "[token]" },
  { what: "a PyPI token", pattern: /\bpypi-[\w-]{16,}/g, shown: "[token]" },
  { what: "a RubyGems token", pattern: /\brubygems_[0-9a-f]{40,}/g, shown: "[token]" },
  { what: "a Docker Hub token", pattern: /\bdckr_[a-z]{2,5}_[\w-]{20,}/g, shown: "[token]" },
  { what: "a SendGrid key", pattern: /\bSG\.[\w-]{16,}\.[\w-]{16,}/g, shown: "[api key]" },
  { what: "a Twilio key", pattern: /\b(?:AC|SK)[0-9a-f]{32}\b/g, shown: "[account key]" },
  { what: "a Mailgun key", pattern: /\bkey-[0-9a-f]{32}\b/g, shown: "[api key]" },
  { what: "a Mailchimp key", pattern: /\b[0-9a-f]{32}-us\d{1,2}\b/g, shown: "[api key]" },
  { what: "a Shopify token", pattern: /\b(?:shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})\b/g, shown: "[token]" },
  { what: "a DigitalOcean token", pattern: /\b(?:dop|doo|dor)_v1_[0-9a-f]{40,}/g, shown: "[token]" },
  {
    what: "an API key",
    pattern:
      /\b(?:hf_[A-Za-z]{30,}|gsk_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{30,})/g,
    shown: "[api key]",
  },
  { what: "a Vault token", pattern: /\b(?:hv[sbr]\.[\w-]{20,}|s\.[A-Za-z0-9]{24}\b)/g, shown: "[token]" },
  { what: "a Databricks token", pattern: /\bdapi[0-9a-f]{32}(?:-\d)?\b/g, shown: "[token]" },
  {
    what: "an API key",
    pattern: /\b(?:NRAK-[A-Z0-9]{27}|NRJS-[0-9a-f]{19}|glc_[\w+/=]{30,}|glsa_\w{30,})/g,
    shown: "[api key]",
  },
  {
    what: "an API key",
    pattern: /\b(?:lin_api_\w{30,}|secret_[A-Za-z0-9]{40,}|ntn_[A-Za-z0-9]{40,}|figd_[\w-]{30,}|PMAK-[\w-]{40,})/g,
    shown: "[api key]",
  },
  {
    what: "a Square or Facebook token",
    pattern: /\b(?:sq0(?:atp|csp)-[\w-]{20,}|EAAA[\w-]{50,}|EAACEdEose0cBA\w+)/g,
    shown: "[token]",
  },
  {
    what: "a token",
    pattern:
      /\b(?:pscale_(?:tkn|pw|oauth)_[\w-]{30,}|sbp_[0-9a-f]{40}|tskey-[a-z]+-[\w-]{16,}|pul-[0-9a-f]{40}|fo1_[\w-]{40,})/g,
    shown: "[token]",
  },
  { what: "a private key", pattern: /\bAGE-SECRET-KEY-1[0-9A-Z]{50,}/g, shown: "[private key]" },
  { what: "a Discord token", pattern: /\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}/g, shown: "[token]" },
  { what: "a Telegram token", pattern: /\b\d{8,10}:AA[\w-]{33}/g, shown: "[token]" },
  { what: "a JSON Web Token", pattern: /\beyJ[\w-]{8,6000}\.[\w-]{4,}(?:\.[\w-]*){0,3}/g, shown: "[jwt]" },
  {
    what: "a webhook's address",
    pattern:
      /\bhttps:\/\/(?:hooks\.slack\.com|(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks|[\w-]+\.webhook\.office\.com)\/[^\s"'<>)\]]+/gi,
    shown: "[webhook]",
  },
];
