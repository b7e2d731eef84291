/** `runbook doctor` against the simulated cloud: what it asks, what it says, and with which code it exits. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { type Journey, PROJECT, type Ran, run, SLOW_MS, startJourney, testIo } from "../support/journey.ts";

let journey: Journey;
beforeAll(async () => {
  journey = await startJourney();
}, SLOW_MS);
afterAll(() => journey.close());

const withoutPath = ({ stdout }: Ran): string => stdout.replaceAll(/\/\S*state\.db/g, "STATE.db");

describe("doctor NAME", () => {
  test("a runbook whose every API answers exits 0, and nothing was changed, not even a state file made", async () => {
    const ran = await journey.run("doctor", "backend-prod");

    expect(ran.code, ran.stdout).toBe(0);
    expectGolden(import.meta.url, "golden/doctor.txt", withoutPath(ran));
    expect(existsSync(/\/\S*state\.db/.exec(ran.stdout)?.[0] ?? "")).toBe(false);
    expect(journey.cloud.github.requests.get("dispatch-workflow")).toBeUndefined();
  });

  test("--json is one value with a row for each thing that was asked", async () => {
    const ran = await journey.run("doctor", "kubernetes-approval", "--json");
    const { runbook, rows } = JSON.parse(ran.stdout) as { runbook: string; rows: { what: string; state: string }[] };
    expect([ran.code, runbook]).toEqual([0, "kubernetes-approval"]);
    expect(rows.map(({ what, state }) => `${what} ${state}`)).toEqual([
      "GitHub ok",
      "GitHub ok",
      "GitHub ok",
      "Logging ok",
      "Kubernetes ok",
      "Helm ok",
      "State ok",
    ]);
  });

  test("without a token GitHub is told once, and the exit is 4", async () => {
    const { GITHUB_TOKEN: _token, ...env } = journey.env;
    const ran = await run(["doctor", "backend-prod", "--simulated", "--state", ":memory:"], testIo(env));
    expect(ran.code).toBe(4);
    expect(ran.stdout.match(/there is no GitHub token/g)).toHaveLength(1);
    expect(ran.stdout).toContain("✗  GitHub      token, and 2 more");
    expect(ran.stdout).toContain("✓  Cloud Run   backend ");
  });

  test("an API that fails is told beside those that answer, and the exit is 5", async () => {
    journey.cloud.faults.add({ api: "logging", call: "list-entries", kind: "status", status: 503, times: 1 });
    const ran = await journey.run("doctor", "cloud-run-canary");
    expect([ran.code, withoutPath(ran)]).toEqual([
      5,
      [
        "runbook doctor cloud-run-canary: 1 not reachable, 1 not right",
        "  ✓  GitHub      token              of runbook-bot",
        "  ✓  GitHub      rate limit         4993 of 5000 requests left until 05:00 UTC",
        "  ✓  GitHub      BasedHardware/omi  public",
        "  ✗  Logging     based-hardware     log entries of project based-hardware: planned fault 503",
        "  ✓  Monitoring  based-hardware     time series can be listed",
        "  ✗  Cloud Run   api                Cloud Run service api: Resource 'api' was not found.",
        "  ✓  State       file               STATE.db is made by the first deploy",
        "  based-hardware: Look at the network, the proxy and the cloud's status page, then ask again.",
        "  api: Correct its name in the runbook, or use other credentials; what they may not see is not found either.",
        "Nothing was changed.",
        "",
      ].join("\n"),
    ]);
  });
});

describe("doctor", () => {
  test("asks only for credentials and state", async () => {
    const ran = await journey.run("doctor");
    expect(ran.code).toBe(0);
    expect(ran.stdout.split("\n").map((line) => line.slice(0, 32).trim())).toEqual([
      "runbook doctor: all 4 answers ar",
      "✓  GitHub        token",
      "✓  GitHub        rate limit",
      "✓  Google Cloud  credentials",
      "✓  State         file",
      "Nothing was changed.",
      "",
    ]);
  });

  test("on a machine that has no credentials exits 4 and says what to do", { timeout: SLOW_MS }, () => {
    const home = mkdtempSync(join(tmpdir(), "doctor-"));
    const ran = spawnSync(process.execPath, ["src/main.ts", "doctor"], {
      cwd: PROJECT,
      env: { HOME: home, METADATA_SERVER_DETECTION: "none" },
      encoding: "utf8",
      timeout: 25_000,
    });
    rmSync(home, { recursive: true });
    expect([ran.status, ran.stderr]).toEqual([4, ""]);
    expect(ran.stdout).toMatch(/GitHub +token, and 1 more +there is no GitHub token \(set GITHUB_TOKEN/);
    expect(ran.stdout).toMatch(/Google Cloud +credentials +there are no usable Google credentials: .*gcloud auth/);
  });
});

describe("doctor NAME --permissions", () => {
  test("what nobody can tell is unknown and exits 3, though nothing is lacking", async () => {
    journey.cloud.github.scopes = ["repo", "workflow"];
    const ran = await journey.run("doctor", "backend-prod", "--permissions");

    expectGolden(import.meta.url, "golden/doctor-permissions.txt", ran.stdout);
    expect([ran.code, ran.stderr]).toEqual([3, ""]);
    const tolerated = await journey.run("doctor", "backend-prod", "--permissions", "--inconclusive-exit", "0");
    expect([tolerated.code, tolerated.stdout]).toEqual([0, ran.stdout]);
  });

  test("a permission that the cluster refuses is lacking, and exits 4", async () => {
    journey.cloud.kubernetes.refused.add("patch deployments");
    const ran = await journey.run("doctor", "kubernetes-approval", "--permissions");
    journey.cloud.kubernetes.refused.clear();

    expect(ran.code).toBe(4);
    expect(ran.stdout).toMatch(/^ +✗ +patch deployments.apps +rollback$/m);
    expect(ran.stdout).toContain(
      "Lacking on prod-omi-backend of prod-omi-gke: patch deployments.apps, because the cluster refuses it for prod-omi-pusher",
    );
    expect(ran.stdout).toMatch(/^ +✓ +get deployments.apps/m);
  });

  test("without a token what GitHub grants is unknown, and exits 4", async () => {
    const { GITHUB_TOKEN: _token, ...env } = journey.env;
    const argv = ["doctor", "backend-prod", "--permissions", "--json", "--simulated", "--state", ":memory:"];
    const ran = await run(argv, testIo(env));
    const { permissions, privileges } = JSON.parse(ran.stdout) as {
      permissions: { cloud: string; standing: string; because?: string }[];
      privileges: { github: unknown[] };
    };
    expect([ran.code, privileges.github.length]).toEqual([4, 1]);
    const github = permissions.filter(({ cloud }) => cloud === "GitHub");
    expect(github).toHaveLength(4);
    for (const { standing, because } of github) {
      expect([standing, because]).toEqual(["unknown", expect.stringContaining("there is no GitHub token")]);
    }
  });

  test("wants a runbook", async () => {
    const ran = await journey.run("doctor", "--permissions");
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toContain("runbook doctor NAME --permissions");
  });
});
