/** What leaves the machine: tokens of every issuer that we know leave nothing of themselves, and numbers that matter stay. */
import { expect, test } from "vitest";
import { REDACTION_CLASSES, redact, SECRETS_ONLY } from "../../../src/model/redact.ts";

const hex = (length: number): string => "0123456789abcdef".repeat(10).slice(0, length);
const mixed = (length: number): string => "aB3dE5fG7hJ9kL1mN3pQ".repeat(20).slice(0, length);
const upper = (length: number): string => "A1B2C3D4E5F6G7H8J9K0".repeat(10).slice(0, length);
/** Assembled, so that secret scanners of hosts do not take the test for a leak. */
const made = (...parts: readonly string[]): string => parts.join("");

const SECRETS: Readonly<Record<string, string>> = {
  "GitHub, classic": made("ghp", "_", mixed(36)),
  "GitHub, OAuth": made("gho", "_", mixed(36)),
  "GitHub, user to server": made("ghu", "_", mixed(36)),
  "GitHub, app installation": made("ghs", "_", mixed(36)),
  "GitHub, refresh": made("ghr", "_", mixed(76)),
  "GitHub, fine-grained": made("github", "_pat_", mixed(22), "_", mixed(59)),
  "GitHub, old app": made("v1", ".", hex(40)),
  "GitLab, personal": made("glpat", "-", mixed(20)),
  "GitLab, deploy": made("gldt", "-", mixed(20)),
  "GitLab, runner": made("glrt", "-", mixed(20)),
  "GitLab, CI job": made("glcbt", "-64_", mixed(20)),
  "Slack, bot": made("xoxb", "-123456789012-", mixed(24)),
  "Slack, user": made("xoxp", "-123456789012-", mixed(24)),
  "Slack, refresh": made("xoxe.xoxp", "-1-", mixed(40)),
  "Slack, app": made("xapp", "-1-A012-", mixed(30)),
  "Slack, webhook": made("https://hooks.slack.com", "/services/T0/B0/", mixed(24)),
  "Discord, webhook": made("https://discord.com", "/api/webhooks/123456789/", mixed(60)),
  "Teams, webhook": made("https://acme.webhook.office.com", "/webhookb2/", hex(32)),
  "Discord, bot": made("M", mixed(25), ".", mixed(6), ".", mixed(38)),
  "Telegram, bot": made("123456789", ":AA", mixed(33)),
  "Stripe, live": made("sk", "_live_", mixed(24)),
  "Stripe, restricted": made("rk", "_live_", mixed(24)),
  "Stripe, webhook": made("whsec", "_", mixed(32)),
  "AWS, access key": made("AKIA", upper(16)),
  "AWS, session key": made("ASIA", upper(16)),
  "AWS, secret key": made("aws_secret_access_key=", mixed(40)),
  "Google, API key": made("AIza", mixed(35)),
  "Google, access token": made("ya29", ".", mixed(60)),
  "Google, refresh token": made("1//0", mixed(40)),
  "Google, client secret": made("GOCSPX", "-", mixed(28)),
  "Google, service account": made('"private_key_id": "', hex(40), '"'),
  "Azure, account key": made("AccountKey=", mixed(86), "=="),
  JWT: made("eyJ", "hbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxIn0.", mixed(20)),
  JWE: made("eyJ", "hbGciOiJSU0EifQ", ".", mixed(20), ".", mixed(16), ".", mixed(20), ".", mixed(22)),
  "Kubernetes, service account": made("eyJ", "hbGciOiJSUzI1NiIsImtpZCI6Ing", ".", mixed(80), ".", mixed(80)),
  npm: made("npm", "_", mixed(36)),
  PyPI: made("pypi", "-AgEIcHlwaS5vcmc", mixed(60)),
  RubyGems: made("rubygems", "_", hex(48)),
  "Docker Hub": made("dckr", "_pat_", mixed(27)),
  SendGrid: made("SG", ".", mixed(22), ".", mixed(43)),
  "Twilio, account": made("AC", hex(32)),
  "Twilio, key": made("SK", hex(32)),
  Mailgun: made("key", "-", hex(32)),
  Mailchimp: made(hex(32), "-us12"),
  Shopify: made("shpat", "_", hex(32)),
  DigitalOcean: made("dop", "_v1_", hex(64)),
  OpenAI: made("sk", "-", mixed(48)),
  "OpenAI, project": made("sk", "-proj-", mixed(48)),
  Anthropic: made("sk", "-ant-api03-", mixed(90)),
  OpenRouter: made("sk", "-or-v1-", hex(64)),
  "Hugging Face": made("hf", "_", "abcdefghijklmnopqrstuvwxyzABCDEFGH"),
  Groq: made("gsk", "_", mixed(52)),
  xAI: made("xai", "-", mixed(80)),
  Replicate: made("r8", "_", mixed(37)),
  Vault: made("hvs", ".", mixed(90)),
  "Vault, old": made("s", ".", mixed(24)),
  Databricks: made("dapi", hex(32)),
  "New Relic": made("NRAK", "-", upper(27)),
  Grafana: made("glsa", "_", mixed(32), "_", hex(8)),
  Linear: made("lin", "_api_", mixed(40)),
  Notion: made("secret", "_", mixed(43)),
  Figma: made("figd", "_", mixed(40)),
  Postman: made("PMAK", "-", hex(24), "-", hex(34)),
  Square: made("sq0atp", "-", mixed(22)),
  Supabase: made("sbp", "_", hex(40)),
  Tailscale: made("tskey", "-auth-", mixed(24)),
  Pulumi: made("pul", "-", hex(40)),
  PlanetScale: made("pscale", "_pw_", mixed(43)),
  age: made("AGE-SECRET-KEY", "-1", upper(58)),
  "a private key": made("-----BEGIN ", "PRIVATE KEY-----\n", mixed(64), "\n-----END PRIVATE KEY-----"),
  "an RSA key, cut": made("-----BEGIN ", "RSA PRIVATE KEY-----\n", mixed(64)),
  "an OpenSSH key": made("-----BEGIN ", "OPENSSH PRIVATE KEY-----\n", mixed(64)),
  "a PGP key": made("-----BEGIN ", "PGP PRIVATE KEY BLOCK-----\n", mixed(64)),
  "e-mail": "someone.else+tag@mail.example.co.uk",
  IPv4: "203.0.113.7",
  IPv6: "2001:db8:85a3:0:0:8a2e:370:7334",
  "IPv6, short": "2001:db8::1",
};

test(`${Object.keys(SECRETS).length} formats of secrets leave nothing of themselves`, () => {
  expect(Object.keys(SECRETS).length).toBeGreaterThanOrEqual(60);
  for (const [name, secret] of Object.entries(SECRETS)) {
    for (const [before, after] of [
      ["before ", " after"],
      ["", ""],
      ["x=", ","],
      ['{"a": "', '"}'],
      ["(", ")"],
    ] as const) {
      const redacted = redact(`${before}${secret}${after}`);
      expect(redacted, name).toMatch(/\[[a-z -]+\]/);
      const core = secret
        .split(/[=:"\s]/)
        .sort((a, b) => b.length - a.length)[0]
        ?.slice(-14, -2);
      expect(redacted, name).not.toContain(core);
      expect(redact(redacted), name).toBe(redacted);
    }
  }
});

test.each([
  ["Authorization: Bearer abc.def-123", "Authorization: Bearer [secret]"],
  ["Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [secret]"],
  ["authorization: abcdef123456", "authorization: [secret]"],
  ["Proxy-Authorization: Digest abcdef1234", "Proxy-Authorization: Digest [secret]"],
  ["x-api-key: 0123456789", "x-api-key: [secret]"],
  ["Cookie: session=abc; other=def", "Cookie: [secret]"],
  ["set-cookie: sid=1; HttpOnly", "set-cookie: [secret]"],
  ["password=hunter22 next", "password=[secret] next"],
  ["DB_PASSWORD: hunter22", "DB_PASSWORD: [secret]"],
  ["MY_APP_CLIENT_SECRET='abcd1234'", "MY_APP_CLIENT_SECRET='[secret]'"],
  ['{"api_key": "abcd1234"}', '{"api_key": "[secret]"}'],
  ["GET /v1/users?email=a&token=b 500", "GET /v1/users?[query] 500"],
  ["https://s3.example/x?X-Amz-Signature=abc&X-Amz-Expires=9", "https://s3.example/x?[query]"],
  ["https://storage.googleapis.com/b/o?GoogleAccessId=x&Signature=y", "https://storage.googleapis.com/b/o?[query]"],
  ["https://x.blob.core.windows.net/c?sv=2020&sig=abc%3D", "https://x.blob.core.windows.net/c?[query]"],
  ["postgres://user:secret@db.internal/x", "postgres://[credentials]@db.internal/x"],
  ["mongodb+srv://user:secret@cluster.example/x", "mongodb+srv://[credentials]@cluster.example/x"],
  ["redis://:secret@cache:6379/0", "redis://[credentials]@cache:6379/0"],
  ["amqp://user:secret@mq:5672", "amqp://[credentials]@mq:5672"],
  ["https://token@github.example/o/r.git", "https://[credentials]@github.example/o/r.git"],
])("%s", (text, expected) => {
  expect(redact(text)).toBe(expected);
  expect(redact(expected)).toBe(expected);
});

test.each([
  "GET /v1/conversations 500",
  "gcr.io/based-hardware/backend@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "us-docker.pkg.dev/p/r/backend:v1.2.3-rc.1",
  "04:07:12 UTC",
  "2026-04-12T04:07:12.123456Z",
  "http://127.0.0.1:8080/health",
  "https://api.omi.me/v1/health answered 200",
  "backend-00907-kpc serves 100 %",
  "backend-sync-00512-h7d",
  "prod-omi-backend-listen-7f8c6d5b49-x2x9z",
  "is it 30 %? yes",
  "what? why=because",
  "3fabf10a1b2c3d4e5f60718293a4b5c6d7e8f901",
  "3fabf10..9b6168c (3 commits)",
  "550e8400-e29b-41d4-a716-446655440000",
  "std::vector and Foo::bar",
  "ImportError: cannot import name 'get_profile' from 'utils.profiles'",
  "npm 11.4.0, node 24.21.0, chrome 131.0.6778.85",
  "1h30m, 250ms, 3.5 s, T+20m",
  "ln E+(x1 12; rho 2) = 3.912023 >= 3.912023",
  "20260412-0400-7k2q",
  "step:deploy-backend/dispatch",
  "${{ env.API_TOKEN }}",
  "token: ${{ env.API_TOKEN }}",
  "the token expired; the secret is not set",
  "asks for a password twice",
  "pods 27/27 ready, 0 restarts",
  "Deployment prod-omi-pusher in prod-omi-gke, prod-omi-backend",
  "projects/based-hardware/logs/run.googleapis.com%2Frequests",
  'resource.labels.service_name="backend"',
  "arn:aws:iam::123456789012:role/deploy",
  "task-force-one and sk-learn and pk-index",
  "key-value store, v1.23 api",
  "@everyone fixes #12",
])("%s is left as it is", (text) => {
  expect(redact(text)).toBe(text);
});

test("a long hostile text is searched in bounded time", () => {
  for (const part of [
    "a@",
    "1.",
    "?a",
    "a:",
    "token_",
    "a-",
    "eyJa.",
    "x://",
    "-----BEGIN PRIVATE KEY-----",
    "authorization:",
    "cookie ",
    "M",
    "1:",
  ]) {
    expect(redact(part.repeat(80_000 / part.length)).length).toBeLessThanOrEqual(140_000);
  }
}, 20_000);

test("with every class kept, what is secret goes all the same", () => {
  const classes = new Set(["e-mail", "IPv4", "IPv6", "IPv6, short"]);
  const kept = { keep: REDACTION_CLASSES, also: [] };
  for (const [name, secret] of Object.entries(SECRETS)) {
    expect(redact(`x ${secret} y`, kept) === `x ${secret} y`, name).toBe(classes.has(name));
  }
});

test.each([
  [{ keep: ["emails"], also: [] }, "a@b.org at [ip], /x?[query]"],
  [{ keep: ["ips"], also: [] }, "[e-mail] at 203.0.113.7, /x?[query]"],
  [{ keep: ["query-strings"], also: [] }, "[e-mail] at [ip], /x?a=1"],
  [{ keep: [], also: ["[a-z@.]{3,12}"] }, "[redacted] at [ip], /x?[query]"],
] as const)("%j", (redaction, expected) => {
  expect(redact("a@b.org at 203.0.113.7, /x?a=1", redaction)).toBe(expected);
});

test("a runbook's own pattern leaves marks alone, whatever it matches, so that redacting twice changes nothing", () => {
  for (const also of [["[a-z]{1,20}"], ["\\[?[a-z-]{2,20}\\]?"], ["."], ["redacted"]]) {
    const redaction = { keep: [], also };
    const once = redact("Jane a@b.org 203.0.113.7 [jane] [redacted] password=hunter22", redaction);
    expect(redact(once, redaction), also[0]).toBe(once);
    expect(once.includes("jane"), also[0]).toBe(also[0] === "redacted");
  }
});

test("a text is searched by each policy on its own, however often and whatever else was searched before", () => {
  const address = "from ada@example.com";
  const secret = `npm_${hex(36)}`;
  for (let times = 0; times < 3; times++) {
    expect(redact(address, SECRETS_ONLY)).toBe(address);
    expect(redact(address)).toBe("from [e-mail]");
    expect(redact(secret, SECRETS_ONLY)).toBe("[token]");
    for (let other = 0; other < 3_000; other++) redact(`service ${other}`, SECRETS_ONLY);
  }
});
