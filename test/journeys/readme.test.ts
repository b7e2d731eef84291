/** What the README shows is what the tool prints: its transcripts against the golden ones, which journeys hold. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const readme = readFileSync(resolve(root, "README.md"), "utf8");
const golden = (name: string): string => readFileSync(resolve(import.meta.dirname, "golden", name), "utf8");

/** Lines of the README, in order, are lines of the transcript; "…" at the end says that a line was cut. */
function expectInOrder(shown: readonly string[], transcript: string): void {
  const lines = transcript.split("\n").map((line) => line.trimEnd());
  let from = 0;
  for (const line of shown) {
    const isCut = line.endsWith("…");
    const at = lines.findIndex(
      (real, index) => index >= from && (isCut ? real.startsWith(line.slice(0, -1)) : real === line),
    );
    expect(at, `the README shows a line that is not printed: ${line}`).toBeGreaterThanOrEqual(0);
    from = at + 1;
  }
}

const transcripts = [...readme.matchAll(/```text\n([\s\S]*?)\n```/g)].map(([, text = ""]) => text.split("\n"));

it("the good day's transcript", () => {
  expect(transcripts).toHaveLength(2);
  expect(transcripts[0]?.length).toBeGreaterThan(15);
  expectInOrder(transcripts[0] ?? [], golden("seed.txt"));
});

it("the bad revision's transcript", () => {
  expect(transcripts[1]?.length).toBeGreaterThan(8);
  expectInOrder(transcripts[1] ?? [], golden("bad-revision.txt"));
});

it("the comment", () => {
  const quoted = [...readme.matchAll(/^> (.+)$/gm)].map(([, text = ""]) => text.trim());
  expect(quoted.length).toBeGreaterThan(8);
  const whole = golden("seed.txt");
  const comment = whole.slice(whole.indexOf("─ comment on pull request #6888: comment:checkpoint:20m"));
  expectInOrder(quoted, comment.replaceAll(/^│ */gm, ""));
});

it("begins with the two commands, and names every command that there is", () => {
  const commands = [...readme.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command);
  expect(commands.slice(0, 2)).toEqual(["npm ci && npx runbook rehearse backend-prod", "npm test"]);
  const files = ["run-verbs.ts", "review-verbs.ts", "file-verbs.ts"].map((name) => resolve(root, "src/commands", name));
  const cli = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const verbs = [...cli.matchAll(/^\s+"([a-z]+)(?: [<[][^"]*)?",$/gm)].map(([, verb = ""]) => verb);
  expect(verbs.length).toBeGreaterThanOrEqual(20);
  expect(verbs.filter((verb) => !new RegExp(`\\b${verb}\\b`).test(readme))).toEqual([]);
});
