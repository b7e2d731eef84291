/** What a rehearsal leaves out is said by it: a schedule's checks belong to no deploy. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, SLOW_MS, testIo } from "../support/journey.ts";

const DIRECTORY = join(import.meta.dirname, "../support/runbooks/scheduled");
const LEFT_OUT = "-- not rehearsed: the schedule of watched (*/30 * * * *), whose checks belong to no deploy\n";

test.each([
  ["one scenario", ["rehearse", "watched", "--scenario", "workflow-fails"]],
  ["the matrix", ["rehearse", "watched", "--all", "--only", "workflow-fails"]],
])(
  "%s",
  async (_name, argv) => {
    expect((await run(argv, testIo({ RUNBOOK_DIR: DIRECTORY }))).stderr).toContain(LEFT_OUT);
    expect(
      (await run(["rehearse", "small", "--scenario", "workflow-fails"], testIo({ RUNBOOK_DIR: join(DIRECTORY, "..") })))
        .stderr,
    ).not.toContain("not rehearsed");
  },
  SLOW_MS,
);
