/** What a log says of people reaches nobody: not the comments, the terminal, the webhook, the page, the programs, nor the journal's file. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Scenario } from "../../src/rehearsal/scenario.ts";
import { PROJECT, run, SLOW_MS, startJourney, testIo } from "../support/journey.ts";

const MESSAGE =
  "TypeError: login of cust_482913 jane.doe@corp.example from 203.0.113.7 at https://shop.example/cb?code=abc123&x=1 with token=hunter2secret";
const home = mkdtempSync(join(tmpdir(), "redaction-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function runbookWith(name: string, redact: string): string {
  const file = join(home, `${name}.yaml`);
  const text = readFileSync(join(PROJECT, "test/support/runbooks/small.yaml"), "utf8")
    .replace("name: small", `name: ${name}`)
    .replace("  environment: prod\n", `  environment: prod\n${redact}`)
    .replace("    - uses: check-pods", "    - uses: check-logs\n      services: [web]\n    - uses: check-pods");
  writeFileSync(file, text);
  return file;
}

function speaking(scenario: Scenario): Scenario {
  return JSON.parse(
    JSON.stringify(scenario)
      .replaceAll("TypeError: undefined is not a function", MESSAGE)
      .replaceAll("After", "After, by jane.doe@corp.example for cust_482913"),
  ) as Scenario;
}

/** Everything that a deploy left anywhere. */
async function sinksOf(name: string, redact: string): Promise<Readonly<Record<string, string>>> {
  const journey = await startJourney({
    runbook: runbookWith(name, redact),
    scenario: join(PROJECT, "test/support/runbooks/small-bad.yaml"),
    env: { RUNBOOK_WEBHOOK: "http://127.0.0.1:9/webhook" },
    change: speaking,
  });
  try {
    const deployed = await journey.run("deploy", join(home, `${name}.yaml`), "--pr", "12", "--yes", "--json");
    expect(deployed.code).toBe(1);
    const [event] = deployed.stdout.split("\n");
    const { run: id } = JSON.parse(event ?? "") as { run: string };
    const page = join(home, `${name}.html`);
    const shown = await Promise.all([
      journey.run("show", id, "--comments"),
      journey.run("status", id),
      journey.run("explain", id, "T+5m", "--all"),
      journey.run("report", id, "--html", page),
    ]);
    return {
      comments: journey.comments("key=").join("\n"),
      webhook: JSON.stringify(journey.cloud.control.notifications),
      deployments: JSON.stringify(journey.cloud.github.repository("acme/shop").deployments),
      "events as JSON": deployed.stdout,
      "standard error": deployed.stderr,
      terminal: shown.map(({ stdout, stderr }) => stdout + stderr).join("\n"),
      page: readFileSync(page, "utf8"),
      journal: JSON.stringify(await journey.events(id)),
      file: readdirSync(journey.directory)
        .map((each) => readFileSync(join(journey.directory, each), "latin1"))
        .join(""),
    };
  } finally {
    await journey.close();
  }
}

describe("without a word in the runbook", () => {
  let sinks: Readonly<Record<string, string>>;
  beforeAll(async () => {
    sinks = await sinksOf("standard", "");
  }, SLOW_MS);

  test("the example is told where examples are told, and names nobody", () => {
    for (const sink of ["comments", "events as JSON", "page", "journal"]) {
      expect(sinks[sink], sink).toContain("cust_482913");
      expect(sinks[sink]?.replaceAll(/&#\d+;|\u200B/g, ""), sink).toMatch(/TypeError: login of cust_482913 .?e-mail/);
    }
  });

  test("e-mail addresses, IP addresses, query strings and tokens are nowhere", () => {
    for (const [sink, text] of Object.entries(sinks)) {
      for (const word of ["jane.doe", "corp.example", "203.0.113.7", "code=abc123", "hunter2secret"]) {
        expect(text.includes(word), `${word} in ${sink}`).toBe(false);
      }
    }
  });
});

describe("as the runbook says", () => {
  let sinks: Readonly<Record<string, string>>;
  beforeAll(async () => {
    sinks = await sinksOf("chosen", "  redact: { keep: [ips, query-strings], also: ['cust_[0-9]{6,12}'] }\n");
  }, SLOW_MS);

  test("what it keeps is readable wherever the example is", () => {
    for (const sink of ["comments", "events as JSON", "page", "journal"]) {
      expect(sinks[sink], sink).toContain("203.0.113.7");
      expect(sinks[sink], sink).toContain("code=abc123");
    }
  });

  test("its own pattern is nowhere, and neither is what no runbook can keep", () => {
    for (const [sink, text] of Object.entries(sinks)) {
      for (const word of ["cust_482913", "jane.doe", "corp.example", "hunter2secret"]) {
        expect(text.includes(word), `${word} in ${sink}`).toBe(false);
      }
    }
    expect(sinks["comments"]).toContain("[redacted]");
  });
});

describe("where no run exists yet", { timeout: SLOW_MS }, () => {
  test("an error of the command line is told by the runbook's own policy", async () => {
    const file = runbookWith("early", "  redact: { keep: [emails], also: ['cust_[0-9]{6,12}'] }\n");
    const ran = await run(["plan", file, "--input", "cust_482913=jane.doe@corp.example"], testIo());
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/no input \S*\[redacted\]/);
    expect(ran.stdout + ran.stderr).not.toContain("cust_482913");
  });

  test("what hides a word for one of several runbooks hides it for all of them", async () => {
    const kept = runbookWith("open", "  redact: { keep: [emails] }\n");
    const closed = runbookWith("closed", "  redact: { also: ['cust_[0-9]{6,12}'] }\n");
    const broken = join(home, "broken.yaml");
    writeFileSync(broken, "name: cust_482913 of jane.doe@corp.example\n");
    const ran = await run(["validate", kept, closed, broken], testIo());
    expect(ran.stdout).toContain("[redacted] of [e-mail]");
    expect(ran.stdout + ran.stderr).not.toMatch(/cust_482913|jane\.doe/);
  });

  test("doctor --json has what the services answered, redacted as doctor's own words are", async () => {
    const journey = await startJourney({
      runbook: runbookWith("asked", "  redact: { also: ['web-[0-9]{5}-[a-z0-9]{3}'] }\n"),
      scenario: "good-day",
    });
    try {
      const file = join(home, "asked.yaml");
      const words = await journey.run("doctor", file);
      const json = await journey.run("doctor", file, "--json");
      expect(words.stdout).toMatch(/serves \[redacted\]/);
      expect(json.stdout).toMatch(/serves \[redacted\]/);
      expect(words.stdout + json.stdout).not.toMatch(/web-\d{5}-/);
    } finally {
      await journey.close();
    }
  });
});

test.each([
  ["keep: [tokens]", /\.yaml:\d+:\d+ [\s\S]*expected `emails`, `ips` or `query-strings`/],
  ["also: ['(a+)+']", /\.yaml:\d+:\d+ [\s\S]*refused[\s\S]*in two ways/],
  ["also: ['(?<=x)y']", /\.yaml:\d+:\d+ [\s\S]*looks ahead or behind/],
])("%s is refused before anything is touched", async (redact, told) => {
  const file = runbookWith("refused", `  redact: { ${redact} }\n`);
  const { code, stdout, stderr } = await run(["validate", file], testIo());
  expect(code).toBe(2);
  expect(stdout + stderr).toMatch(told);
});
