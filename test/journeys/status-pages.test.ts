import { request as httpRequest } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveStatusPages } from "../../src/commands/status-pages.ts";
import { openSqliteState } from "../../src/journal/sqlite-state.ts";
import type { State } from "../../src/journal/state.ts";
import type { PageServer } from "../../src/adapters/page-server.ts";
import { hasChromium, launchChromium, openPage, seriousProblems } from "../support/browser.ts";
import { SLOW_MS, run, testIo } from "../support/journey.ts";

const home = mkdtempSync(join(tmpdir(), "status-pages-"));
const file = join(home, "state.db");
const io = testIo();
let state: State;
let server: PageServer | undefined;
let id = "";

beforeAll(async () => {
  const argv = ["rehearse", "small", "--scenario", "test/support/runbooks/small-good.yaml", "--state", file];
  expect((await run(argv, testIo({ RUNBOOK_DIR: "test/support/runbooks" }))).code).toBe(0);
  state = await openSqliteState(file);
  id = (await state.journal.runs({ limit: 1 }))[0]?.run ?? "";
  server = await serveStatusPages(state, { statusPort: 0 }, io);
}, SLOW_MS);
afterAll(async () => {
  await server?.close();
  await state.close();
  rmSync(home, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A request whose headers no client mends. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const port = server?.port ?? 0;
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      host: "127.0.0.1",
      port,
      path,
      method,
      headers: { host: `127.0.0.1:${port}`, ...headers },
    });
    sent.on("error", reject).on("response", (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.end();
  });
}

test("lists the runs and shows each one's page, on loopback, and says where", async () => {
  expect(io.text("stderr")).toBe(`status pages: http://127.0.0.1:${server?.port}/\n`);
  const list = await ask("/");
  expect([list.status, list.body.includes(`href="/runs/${id}"`)]).toEqual([200, true]);
  const shown = await ask(`/runs/${id}`);
  expect(shown.status).toBe(200);
  expect(/<title>(.*?)<\/title>/.exec(shown.body)?.[1]).toBe(`PASS · small · ${id}`);
  expect((await ask(`/runs/${id}`)).body === shown.body).toBe(true);
});

test.each([
  "/runs/no-such-run",
  "/runs/../state.db",
  "/state.db",
  "/?page=0",
  "/?page=x",
  "/?page=1e9",
  "//evil.example/",
])("%s is not there, and says nothing of what is inside", async (path) => {
  const { status, body } = await ask(path);
  expect([400, 404, 500].includes(status) && status !== 500).toBe(true);
  expect(body).not.toMatch(/sqlite|state\.db|Error|node:/);
});

test("forbids what a page may not do, in every answer", async () => {
  for (const answer of [await ask("/"), await ask("/nowhere"), await ask("/", {}, "POST")]) {
    expect(answer.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "content-security-policy": expect.stringMatching(/^default-src 'none'.*frame-ancestors 'none'$/),
    });
  }
});

test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])(
  "%s is refused: nothing can be changed here",
  async (method) => {
    expect(await ask(`/runs/${id}`, {}, method)).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  },
);

test("HEAD is a GET without its body", async () => {
  expect(await ask("/", {}, "HEAD")).toMatchObject({ status: 200, body: "" });
});

test.each([
  ["another name (DNS rebinding)", { host: "evil.example" }, 421],
  ["another name with the right port", (port: number) => ({ host: `evil.example:${port}` }), 421],
  ["the right name with another port", { host: "127.0.0.1:1" }, 421],
  ["a name that only begins well", (port: number) => ({ host: `127.0.0.1.evil.example:${port}` }), 421],
  ["another address of a network", (port: number) => ({ host: `192.0.2.1:${port}` }), 421],
  ["another origin", { origin: "https://evil.example" }, 403],
  ["no origin at all of a sandbox", { origin: "null" }, 403],
  ["localhost", (port: number) => ({ host: `localhost:${port}` }), 200],
  ["its own origin", (port: number) => ({ origin: `http://127.0.0.1:${port}` }), 200],
] as const)("asked for by %s it answers %j", async (_name, headers, status) => {
  const given = typeof headers === "function" ? headers(server?.port ?? 0) : headers;
  expect((await ask("/", given)).status).toBe(status);
});

test("elsewhere than on loopback it serves only when told, and warns", async () => {
  const told = testIo();
  const open = await serveStatusPages(state, { statusPort: 0, statusHost: "0.0.0.0" }, told);
  await open?.close();
  expect(told.text("stderr")).toContain("WARNING: whoever reaches 0.0.0.0:");
  const taken = serveStatusPages(state, { statusPort: server?.port }, testIo());
  await expect(taken).rejects.toThrow("cannot be served on 127.0.0.1");
});

test.skipIf(!hasChromium)("is accessible, and leads from the list to a run and back", async () => {
  const browser = await launchChromium();
  try {
    const here = `http://127.0.0.1:${server?.port}/`;
    const { page, requests, said } = await openPage(browser, here, { viewport: { width: 400, height: 800 } });
    expect(await seriousProblems(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")).toBe(0);
    await page.click(`a[href="/runs/${id}"]`);
    expect(await page.title()).toBe(`PASS · small · ${id}`);
    await page.click('a[href="/"]');
    expect(await page.title()).toBe("Runs · runbook");
    expect(said).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(here) && !url.startsWith("data:"))).toEqual([]);
  } finally {
    await browser.close();
  }
});
