import { spawnSync } from "node:child_process";
import dns from "node:dns/promises";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { messageOf } from "../../src/model/error.ts";
import { PROJECT, run, testIo } from "../support/journey.ts";

const HEAVY =
  /node_modules\/(@google-cloud|@kubernetes|@octokit|@grpc|google-gax|google-auth-library|listr2|@observablehq|linkedom|d3-[a-z]+)\//;

describe("no cloud client is loaded by", () => {
  const home = mkdtempSync(join(tmpdir(), "isolation-"));
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  function modulesOf(argv: readonly string[]): { readonly code: number | null; readonly modules: readonly string[] } {
    const record = join(home, `${argv.join("-").replaceAll(/\W/g, "_")}.txt`);
    const recorder = resolve(PROJECT, "test/support/record-modules.ts");
    const { status } = spawnSync(process.execPath, ["--import", recorder, "src/main.ts", ...argv], {
      cwd: PROJECT,
      env: { HOME: home, RECORD_MODULES: record },
      timeout: 25_000,
    });
    return { code: status, modules: readFileSync(record, "utf8").split("\n") };
  }

  test.each([
    [["--help"]],
    [["deploy", "--help"]],
    [["validate"]],
    [["plan", "backend-prod"]],
    [["list"]],
    [["status"]],
  ])("%s", (argv) => {
    const { code, modules } = modulesOf(argv);
    expect(code).toBe(0);
    expect(modules.some((url) => url.endsWith("/src/commands/cli.ts"))).toBe(true);
    expect(modules.filter((url) => HEAVY.test(url))).toEqual([]);
  });

  test("a deploy does load them: the recorder sees what there is", () => {
    const { modules } = modulesOf(["deploy", "backend-prod", "--yes", "--state", ":memory:"]);
    expect(modules.filter((url) => HEAVY.test(url)).length).toBeGreaterThan(0);
  });
});

describe("while a rehearsal runs, its process cannot leave this machine:", () => {
  test.each([
    ["a connection to an address", () => fetch("http://192.0.2.1/"), "192.0.2.1:80"],
    ["a connection to a name", () => fetch("https://api.github.com/"), "api.github.com"],
    ["a look-up of a name", () => dns.resolve4("run.googleapis.com"), "run.googleapis.com"],
    ["a look for the metadata server", () => fetch("http://169.254.169.254/"), "169.254.169.254:80"],
  ])("%s is refused, and the rehearsal fails because of it", async (_what, leave, where) => {
    const io = testIo({ RUNBOOK_DIR: "test/support/runbooks", RUNBOOK_WEBHOOK: "http://127.0.0.1:9/" });
    const attempts: Promise<string>[] = [];
    io.when("▸ deploy", () => {
      const refused = (error: unknown): string =>
        `${messageOf(error)} ${messageOf(error instanceof Error ? error.cause : undefined)}`;
      attempts.push(leave().then(() => "it got out", refused));
    });

    const ran = await run(["rehearse", "small", "--scenario", "test/support/runbooks/small-good.yaml"], io);

    expect(await Promise.all(attempts)).toEqual([expect.stringContaining("a rehearsal may not reach")]);
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain(`This rehearsal tried to leave this machine: ${where}`);
    expect(ran.stderr).toContain("nothing real was touched");
  });

  test("a rehearsal by itself never tries, whatever its environment says", async () => {
    const io = testIo({
      RUNBOOK_DIR: "test/support/runbooks",
      RUNBOOK_WEBHOOK: "https://hooks.example.com/secret",
      GITHUB_API_URL: "https://api.github.com",
      GITHUB_TOKEN: "ghp_real",
      KUBECONFIG: "/home/somebody/.kube/config",
      HTTPS_PROXY: "http://proxy.example.com:3128",
      RUNBOOK_STATE: "/nonexistent/state.db",
    });
    const ran = await run(["rehearse", "small", "--scenario", "test/support/runbooks/small-good.yaml"], io);
    expect([ran.code, ran.stderr]).toEqual([0, "-- small-good: as the scenario expects\n"]);
    expect(ran.stdout).not.toContain("hooks.example.com");
  });

  test("afterwards everything is as it was", async () => {
    await run(["rehearse", "--list"]);
    const error: unknown = await fetch("http://127.0.0.1:9/").catch((reason: unknown) => reason);
    expect(messageOf(error)).not.toContain("a rehearsal may not reach");
  });
});
