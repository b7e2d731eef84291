import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { invalidEvents, type Journey, PROJECT, run, startJourney, testIo } from "../support/journey.ts";

/** One workflow, one service of each kind. */
const SMALL = {
  runbook: "small",
  scenario: resolve(PROJECT, "test/support/runbooks/small-good.yaml"),
  env: { RUNBOOK_DIR: "test/support/runbooks", RUNBOOK_WEBHOOK: "http://127.0.0.1:9/webhook" },
};
/** What happened; what is true now; what to do. */
function expectThreeSentences(stderr: string, ...patterns: readonly RegExp[]): void {
  const lines = stderr.trimEnd().split("\n");
  expect(lines.length).toBeGreaterThanOrEqual(3);
  expect(stderr).toMatch(/^Nothing was touched\.$|No run was changed\./m);
  expect(lines.at(-1)).toMatch(/`[^`]+`|--\w|Name|Say|Give|Check|Unset|Start/);
  for (const pattern of patterns) expect(stderr).toMatch(pattern);
}

describe("help", () => {
  const verbs = ["deploy", "check", "rollback", "resume", "abort", "answer", "unlock", "release", "status"];
  const more = ["validate", "plan", "list", "rehearse", "simulate", "doctor"];

  test("names every verb, the exit codes and the two commands to begin with", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const verb of [...verbs, ...more]) expect(stdout).toMatch(new RegExp(`^  runbook ${verb}\\b`, "m"));
    expect(stdout).toContain("runbook rehearse backend-prod");
    expect(stdout).toContain("Exit codes: 0 PASS or WARN");
  });

  test("of every verb there is: exit 0, with examples", async () => {
    const { stdout } = await run(["--help"]);
    const listed = [...stdout.matchAll(/^ {2}runbook (\w+)/gm)].map(([, verb = ""]) => verb);
    const commands = [...new Set(listed)];
    expect(commands).toEqual(expect.arrayContaining([...verbs, ...more]));
    for (const verb of commands) {
      const help = await run([verb, "--help"]);
      expect([verb, help.code, help.stderr]).toEqual([verb, 0, ""]);
      expect(help.stdout, verb).toMatch(new RegExp(`Examples:\\n[\\s\\S]*runbook ${verb}`));
    }
  });
});

test.each([
  ["no verb", [], /Say what to do/],
  ["an unknown verb", ["destroy"], /destroy/],
  ["a misspelt verb", ["depoly", "backend-prod"], /Did you mean deploy/],
  ["an unknown option", ["deploy", "backend-prod", "--yess"], /yess/],
  ["a missing name", ["deploy"], /Not enough|name/],
  ["an answer that no question takes", ["answer", "20260412-0400-7k2q", "perhaps"], /rollback/],
  ["a deploy without a terminal and without --yes", ["deploy", "backend-prod"], /no terminal[\s\S]*--yes/],
  ["the same with --json", ["deploy", "backend-prod", "--json"], /no terminal/],
  ["an unknown runbook", ["deploy", "backend-pord", "--yes"], /no runbook backend-pord[\s\S]*backend-prod/],
  ["an unknown input", ["deploy", "backend-prod", "--yes", "--input", "brnch=main"], /brnch/],
  ["an input without a value", ["deploy", "backend-prod", "--yes", "--input", "branch"], /branch/],
  ["a state in a bucket of no name", ["status", "--state", "gs://"], /gs:\/\//],
  ["nothing to check", ["check"], /Say what to check/],
  ["two things to check", ["check", "backend-prod", "--due"], /Say what to check/],
  ["an unknown scenario", ["rehearse", "backend-prod", "--scenario", "nope"], /no scenario nope[\s\S]*bad-revision/],
  [
    "a fault of another form",
    ["rehearse", "backend-prod", "--fault", "github=503"],
    /"github=503"[\s\S]*API:CALL=FAULTxN/,
  ],
  [
    "a fault of no API",
    ["rehearse", "backend-prod", "--fault", "gitlab:*=503x2"],
    /did you mean `github`\.[\s\S]*API:CALL=FAULTxN/,
  ],
  ["a fault of no call", ["rehearse", "backend-prod", "--fault", "github:dispach=503"], /did you mean `dispatch`/],
  ["a fault of no kind", ["rehearse", "backend-prod", "--fault", "github:dispatch=tiemout"], /did you mean `timeout`/],
  ["a fault for all scenarios", ["rehearse", "backend-prod", "--all", "--fault", "github:*=503"], /one scenario/],
  ["a rehearsal of nothing", ["rehearse"], /Say which runbook/],
])("%s: exit 2, nothing touched, nothing on stdout", async (_what, argv, pattern) => {
  const ran = await run(argv, testIo({ HOME: "/nonexistent" }));
  expect([ran.code, ran.stdout]).toEqual([2, ""]);
  expect(ran.stderr).toMatch(pattern);
  expect(ran.stderr).toMatch(/Nothing was touched/);
});

test("rehearse --fault: added to the scenario's own, so often, and ridden out", async () => {
  const faults = ["--fault", "github:get-run=503x2", "--fault", "github:dispatch=502"];
  const ran = await run(["rehearse", SMALL.runbook, "--scenario", SMALL.scenario, ...faults], testIo(SMALL.env));
  expect([ran.code, ran.stderr]).toEqual([0, "-- small-good: as the scenario expects\n"]);
  expect(ran.stdout.match(/ ! [^\n]*GitHub answered 503 to GET [^\n]*\/actions\/runs\/\d+:/g)).toHaveLength(2);
  expect(ran.stdout.match(/ ! [^\n]*GitHub answered 502 to POST [^\n]*\/dispatches:/g)).toHaveLength(1);
});

test.each([
  [{ LC_ALL: "C", LANG: "en_US.UTF-8" }, /^[\n -~]*$/],
  [{ LANG: "en_US.UTF-8" }, /✓ T\+5m[\s\S]*─/],
])("a run in the locale %j is shown in what it can show", async (locale, shown) => {
  const small = ["small", "--scenario", "test/support/runbooks/small-good.yaml"];
  const ran = await run(["rehearse", ...small], testIo({ ...locale, RUNBOOK_DIR: "test/support/runbooks" }));
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(shown);
});

describe("a deploy without credentials, in a process of its own", () => {
  const home = mkdtempSync(join(tmpdir(), "empty-home-"));
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test("says each thing that is missing once, touches nothing, exits 4, soon", () => {
    const began = performance.now();
    const ran = spawnSync(process.execPath, ["src/main.ts", "deploy", "backend-prod", "--yes"], {
      cwd: PROJECT,
      // No look for a metadata server: on a machine of Google's there would be credentials.
      env: { HOME: home, METADATA_SERVER_DETECTION: "none" },
      encoding: "utf8",
      timeout: 25_000,
    });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect([ran.status, ran.stdout]).toEqual([4, ""]);
    expect(ran.stderr.match(/no GitHub token/g)).toHaveLength(1);
    expect(ran.stderr.match(/no usable Google credentials/g)).toHaveLength(1);
    expect(ran.stderr.match(/kubeconfig has no context for the cluster prod-omi-gke/g)).toHaveLength(1);
    expect(ran.stderr).toMatch(/GITHUB_TOKEN[^\n]*\n|gcloud auth application-default login/);
    expect(ran.stderr).toContain("Nothing was touched. Mend this and deploy again.");
    const status = spawnSync(process.execPath, ["src/main.ts", "status"], {
      cwd: PROJECT,
      env: { HOME: home },
      encoding: "utf8",
    });
    expect(status.stdout).toBe("no runs\n");
  });
});

describe("offline", () => {
  const directory = mkdtempSync(join(tmpdir(), "runbooks-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("validate: the runbooks here are valid; a bad one is exit 2 with its place", async () => {
    const good = await run(["validate"]);
    expect(good.code).toBe(0);
    for (const file of readdirSync(resolve(PROJECT, "runbooks")))
      expect(good.stdout).toContain(`runbooks/${file}: valid`);
    const bad = await run(["validate", "package.json"]);
    expect(bad.code).toBe(2);
    expect(bad.stdout).toMatch(/package\.json:\d+:\d+/);
    const missing = await run(["validate", "runbooks/none.yaml"]);
    expect(missing.code).toBe(2);
    expectThreeSentences(missing.stderr, /none\.yaml cannot be read/);
  });

  test("plan: the frozen plan, as text and as JSON; an open input is refused", async () => {
    const plan = await run(["plan", "backend-prod", "--input", "branch=hotfix", "--pr", "7288"]);
    expect([plan.code, plan.stderr]).toEqual([0, ""]);
    expect(plan.stdout).toMatch(/deploy-backend[\s\S]*branch[^\n]*hotfix[\s\S]*pusher-rollout/);
    const json = await run(["plan", "backend-prod", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ runbook: { name: "backend-prod" }, inputs: { branch: "main" } });
  });

  test("list: name and description; an empty directory is told", async () => {
    const list = await run(["list"]);
    expect(list).toMatchObject({ code: 0, stderr: "" });
    expect(list.stdout).toMatch(/^backend-prod {2}Deploy the backend/m);
    const none = await run(["list"], testIo({ RUNBOOK_DIR: directory }));
    expect(none).toMatchObject({ code: 0 });
    expect(none.stdout).toContain("RUNBOOK_DIR names another directory");
    expect(await run(["validate"], testIo({ RUNBOOK_DIR: directory }))).toMatchObject({ code: 2 });
  });
});

describe("with a run that is over", () => {
  let journey: Journey;
  let id: string;
  let deployed: Awaited<ReturnType<Journey["run"]>>;
  beforeAll(async () => {
    journey = await startJourney(SMALL);
    deployed = await journey.run("deploy", "small", "--yes", "--json");
    id = (await journey.events())[0]?.run ?? "";
    expect((await journey.run("abort", id)).code).toBeGreaterThan(0);
  });
  afterAll(() => journey.close());

  test("--json: stdout is nothing but events of the published schema, from the plan on, without gaps", () => {
    expect([deployed.code, deployed.stderr]).toEqual([0, ""]);
    const events = deployed.stdout.trimEnd().split("\n");
    expect(invalidEvents(deployed.stdout)).toEqual([]);
    const seqs = events.map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
    expect(events[0]).toContain('"type":"run-planned"');
  });

  test.each([
    ["answer what is not asked", () => ["answer", id, "rollback"], /asks nothing at the moment/],
    ["resume what has ended", () => ["resume", id], /has ended \(aborted\)/],
    ["abort what has ended", () => ["abort", id], /has ended \(aborted\)/],
    [
      "answer a run that there is not",
      () => ["answer", "20260412-0400-zzzz", "keep"],
      /There is no run 20260412-0400-zzzz in/,
    ],
    ["resume a run that there is not", () => ["resume", "nonsense"], /There is no run nonsense in/],
    [
      "status of a run that there is not",
      () => ["status", "20260412-0400-zzzz"],
      /There is no run 20260412-0400-zzzz in/,
    ],
    ["roll back a runbook without runs", () => ["rollback", "backend-prod"], /There is no run of backend-prod in/],
    [
      "roll back a service that there is not",
      () => ["rollback", "small", "--service", "wbe"],
      /no service wbe; it has web, worker/,
    ],
    ["unlock a runbook that there is not", () => ["unlock", "smal"], /There is no runbook smal/],
    ["release a runbook that there is not", () => ["release", "smal"], /There is no runbook smal/],
  ])("%s: exit 2, in three sentences", async (_what, argv, pattern) => {
    const before = (await journey.events(id)).length;
    const ran = await journey.run(...argv());
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
    expectThreeSentences(ran.stderr, pattern);
    expect(await journey.events(id)).toHaveLength(before);
  });

  test("nothing to lift is said, and is no error", async () => {
    const lifted = await journey.run("unlock", "small");
    expect(lifted).toMatchObject({ code: 0, stdout: "There is no lock on the services of small.\n" });
  });
});

describe("a simulated cloud and a real one are never mixed", () => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await startJourney(SMALL);
  });
  afterAll(() => journey.close());

  test.each([
    ["loopback without --simulated", [], {}, /at this machine, so this is a simulated cloud/],
    [
      "--simulated without a whole cloud",
      ["--simulated"],
      { RUNBOOK_SIMULATOR_CLOCK: undefined },
      /not name a whole simulated cloud/,
    ],
    [
      "--simulated with a real GitHub",
      ["--simulated"],
      { GITHUB_API_URL: "https://api.github.com" },
      /githubUrl \(https:\/\/api\.github\.com\) is not on loopback/,
    ],
  ])("%s: exit 2, nothing dispatched", async (_what, options, env, pattern) => {
    const io = testIo({ ...journey.env, ...env });
    const ran = await run(["deploy", "small", "--yes", "--state", ":memory:", ...options], io);
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
    expectThreeSentences(ran.stderr, pattern);
    expect(journey.cloud.github.effects.dispatches).toEqual([]);
  });
});
