import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqliteState } from "../../src/journal/sqlite-state.ts";
import type { RunEvent } from "../../src/model/event.ts";
import { reportPage } from "../../src/reporters/html/report-page.ts";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hasChromium, launchChromium, openPage, seriousProblems } from "../support/browser.ts";
import { hostileEvents } from "../support/hostile-events.ts";
import { SLOW_MS, run, testIo } from "../support/journey.ts";

const home = mkdtempSync(join(tmpdir(), "html-report-"));
const small = { RUNBOOK_DIR: "test/support/runbooks" };
const scenarios = [
  { name: "PASS", argv: ["small", "--scenario", "test/support/runbooks/small-good.yaml"], env: small, exit: 0 },
  { name: "FAIL", argv: ["backend-prod", "--scenario", "bad-revision"], env: {}, exit: 1 },
  { name: "INCONCLUSIVE", argv: ["small", "--scenario", "no-traffic"], env: small, exit: 3 },
] as const;
const fileOf = (name: string): string => join(home, `${name}.html`);
const stateOf = (name: string): string => join(home, `${name}.db`);
let browser: Browser | undefined;

beforeAll(async () => {
  if (hasChromium) browser = await launchChromium();
}, SLOW_MS);
afterAll(async () => {
  await browser?.close();
  rmSync(home, { recursive: true, force: true });
});

describe.each(scenarios)("the page of a rehearsed run that is $name", ({ name, argv, env, exit }) => {
  const file = fileOf(name);
  const address = pathToFileURL(file).href;

  test(
    "is written by --html, and tells the facts that the terminal tells",
    async () => {
      const ran = await run(["rehearse", ...argv, "--html", file, "--state", stateOf(name)], testIo(env));
      expect([ran.code, ran.stderr]).toEqual([exit, `report written: ${file}\n`]);
      const page = readFileSync(file, "utf8");
      expect(/<title>(.*?)<\/title>/.exec(page)?.[1]).toMatch(new RegExp(`^${name} · ${argv[0]} · `));
      expect(page.includes("nothing real was touched")).toBe(true);
      // A run that has ended waits for nothing.
      expect(page.match(/<span class="time">(?:waiting|under way|retrying|cut short)</g) ?? []).toEqual(
        name === "FAIL" ? ['<span class="time">cut short<'] : [],
      );
      expect(page.match(/<script/g)).toBeNull();
    },
    SLOW_MS,
  );

  test.skipIf(!hasChromium).each(["light", "dark"] as const)(
    "is accessible in %s, asks the network for nothing, and says nothing on the console",
    async (colorScheme) => {
      if (browser === undefined) throw new Error("Chromium did not start");
      const seen = await openPage(browser, address, { colorScheme });
      await seen.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
      expect(await seriousProblems(seen.page)).toEqual([]);
      expect(seen.requests.filter((url) => !url.startsWith("data:"))).toEqual([address]);
      expect(seen.said).toEqual([]);
    },
  );

  test.skipIf(!hasChromium).each([400, 768, 1400])("fits %i pixels, open or closed, and prints", async (width) => {
    if (browser === undefined) throw new Error("Chromium did not start");
    const { page } = await openPage(browser, address, { viewport: { width, height: 900 } });
    const beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(beyond)).toBe(0);
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
    expect(await page.evaluate(beyond)).toBe(0);
    const smallest =
      "Math.min(...[...document.querySelectorAll('svg text')].filter((each) => each.getClientRects().length > 0).map((each) => each.getBoundingClientRect().height))";
    expect(await page.evaluate(smallest)).toBeGreaterThan(9);
  });

  test.skipIf(!hasChromium).each(["light", "dark"] as const)(
    "prints on white from a %s browser, breaks no word of a table, and on few pages",
    async (colorScheme) => {
      if (browser === undefined) throw new Error("Chromium did not start");
      const { page } = await openPage(browser, address, { colorScheme, viewport: { width: 794, height: 1_123 } });
      await page.emulateMedia({ media: "print", colorScheme });
      // The margins of the paper, which only a real print has.
      await page.evaluate("document.body.style.width = '688px'");
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
      expect(await page.evaluate("document.body.scrollWidth")).toBeLessThanOrEqual(688);
      expect(await page.evaluate(BROKEN_WORDS)).toEqual([]);
      const printed = (await page.pdf({ format: "A4" })).toString("latin1");
      const pages = printed.match(/\/Type \/Page\b/g) ?? [];
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.length).toBeLessThan(16);
    },
  );
});

/** What of a table's words stands on more than one line. */
const BROKEN_WORDS = `(() => {
  const broken = [];
  for (const cell of document.querySelectorAll("td, th")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode())
      for (const { 0: word, index } of text.data.matchAll(/[A-Za-z]{2,24}/g)) {
        const range = document.createRange();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1) broken.push(word);
      }
  }
  return broken;
})()`;

describe("a page", () => {
  test("of a hostile journal has the very elements of a harmless one: no script, no dialog, no request", async () => {
    const events = await eventsOf("FAIL");
    const file = fileOf("hostile");
    const poisoned = hostileEvents(events);
    expect(JSON.stringify(poisoned).match(/evil\.example|alert\(/g)?.length).toBeGreaterThan(200);
    writeFileSync(file, await reportPage({ events: poisoned, watched: [] }));
    writeFileSync(fileOf("harmless"), await reportPage({ events, watched: [] }));
    expect(readFileSync(file, "utf8")).not.toMatch(/<(script|img|iframe|object|meta http-equiv=refresh)/);
    if (browser === undefined) return;
    const seen = await openPage(browser, pathToFileURL(file).href);
    const harmless = await openPage(browser, pathToFileURL(fileOf("harmless")).href);
    const elements = "[...document.querySelectorAll('*')].map((each) => each.tagName).join(' ')";
    expect(await seen.page.evaluate(elements)).toBe(await harmless.page.evaluate(elements));
    const handlers =
      "[...document.querySelectorAll('*')].flatMap((each) => [...each.attributes]).filter(({ name, value }) => name.startsWith('on') || /^\\s*javascript:/i.test(value)).length";
    expect(await seen.page.evaluate(handlers)).toBe(0);
    expect(
      await seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
    ).toBe(0);
    expect([seen.dialogs, seen.said]).toEqual([[], []]);
    expect(seen.requests.filter((url) => !url.startsWith("data:"))).toHaveLength(1);
  });

  test.skipIf(!hasChromium)(
    "runs no script and fetches nothing even where one got in: the policy forbids it",
    async () => {
      if (browser === undefined) throw new Error("Chromium did not start");
      const file = fileOf("injected");
      const hits: string[] = [];
      const server = createServer((request, response) => {
        hits.push(request.url ?? "");
        response.end();
      });
      await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
      const there = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const attack = `<script>document.title = "hacked"</script><script src="${there}/x.js"></script><img src="${there}/x.png" onerror="document.title='hacked'"><style>h1{display:none}</style><iframe src="${there}/"></iframe><form action="${there}/" id="f"></form>`;
      writeFileSync(file, readFileSync(fileOf("PASS"), "utf8").replace("<main", `${attack}<main`));
      const seen = await openPage(browser, pathToFileURL(file).href);
      expect(await seen.page.title()).toMatch(/^PASS · small/);
      expect(await seen.page.evaluate("getComputedStyle(document.querySelector('h1')).display")).not.toBe("none");
      const blocked = seen.page.waitForEvent("console", (message) => message.text().includes("form-action"));
      await seen.page.evaluate("document.getElementById('f').submit()").catch(() => undefined);
      await blocked;
      expect(hits).toEqual([]);
      server.close();
      expect(seen.said.filter((text) => text.includes("Content Security Policy")).length).toBeGreaterThanOrEqual(5);
    },
  );

  test("links only to http(s), and tells the other side nothing", async () => {
    const events = await eventsOf("FAIL");
    const text = JSON.stringify(events).replaceAll(/"link":"[^"]*"/g, '"link":"javascript:alert(1)"');
    const page = await reportPage({ events: JSON.parse(text) as RunEvent[], watched: [] });
    expect(page).not.toMatch(/href="\s*javascript/i);
    const links = page.match(/<a href="h[^>]*>/g) ?? [];
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((link) => !link.includes('rel="noreferrer noopener"'))).toEqual([]);
  });
});

describe("runbook report", () => {
  test("writes the page of a run to a file or to stdout, and replaces no file unasked", async () => {
    const events = await eventsOf("PASS");
    const id = events[0]?.run ?? "";
    const argv = ["report", id, "--state", stateOf("PASS"), "--html"];
    const file = join(home, "again.html");

    expect((await run([...argv, file])).code).toBe(0);
    const page = readFileSync(file, "utf8");
    expect(firstDifference(page, readFileSync(fileOf("PASS"), "utf8"))).toBeUndefined();
    expect(firstDifference((await run([...argv, "-"])).stdout, page)).toBeUndefined();

    writeFileSync(file, "precious");
    const refused = await run([...argv, file]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("is there already")]);
    expect(readFileSync(file, "utf8")).toBe("precious");
    expect((await run([...argv, file, "--force"])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toContain("<!doctype html>");

    const lost = await run([...argv, join(home, "no-such-folder", "x.html")]);
    expect([lost.code, lost.stderr]).toEqual([2, expect.stringContaining("could not be written")]);
  });
});

function firstDifference(a: string, b: string): string | undefined {
  if (a === b) return undefined;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return `at ${at} of ${a.length} and ${b.length}: ${a.slice(at - 80, at + 80)} | ${b.slice(at - 80, at + 80)}`;
}

async function eventsOf(name: string): Promise<readonly RunEvent[]> {
  const state = await openSqliteState(stateOf(name));
  try {
    const [newest] = await state.journal.runs({ limit: 1 });
    return await state.journal.read(newest?.run ?? "");
  } finally {
    await state.close();
  }
}
