/** Chromium without a screen, for tests of HTML; says loudly when there is none, because then nothing of it is tested. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, type Page, chromium } from "playwright-core";
import { resolve } from "node:path";
import { readFileSync } from "node:fs";
import { PROJECT } from "./journey.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const hasChromium = existsSync(executablePath);
if (!hasChromium) {
  process.stderr.write(
    `\n*** NO CHROMIUM at ${executablePath}: the tests of the HTML report in a browser are SKIPPED ***\n\n`,
  );
}

/** A fresh profile each time. */
export function launchChromium(): Promise<Browser> {
  const flags =
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
  return chromium.launch({ executablePath, args: flags.split(" ") });
}

export interface Seen {
  readonly page: Page;
  /** Every address that the page asked for, itself included. */
  readonly requests: readonly string[];
  readonly dialogs: readonly string[];
  /** What the console said, violations of the policy among them. */
  readonly said: readonly string[];
}

export async function openPage(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Seen> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const [requests, dialogs, said]: [string[], string[], string[]] = [[], [], []];
  page.on("request", (request) => void requests.push(request.url()));
  page.on("console", (message) => void said.push(message.text()));
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(address);
  return { page, requests, dialogs, said };
}

const axe = readFileSync(resolve(PROJECT, "node_modules/axe-core/axe.min.js"), "utf8");

/** What axe calls serious or critical, as "rule: elements". */
export async function seriousProblems(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate("axe.run()")) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html }) => html.slice(0, 160))
          .join(" | ")} (${nodes.length})`,
    );
}
