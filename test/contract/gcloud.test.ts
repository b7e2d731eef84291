/** The real gcloud on the simulated Google Cloud, pointed at it as `runbook simulate` says: it sees what our adapters see. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gcloudEnvironment } from "../../src/commands/gcloud-environment.ts";
import { MINUTE, plusMs, SECOND } from "../../src/model/time.ts";
import { sharesOf } from "../../src/model/traffic.ts";
import { type GoogleWorld, googleWorld, KEY, OLD, START, TARGET } from "../support/google-world.ts";

function hasGcloud(): boolean {
  try {
    execFileSync("gcloud", ["--version"], { stdio: "ignore", timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

const isThere = hasGcloud();
const PLACE = ["--region", TARGET.region, "--project", TARGET.project];

describe.skipIf(!isThere)(
  isThere ? "gcloud against the simulated Google Cloud" : "SKIPPED: there is no gcloud on this machine",
  { timeout: 60_000 },
  () => {
    let cloud: GoogleWorld;
    const config = mkdtempSync(join(tmpdir(), "gcloud-"));
    beforeEach(async () => {
      cloud = await googleWorld();
    });
    afterEach(() => cloud.close());

    async function gcloud(...args: string[]): Promise<{ stdout: string; stderr: string }> {
      const env = { PATH: process.env["PATH"], HOME: config, ...gcloudEnvironment(cloud.restUrl, config) };
      return promisify(execFile)("gcloud", args, { env, timeout: 50_000 });
    }

    test("run services describe: the revision that serves, the one made last, and the conditions are our adapter's", async () => {
      const revision = cloud.cloudRunState.deploy(KEY, {
        image: "gcr.io/based-hardware/backend:new",
        commit: "3fabf10",
      });
      cloud.pass(MINUTE);
      const { stdout } = await gcloud("run", "services", "describe", "backend", ...PLACE, "--format", "json");
      const told = JSON.parse(stdout) as {
        status: { latestReadyRevisionName: string; traffic: object[]; conditions: { type: string; status: string }[] };
      };
      const ours = await cloud.cloudRun.service(TARGET);
      expect(told.status).toMatchObject({
        latestCreatedRevisionName: ours.latestCreatedRevision,
        latestReadyRevisionName: revision,
        traffic: [{ percent: 100, revisionName: revision, latestRevision: true }],
      });
      expect(sharesOf(ours.served)).toEqual(new Map([[revision, 100]]));
      expect(told.status.conditions).toContainEqual(expect.objectContaining({ type: "Ready", status: "True" }));
      const table = await gcloud("run", "services", "describe", "backend", ...PLACE);
      expect(table.stdout).toContain(`100% LATEST (currently ${revision})`);
    });

    test("a service that is not there is told as gcloud tells it", async () => {
      await expect(gcloud("run", "services", "describe", "nothing", ...PLACE)).rejects.toMatchObject({
        stderr: expect.stringContaining("Cannot find service [nothing]") as string,
      });
    });

    test("logging read: the entries of our own query, newest first", async () => {
      cloud.pass(10 * MINUTE);
      const since = START;
      const until = plusMs(START, 8 * MINUTE);
      const ours = await cloud.logs.page({ target: TARGET, log: "requests", since, until });
      const filter = [
        'resource.type="cloud_run_revision"',
        'resource.labels.service_name="backend"',
        'logName="projects/based-hardware/logs/run.googleapis.com%2Frequests"',
        `timestamp>="${since}"`,
        `timestamp<"${until}"`,
      ].join(" AND ");
      const { stdout } = await gcloud("logging", "read", filter, "--project", TARGET.project, "--format", "json");
      const entries = JSON.parse(stdout) as { insertId: string; httpRequest: { status: number } }[];
      expect(entries.length).toBeGreaterThan(50);
      expect(entries.map(({ insertId }) => insertId).toReversed()).toEqual(
        ours.records.map(({ insertId }) => insertId),
      );
      const five = await gcloud(
        "logging",
        "read",
        filter,
        "--project",
        TARGET.project,
        "--limit",
        "5",
        "--format",
        "value(insertId)",
      );
      expect(five.stdout.trim().split("\n")).toEqual(entries.slice(0, 5).map(({ insertId }) => insertId));
    });

    test("run services update-traffic: our adapter sees the pin that it makes", async () => {
      const revision = cloud.cloudRunState.deploy(KEY, { image: "gcr.io/based-hardware/backend:new" });
      cloud.pass(MINUTE);
      // gcloud waits for the change to be observed: the world moves while it does.
      const moving = setInterval(() => cloud.pass(SECOND), 200);
      const { stderr } = await gcloud(
        "run",
        "services",
        "update-traffic",
        "backend",
        ...PLACE,
        "--to-revisions",
        `${OLD}=100`,
      ).finally(() => clearInterval(moving));
      expect(stderr).toContain("Done.");
      const { served, traffic, lastModifier } = await cloud.cloudRun.service(TARGET);
      expect(served).toEqual([{ revision: OLD, percent: 100, latest: false }]);
      expect(traffic).toEqual(served);
      expect(lastModifier).toBe("gcloud@example.test");
      expect(revision).not.toBe(OLD);
    });
  },
);
