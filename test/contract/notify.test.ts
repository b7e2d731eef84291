import { expect, test } from "vitest";
import { createHmac, timingSafeEqual } from "node:crypto";
import { createNotify } from "../../src/adapters/notify.ts";
import { instant, msOf } from "../../src/model/time.ts";
import type { NotifyMessage } from "../../src/ports/notify.ts";
import { HOSTILE } from "../support/hostile-corpus.ts";
import { httpServer } from "../support/http-server.ts";

const message: NotifyMessage = {
  id: "post:question:q1",
  format: "json",
  text: "Roll back backend-prod?",
  fields: { run: "r1", text: "other" },
  at: instant("2026-04-12T04:00:00.000Z"),
};

test("a message is JSON with its text and fields, and an id by which a repetition is dropped", async () => {
  const { url, received } = await httpServer((_, response) => response.end("ok"));
  await createNotify().post(`${url}/hook`, message);
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "post:question:q1" },
  });
  expect(JSON.parse(received[0]?.body ?? "")).toEqual({
    run: "r1",
    id: "post:question:q1",
    text: "Roll back backend-prod?",
  });
  expect(Object.keys(received[0]?.headers ?? {})).not.toContain("x-runbook-signature-256");
});

test("a refusal is told by its kind, without the address", async () => {
  const check = async (status: number, kind: string, more: object = {}): Promise<void> => {
    const { url } = await httpServer((_, response) => {
      response.writeHead(status, { "retry-after": "7", location: "/elsewhere" }).end("no");
    });
    await expect(createNotify().post(`${url}/secret-path`, message)).rejects.toMatchObject({
      kind,
      message: expect.not.stringContaining("secret-path"),
      ...more,
    });
  };
  await check(302, "invalid", { applied: "no" });
  await check(400, "invalid");
  await check(403, "unauthorised");
  await check(404, "not-found");
  await check(429, "rate-limited", { retryAfterMs: 7_000 });
  await check(503, "unavailable", { applied: "unknown" });
});

test("nobody listening and no address at all", async () => {
  const refused = createNotify().post("http://127.0.0.1:9/secret", message);
  await expect(refused).rejects.toMatchObject({ kind: "unavailable", message: expect.not.stringContaining("secret") });
  await expect(createNotify().post("${{ env.HOOK }}", message)).rejects.toMatchObject({ kind: "invalid" });
});

/** As a receiver would write it, from the documentation alone. */
function isGenuine(headers: Readonly<Record<string, unknown>>, body: string, secret: string, nowMs: number): boolean {
  const timestamp = String(headers["x-runbook-timestamp"]);
  const given = Buffer.from(String(headers["x-runbook-signature-256"]));
  const hmac = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  const computed = Buffer.from(`sha256=${hmac}`);
  const isFresh = Math.abs(nowMs - Number(timestamp) * 1_000) <= 300_000;
  return isFresh && given.length === computed.length && timingSafeEqual(given, computed);
}

test("a receiver knows a signed message from a changed, an old, a foreign and an unsigned one", async () => {
  const { url, received } = await httpServer((_, response) => response.end("ok"));
  await createNotify().post(url, { ...message, secret: "s3cret" });
  await createNotify().post(url, message);
  const [signed, unsigned] = received;
  if (signed === undefined || unsigned === undefined) throw new Error("nothing was received");
  const now = msOf(message.at);
  const { headers, body } = signed;
  expect(isGenuine(headers, body, "s3cret", now + 60_000)).toBe(true);
  expect(isGenuine(headers, body.replace("r1", "r2"), "s3cret", now)).toBe(false);
  expect(isGenuine(headers, body, "other", now)).toBe(false);
  expect(isGenuine(headers, body, "s3cret", now + 3_600_000)).toBe(false);
  expect(
    isGenuine({ ...headers, "x-runbook-timestamp": String(now / 1_000 + 3_600) }, body, "s3cret", now + 3_600_000),
  ).toBe(false);
  expect(isGenuine(unsigned.headers, unsigned.body, "s3cret", now)).toBe(false);
  expect(JSON.stringify(signed)).not.toContain("s3cret");
});

test(`Slack gets ${HOSTILE.length} strings as plain text: nobody is mentioned, nothing is unfurled or marked up`, async () => {
  const { url, received } = await httpServer((_, response) => response.end("ok"));
  for (const { text } of HOSTILE) {
    await createNotify().post(url, { ...message, format: "slack", text: text.slice(0, 1_000), secret: "s3cret" });
  }
  expect(received).toHaveLength(HOSTILE.length);
  for (const { headers, body } of received) {
    const sent = JSON.parse(body) as Record<string, unknown>;
    expect(sent["text"]).not.toMatch(/[<>]|@(?!\u200B)|&(?!amp;|lt;|gt;)/);
    expect(sent).toMatchObject({ mrkdwn: false, link_names: false, unfurl_links: false, unfurl_media: false });
    expect(headers["idempotency-key"]).toBe(message.id);
  }
});
