/** A simulated server's connections, which last as long as the server does. */
import { createServer } from "node:http";
import { afterEach, expect, test } from "vitest";
import { listen, type Listening } from "../../../src/simulator/listen.ts";

let listening: Listening | undefined;
afterEach(() => listening?.close());

test("no real time ends a connection: the server tells of no limit, and has none", async () => {
  const server = createServer((_request, response) => response.end("{}"));
  listening = await listen(server);
  const response = await fetch(listening.url);
  expect(response.headers.get("connection")).toBe("keep-alive");
  expect(response.headers.get("keep-alive")).toBeNull();
});
