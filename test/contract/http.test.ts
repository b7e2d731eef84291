import { expect, test } from "vitest";
import { createHttp } from "../../src/adapters/http.ts";
import { httpServer } from "../support/http-server.ts";

const http = createHttp();

function get(url: string, timeoutMs = 5_000): ReturnType<typeof http.probe> {
  return http.probe({ method: "GET", url, timeoutMs });
}

test("any status is an answer, a redirect too; it is measured and its body is read", async () => {
  const { url, received } = await httpServer(({ url }, response) => {
    response.writeHead(Number(url.slice(1)), { location: "/200" }).end("hello");
  });
  for (const status of [200, 302, 404, 500]) {
    expect(await get(`${url}/${status}`)).toMatchObject({ status, body: "hello" });
  }
  expect((await get(`${url}/200`)).latencyMs).toBeGreaterThanOrEqual(0);
  expect(received.map(({ url }) => url)).not.toContain("/");
  expect(await http.probe({ method: "HEAD", url: `${url}/200`, timeoutMs: 5_000 })).toMatchObject({ body: "" });
});

test("headers are sent", async () => {
  const { url, received } = await httpServer((_, response) => response.end());
  await http.probe({ method: "POST", url, headers: { "x-probe": "yes" }, timeoutMs: 5_000 });
  expect(received).toMatchObject([{ method: "POST", headers: { "x-probe": "yes" } }]);
});

test("no more than 64 KiB of an endless body are read", async () => {
  const { url } = await httpServer((_, response) => {
    const more = (): void => {
      while (response.write("x".repeat(10_000)));
    };
    response.on("drain", more);
    more();
  });
  expect((await get(url)).body).toHaveLength(64 * 1024);
});

test("a server that never answers, or never ends its answer, is a timeout", async () => {
  const silent = await httpServer(() => undefined);
  await expect(get(silent.url, 100)).rejects.toMatchObject({ kind: "timeout", applied: "unknown" });
  const dripping = await httpServer((_, response) => void response.write("a bit"));
  await expect(get(dripping.url, 100)).rejects.toMatchObject({ kind: "timeout" });
});

test("an interruption is no timeout", async () => {
  const { url } = await httpServer(() => undefined);
  const interruption = new AbortController();
  const probe = http.probe({ method: "GET", url, timeoutMs: 5_000 }, interruption.signal);
  interruption.abort();
  await expect(probe).rejects.toMatchObject({ kind: "aborted" });
});

test("no connection is unavailable, with the reason and without the query", async () => {
  const closed = "http://127.0.0.1:1/health?token=secret";
  await expect(get(closed)).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/^GET 127\.0\.0\.1:1\/health: (ECONNREFUSED|bad port)$/),
  });
  const reset = await httpServer((_, response) => response.destroy());
  await expect(get(reset.url)).rejects.toMatchObject({ kind: "unavailable" });
});

test("what is no http address is invalid, and a password is not repeated", async () => {
  for (const url of ["", "api.omi.me/health", "file:///etc/passwd", "http://user:secret@example.com/"]) {
    await expect(get(url)).rejects.toMatchObject({
      kind: "invalid",
      message: expect.not.stringContaining("secret"),
    });
  }
});
