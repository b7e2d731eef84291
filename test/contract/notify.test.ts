import { expect, test } from "vitest";
import { createNotify } from "../../src/adapters/notify.ts";
import { httpServer } from "../support/http-server.ts";

const message = { id: "post:question:q1", text: "Roll back backend-prod?", fields: { run: "r1", text: "other" } };

test("a message is JSON with its text and fields, and an id by which a repetition is dropped", async () => {
  const { url, received } = await httpServer((_, response) => response.end("ok"));
  await createNotify().post(`${url}/hook`, message);
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "post:question:q1" },
  });
  expect(JSON.parse(received[0]?.body ?? "")).toEqual({ run: "r1", text: "Roll back backend-prod?" });
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
