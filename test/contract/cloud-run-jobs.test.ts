/** The jobs adapter, and the newest entries of a log, over the official clients and sockets against the simulated cloud. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CloudRunJobTarget } from "../../src/model/service.ts";
import { DAY, MINUTE, plusMs } from "../../src/model/time.ts";
import { type GoogleWorld, googleWorld, START } from "../support/google-world.ts";

const JOB: CloudRunJobTarget = { platform: "cloud-run-job", project: "shop", region: "europe-west1", job: "migrate" };
const KEY = "shop/europe-west1/migrate";

let cloud: GoogleWorld;
beforeEach(async () => {
  cloud = await googleWorld();
  const updatedAt = plusMs(START, -DAY);
  const image = "gcr.io/shop/migrate:latest";
  cloud.jobs.addJob({ project: "shop", region: "europe-west1", name: "migrate", image, commit: "77aa004", updatedAt });
});
afterEach(() => cloud.close());

test("a job and its newest execution, as they are told", async () => {
  const job = await cloud.cloudRunJobs.job(JOB);
  expect(job).toMatchObject({
    generation: "6",
    observedGeneration: "6",
    reconciling: false,
    ready: { state: "succeeded" },
    images: ["gcr.io/shop/migrate:latest"],
    commit: "77aa004",
    updatedAt: plusMs(START, -DAY),
  });
  const name = cloud.jobs.execute(KEY, { tasks: 3, failedTasks: 1, durationMs: MINUTE });
  expect((await cloud.cloudRunJobs.job(JOB)).newestExecution).toBe(name);
  expect(await cloud.cloudRunJobs.execution(JOB, name)).toEqual({
    name,
    createdAt: START,
    images: ["gcr.io/shop/migrate:latest"],
    commit: "77aa004",
    completed: { state: "reconciling", lastTransitionAt: START },
    tasks: { wanted: 3, running: 3, succeeded: 0, failed: 0, cancelled: 0, retried: 0 },
  });
  cloud.pass(MINUTE);
  expect(await cloud.cloudRunJobs.execution(JOB, name)).toMatchObject({
    completedAt: plusMs(START, MINUTE),
    completed: { state: "failed", reason: "NON_ZERO_EXIT_CODE" },
    tasks: { running: 0, succeeded: 2, failed: 1 },
  });
});

test("what is not there is not found", async () => {
  const kind = { kind: "not-found" };
  await expect(cloud.cloudRunJobs.job({ ...JOB, job: "nothing" })).rejects.toMatchObject(kind);
  await expect(cloud.cloudRunJobs.execution(JOB, "migrate-nothing")).rejects.toMatchObject(kind);
});

test("the newest entries come oldest first, and only those of the execution", async () => {
  const log = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  const first = cloud.jobs.execute(KEY, { failedTasks: 1, log: ["of another"] });
  const name = cloud.jobs.execute(KEY, { failedTasks: 1, log });
  cloud.pass(2 * MINUTE);
  const query = { target: JOB, log: "output", since: START, until: plusMs(START, 5 * MINUTE) } as const;
  const records = await cloud.logs.tail({ ...query, version: name }, 3);
  expect(records.map(({ text }) => text)).toEqual(["line 28", "line 29", "Container called exit(1)."]);
  expect(new Set(records.map(({ version }) => version))).toEqual(new Set([name]));
  expect((await cloud.logs.tail({ ...query, version: first }, 8)).map(({ text }) => text)).toContain("of another");
});
