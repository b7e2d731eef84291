/** A user's own scenario: refused with its place and a remedy where it is wrong, held to what it expects where it is right. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT, type Ran, run, SLOW_MS, testIo } from "../support/journey.ts";

let home: string;
let good: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "scenario-"));
  good = (await readFile(join(PROJECT, "src/rehearsal/scenarios/workflow-fails.yaml"), "utf8")).replace(
    "name: workflow-fails",
    "name: mine",
  );
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function rehearse(text: string): Promise<Ran & { readonly file: string }> {
  const file = join(home, "mine.yaml");
  await writeFile(file, text);
  return { ...(await run(["rehearse", "backend-prod", "--scenario", file], testIo())), file };
}

test(
  "comes out as it expects, and that is told",
  async () => {
    const { code, stderr } = await rehearse(good);
    expect([code, stderr]).toEqual([1, "-- mine: as the scenario expects\n"]);
  },
  SLOW_MS,
);

test(
  "comes out otherwise, and that is told",
  async () => {
    const { code, stderr } = await rehearse(good.replace(/^expect: .*$/m, "expect: { exit: 0, outcome: completed }"));
    expect(code).toBe(1);
    expect(stderr).toContain("-- mine: SURPRISE: exit 0 was expected, and it is 1; outcome completed was expected");
  },
  SLOW_MS,
);

test.each([
  [
    "a misspelt key",
    (text: string) => text.replace("commits:", "comits:"),
    /mine\.yaml:\d+:1 .*`comits`[\s\S]*did you mean `commits`/,
  ],
  [
    "a number without a unit",
    (text: string) => text.replace(/duration: \w+/, "duration: 8"),
    /mine\.yaml:\d+:\d+ [\s\S]*a duration with a unit/,
  ],
  [
    "a misspelt role",
    (text: string) => text.replace("which: cloud-run", "which: cloud-rum"),
    /speaks of "cloud-rum", which is no service of backend-prod and no role[\s\S]*did you mean `cloud-run`/,
  ],
  [
    "a misspelt call",
    (text: string) => `${text}faults: [{ api: github, call: dispach }]\n`,
    /mine\.yaml:\d+:\d+ [\s\S]*did you mean `dispatch`/,
  ],
])("%s is refused before anything happens", async (_what, change, told) => {
  const { code, stderr, stdout } = await rehearse(change(good));
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(told);
  expect(stderr).toContain("Nothing was touched.");
});
