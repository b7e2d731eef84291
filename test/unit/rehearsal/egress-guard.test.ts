import * as grpc from "@grpc/grpc-js";
import dgram from "node:dgram";
import dns, { lookup as namedLookup } from "node:dns";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { guardEgress } from "../../../src/rehearsal/egress-guard.ts";
import { httpServer } from "../../support/http-server.ts";

/** TEST-NET-1 (RFC 5737): nobody has it, and no test here may find that out the slow way. */
const ELSEWHERE = "192.0.2.1";

function guarded(): readonly string[] {
  const guard = guardEgress();
  onTestFinished(() => guard.release());
  return guard.refused;
}

/** What went wrong, down to the first cause. */
async function problemOf(attempt: () => unknown): Promise<unknown> {
  try {
    const emitter = (await attempt()) as net.Socket | undefined;
    if (emitter === undefined) throw new Error("nothing was refused");
    const [error] = (await once(emitter, "error")) as [Error];
    return error;
  } catch (error) {
    return error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
}

describe("refused", () => {
  const attempts: Record<string, () => unknown> = {
    "net, by options": () => net.connect({ host: ELSEWHERE, port: 443 }),
    "net, by port and host": () => net.connect(443, ELSEWHERE),
    "net, on a socket": () => new net.Socket().connect(443, ELSEWHERE),
    tls: () => tls.connect({ host: ELSEWHERE, port: 443 }),
    http: () => http.get(`http://${ELSEWHERE}:443/`),
    https: () => https.get(`https://${ELSEWHERE}/`),
    http2: () => http2.connect(`https://${ELSEWHERE}`),
    "http2 without tls": () => http2.connect(`http://${ELSEWHERE}:443`),
    fetch: () => fetch(`https://${ELSEWHERE}/`, { signal: AbortSignal.timeout(5_000) }),
    "fetch without tls": () => fetch(`http://${ELSEWHERE}:443/`, { signal: AbortSignal.timeout(5_000) }),
  };
  test.each(Object.entries(attempts))("%s", async (_, attempt) => {
    const refused = guarded();
    expect(await problemOf(attempt)).toMatchObject({
      code: "ERR_EGRESS_REFUSED",
      message: expect.stringContaining(ELSEWHERE),
    });
    expect(refused).toEqual([`${ELSEWHERE}:443`]);
  });

  test("names, before they are looked up", async () => {
    const refused = guarded();
    for (const attempt of [
      () => net.connect(80, "example.com"),
      () => http.get("http://example.com/"),
      () => fetch("http://example.com/"),
      () => fetch("https://example.com:80/"),
      () => tls.connect({ host: "example.com", port: 80, servername: "example.com" }),
    ]) {
      expect(await problemOf(attempt)).toMatchObject({ code: "ERR_EGRESS_REFUSED" });
    }
    expect(refused).toEqual(Array.from({ length: 5 }, () => "example.com:80"));
  });

  test("a gRPC client", async () => {
    const refused = guarded();
    const client = new grpc.Client(`${ELSEWHERE}:443`, grpc.credentials.createSsl());
    onTestFinished(() => client.close());
    const error = await new Promise<grpc.ServiceError | null>((resolve) => {
      const pass = (bytes: Buffer): Buffer => bytes;
      const deadline = new Date(Date.now() + 5_000);
      client.makeUnaryRequest("/a.B/C", pass, pass, Buffer.alloc(0), new grpc.Metadata(), { deadline }, resolve);
    });
    expect(error).toMatchObject({
      code: grpc.status.UNAVAILABLE,
      details: expect.stringContaining("may not reach"),
    });
    expect(refused).toContain(`${ELSEWHERE}:443`);
  });

  test("look-ups of every kind", async () => {
    const refused = guarded();
    const lookups: (() => Promise<unknown>)[] = [
      () => promisify<string, unknown>(dns.lookup)("example.com"),
      () => promisify<string, unknown>(namedLookup)("example.com"),
      () => dns.promises.lookup("example.com"),
      () => promisify<string, unknown>(dns.resolve4)("example.com"),
      () => dns.promises.resolveTxt("example.com"),
      () => new dns.promises.Resolver().resolve4("example.com"),
      () => new Promise((_, reject) => new dns.Resolver().resolve("example.com", reject)),
    ];
    for (const attempt of lookups) await expect(attempt()).rejects.toMatchObject({ code: "ERR_EGRESS_REFUSED" });
    expect(refused).toEqual(lookups.map(() => "example.com"));
  });

  test("datagrams", () => {
    const refused = guarded();
    const socket = dgram.createSocket("udp4");
    onTestFinished(() => void socket.close());
    expect(() => socket.send("text", 53, ELSEWHERE)).toThrow(/may not reach 192\.0\.2\.1/);
    expect(() => socket.send(Buffer.alloc(4), 0, 4, 53, "example.com")).toThrow(/may not reach example\.com/);
    expect(() => socket.connect(53, ELSEWHERE)).toThrow(/may not reach/);
    expect(refused).toHaveLength(3);
  });

  test("hosts that only look like loopback", async () => {
    guarded();
    for (const host of [
      "127.0.0.1.example.com",
      "localhost.example.com",
      "128.0.0.1",
      "::2",
      "::ffff:192.0.2.1",
      "0x7f.1",
    ]) {
      expect(await problemOf(() => net.connect(80, host))).toMatchObject({ code: "ERR_EGRESS_REFUSED" });
    }
  });
});

describe("open", () => {
  test("loopback, by every name of it", async () => {
    const refused = guarded();
    const { url } = await httpServer((_, response) => response.end("here"));
    const { port } = new URL(url);
    expect(await (await fetch(url)).text()).toBe("here");
    expect(await (await fetch(`http://localhost:${port}`)).text()).toBe("here");
    for (const host of ["127.0.0.1", "localhost", "::ffff:127.0.0.1"]) {
      const socket = net.connect(Number(port), host);
      await once(socket, "connect");
      socket.destroy();
    }
    const [response] = (await once(http.get(url), "response")) as [http.IncomingMessage];
    expect(response.resume().statusCode).toBe(200);
    await expect(dns.promises.lookup("127.0.0.1")).resolves.toEqual({ address: "127.0.0.1", family: 4 });
    await expect(promisify(dns.lookup)("127.0.0.1")).resolves.toEqual({ address: "127.0.0.1", family: 4 });
    expect(refused).toEqual([]);
  });

  test("sockets of the file system", async () => {
    const refused = guarded();
    const directory = mkdtempSync(join(tmpdir(), "runbook-egress-"));
    const path = join(directory, "socket");
    const server = net.createServer((socket) => socket.end("here"));
    onTestFinished(() => {
      server.close();
      rmSync(directory, { recursive: true, force: true });
    });
    await once(server.listen(path), "listening");
    for (const socket of [net.connect(path), net.connect({ path })]) {
      const [text] = (await once(socket.setEncoding("utf8"), "data")) as [string];
      expect(text).toBe("here");
    }
    expect(refused).toEqual([]);
  });
});

test("a release puts everything back, and a guard may follow another", () => {
  const all = (): unknown[] => [
    Reflect.get(net.Socket.prototype, "connect"),
    dns.lookup,
    dns.promises.lookup,
    dns.resolve4,
    Object.hasOwn(dns.promises.Resolver.prototype, "resolve4"),
    dns.promises.Resolver.prototype.resolve4,
    Reflect.get(dgram.Socket.prototype, "send"),
    namedLookup,
  ];
  const before = all();
  const first = guardEgress();
  expect(all()).not.toEqual(before);
  first.release();
  expect(all()).toEqual(before);
  const [outer, inner] = [guardEgress(), guardEgress()];
  inner.release();
  expect(all()).not.toEqual(before);
  outer.release();
  expect(all()).toEqual(before);
});
