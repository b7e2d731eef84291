/** The matrix as a command: what CI runs over a directory of runbooks, as a table and as JSON. */
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scenarioNames } from "../../src/rehearsal/load-scenario.ts";
import { type Ran, run, SLOW_MS, testIo } from "../support/journey.ts";
import { SMALL } from "../support/small-world.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "runbooks-"));
  await mkdir(join(home, "runbooks"));
  await copyFile(SMALL, join(home, "runbooks/small.yaml"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const here = (...argv: string[]): Promise<Ran> => run(argv, testIo({}, home));

test("every scenario of the library is listed with one line of description", async () => {
  const { code, stdout } = await here("rehearse", "--list");
  const lines = stdout.trimEnd().split("\n");
  expect(code).toBe(0);
  expect(lines.map((line) => line.split("  ", 1)[0])).toEqual(await scenarioNames());
  expect(lines.filter((line) => !/^[a-z0-9-]+ {2}\S.{10,}$/.test(line))).toEqual([]);
});

test(
  "the line for CI: every runbook here validated and rehearsed, one table, no surprise",
  async () => {
    expect((await here("validate")).code).toBe(0);
    const { code, stdout, stderr } = await here(
      "rehearse",
      "--all",
      "--only",
      "workflow-fails",
      "--only",
      "good-canary",
    );
    expect([code, stderr]).toEqual([0, "as expected  workflow-fails\n"]);
    expect(stdout).toMatch(
      /^small\n +SCENARIO +EXPECTED +ACTUAL +SERVES AFTERWARDS +DISP +TRAF +PATCH +COMM +LONGEST$/m,
    );
    expect(stdout).toMatch(/^ +workflow-fails +1 stopped +same +2 before +1 +0 +0 +\d+ +\S+ \S+$/m);
    expect(stdout).toMatch(/^- good-canary does not apply: the runbook has no /m);
    expect(stdout).toMatch(/^1 scenario in [\d.]+ s: no surprise$/m);
  },
  SLOW_MS,
);

test(
  "--json tells the same of each runbook",
  async () => {
    const { stdout } = await here("rehearse", "--all", "--only", "workflow-fails", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      runbook: "small",
      seed: 1,
      rows: [
        {
          scenario: "workflow-fails",
          expected: { exit: 1 },
          actual: { exit: 1, outcome: "stopped" },
          surprises: [],
          footprint: { effects: { dispatches: 1, traffic: 0, patches: 0 } },
        },
      ],
    });
  },
  SLOW_MS,
);
