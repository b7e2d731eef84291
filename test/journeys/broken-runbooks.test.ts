/** Runbooks that are broken on purpose: the matrix finds each, and names the line to change. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PROJECT, type Ran, run, SLOW_MS, testIo } from "../support/journey.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "runbooks-"));
  await mkdir(join(home, "runbooks", "scenarios"), { recursive: true });
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Rehearses one scenario of the library, changed, as a user's own, by the matrix and nothing else of the library. */
async function matrix(broken: {
  runbook: (text: string) => string;
  from: string;
  scenario?: (text: string) => string;
}): Promise<Ran & { readonly line: (of: string) => number }> {
  const text = broken.runbook(await readFile(join(PROJECT, "test/support/runbooks/small.yaml"), "utf8"));
  await writeFile(join(home, "runbooks", "small.yaml"), text);
  const scenario = await readFile(join(PROJECT, "src/rehearsal/scenarios", `${broken.from}.yaml`), "utf8");
  await writeFile(
    join(home, "runbooks/scenarios/mine.yaml"),
    (broken.scenario ?? ((same: string) => same))(scenario).replace(/^name: .*$/m, "name: mine"),
  );
  const ran = await run(["rehearse", "--all", "--only", "mine"], testIo({}, home));
  const line = (of: string): number => text.split("\n").findIndex((one) => one.includes(of)) + 1;
  return { ...ran, line };
}

test(
  "too short a timeout: the line of the timeout",
  async () => {
    const { code, stdout, line } = await matrix({
      from: "good-day",
      runbook: (text) => text.replace(/timeout: \S+/, "timeout: 2m"),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/! mine: exit 0 was expected, and it is \d/);
    expect(stdout).toContain(`runbooks/small.yaml:${line("timeout: 2m")}:`);
    expect(stdout).toContain("its timeout of 2m is too short for this");
  },
  SLOW_MS,
);

test(
  "a service that a workflow deploys and the runbook does not name: the line of `services:`",
  async () => {
    const { code, stdout, line } = await matrix({
      from: "good-day",
      runbook: (text) => text,
      scenario: (text) => text.replace("{ which: all,", "{ which: first, deploys: [web, mailer],"),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/deploys mailer, which the runbook's services do not name/);
    expect(stdout).toMatch(new RegExp(`Add mailer to .services:. at runbooks/small\\.yaml:${line("services:") + 1}`));
  },
  SLOW_MS,
);

test(
  "a service that cannot be put back: the line of the service",
  async () => {
    const { code, stdout, line } = await matrix({
      from: "pods-crash",
      runbook: (text) => text,
      scenario: (text) => text.replace("pods: { replicas: 6,", "pods: { managed-by: argo-cd, replicas: 6,"),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/! mine: exit 1 was expected, and it is 5/);
    expect(stdout).toMatch(
      new RegExp(`runbooks/small\\.yaml:${line("  worker:") + 1}:\\d+ +service worker: it cannot be put back`),
    );
  },
  SLOW_MS,
);
