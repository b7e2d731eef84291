/** Hostile strings in every place of a run, on its page and in the list of runs, in Chromium under the pages' own policy. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/model/event.ts";
import { progressOf } from "../../src/model/progress.ts";
import { MINUTE, instant, plusMs } from "../../src/model/time.ts";
import type { WatchedMinutes } from "../../src/reporters/html/minutes.ts";
import { reportPage } from "../../src/reporters/html/report-page.ts";
import { runsPage } from "../../src/reporters/html/runs-page.ts";
import { reportOf } from "../../src/reporters/report.ts";
import { hasChromium, launchChromium, openPage } from "../support/browser.ts";
import { badRun } from "../support/events.ts";
import { HOSTILE } from "../support/hostile-corpus.ts";
import { SLOW_MS } from "../support/journey.ts";
import { poisoned } from "../support/poison.ts";

/** In a round each place has another string. */
const ROUNDS = HOSTILE.map((_, index) => index).filter((index) => index % 40 === 0);
const PLAIN = -1;

const home = mkdtempSync(join(tmpdir(), "hostile-pages-"));
const used = new Set<string>();
let browser: Browser | undefined;

beforeAll(async () => {
  if (hasChromium) browser = await launchChromium();
}, SLOW_MS);
afterAll(async () => {
  await browser?.close();
  rmSync(home, { recursive: true, force: true });
});

function strings(first: number): () => string {
  let count = 0;
  return () => {
    if (first === PLAIN) return `plain words ${count++}`;
    const { text } = HOSTILE[(first + count++) % HOSTILE.length] ?? { text: "" };
    used.add(text);
    return text.slice(0, 3_000);
  };
}

/** Minutes as the judge counted them; what one error is, and what counted it, are words as well. */
function watchedBy(words: () => string): readonly WatchedMinutes[] {
  const switchedAt = instant("2026-04-12T04:07:12.000Z");
  const minutes = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index % 3);
  return ["backend", "backend-sync", "listen"].map((service) => ({
    service,
    check: words(),
    counts: words(),
    switchedAt,
    rolloutStartedAt: switchedAt,
    before: { from: plusMs(switchedAt, -60 * MINUTE), errors: minutes(60), requests: minutes(60) },
    after: { from: switchedAt, errors: minutes(19) },
  }));
}

interface Shown {
  readonly page: Page;
  readonly tags: readonly string[];
}

async function shown(name: string, html: string): Promise<Shown> {
  if (browser === undefined) throw new Error("Chromium did not start");
  const file = join(home, `${name}.html`);
  writeFileSync(file, html);
  const seen = await openPage(browser, pathToFileURL(file).href, { viewport: { width: 390, height: 800 } });
  const { page } = seen;
  await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
  expect([seen.dialogs, seen.said], name).toEqual([[], []]);
  expect(
    seen.requests.filter((url) => !url.startsWith("data:")),
    name,
  ).toHaveLength(1);
  expect(await page.evaluate("document.documentElement.scrollWidth"), name).toBe(390);
  const tags = (await page.evaluate(
    "[...new Set([...document.querySelectorAll('*')].map((each) => each.tagName))]",
  )) as string[];
  return { page, tags };
}

/** Attributes that act, and addresses that lead anywhere but to a page. */
const ACTING = `[...document.querySelectorAll("body, body *")]
  .flatMap((each) => [...each.attributes])
  .filter(({ name, value }) => /^on|^(?:src|srcdoc|action|style|target)$/.test(name) || (/href$/.test(name) && !/^(?:https?:\\/\\/|#|\\/)/.test(value)))
  .map(({ name, value }) => name + "=" + value)`;

async function expectHarmless(name: string, html: string, plain: readonly string[]): Promise<void> {
  const { page, tags } = await shown(name, html);
  expect(
    tags.filter((tag) => !plain.includes(tag)),
    name,
  ).toEqual([]);
  expect(await page.evaluate(ACTING), name).toEqual([]);
  const text = (await page.evaluate("document.documentElement.textContent")) as string;
  expect(text.match(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu), name).toBeNull();
  await page.context().close();
}

describe.skipIf(!hasChromium)(`${HOSTILE.length} strings, ${ROUNDS.length} rounds`, { timeout: SLOW_MS }, () => {
  const eventsOf = (first: number): readonly RunEvent[] => poisoned(badRun().events, strings(first));

  test("the page of a run has no element of theirs, no script, no request, and fits a phone", async () => {
    const plain = await reportPage({ events: eventsOf(PLAIN), watched: watchedBy(strings(PLAIN)) });
    const { tags } = await shown("plain", plain);
    for (const first of ROUNDS) {
      const html = await reportPage({ events: eventsOf(first), watched: watchedBy(strings(first + 20)) });
      await expectHarmless(`run-${first}`, html, tags);
    }
    expect(used.size).toBe(new Set(HOSTILE.map(({ text }) => text)).size);
  });

  test("neither has the list of runs", async () => {
    const listOf = (rounds: readonly number[]): string =>
      runsPage({ reports: rounds.map((first) => reportOf(progressOf(eventsOf(first)))), page: 1, hasMore: true });
    const { tags } = await shown("plain-list", listOf([PLAIN]));
    await expectHarmless("list", listOf(ROUNDS), tags);
  });
});
