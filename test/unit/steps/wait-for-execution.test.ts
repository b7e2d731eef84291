/** `wait-for-execution` over the real clients and the simulated cloud, turn by turn in world time. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import type { CloudRunJobTarget } from "../../../src/model/service.ts";
import { DAY, MINUTE, plusMs } from "../../../src/model/time.ts";
import { cloudRunJobPlatform } from "../../../src/platforms/cloud-run-job.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import type { StepOutcome, StepService } from "../../../src/steps/step.ts";
import { waitForExecution } from "../../../src/steps/wait-for-execution.ts";
import { type GoogleWorld, googleWorld, START } from "../../support/google-world.ts";
import { preflightContext, stepContext } from "../../support/step-context.ts";

const JOB: CloudRunJobTarget = { platform: "cloud-run-job", project: "shop", region: "europe-west1", job: "migrate" };
const KEY = "shop/europe-west1/migrate";
const IMAGE = "gcr.io/shop/migrate:latest";
const DIGEST = `sha256:${"ab".repeat(32)}`;

let cloud: GoogleWorld;
let service: StepService;
let memo: Json | undefined;
beforeEach(async () => {
  cloud = await googleWorld();
  cloud.jobs.addJob({
    project: "shop",
    region: "europe-west1",
    name: "migrate",
    image: IMAGE,
    commit: "77aa0042f1e2",
    updatedAt: plusMs(START, -DAY),
  });
  const ports = { cloudRunJobs: cloud.cloudRunJobs } as Ports;
  const before = await cloudRunJobPlatform.capture(JOB, ports, cloud.world.now, new AbortController().signal);
  service = { name: "migrate", target: JOB, before };
  memo = undefined;
});
afterEach(() => cloud.close());

async function turn(args: { commit?: string; image?: string } = {}): Promise<StepOutcome> {
  const outcome = await waitForExecution.turn(
    stepContext({
      args,
      world: cloud.world,
      ports: { cloudRunJobs: cloud.cloudRunJobs, logs: cloud.logs },
      kind: waitForExecution,
      services: [service],
      memo,
    }),
  );
  if (outcome.kind === "waiting") memo = JSON.parse(JSON.stringify(outcome.memo)) as Json;
  return outcome;
}

function deploy(image: string, commit = "3fabf10a1b2c"): void {
  cloud.pass(MINUTE);
  cloud.jobs.deploy(KEY, { image, commit });
}

test("the execution of before, and one of the former template, prove nothing; the new one is followed to its end", async () => {
  expect(await turn()).toMatchObject({ kind: "waiting", for: "migrate: no new execution yet" });
  cloud.pass(MINUTE);
  const scheduled = cloud.jobs.execute(KEY);
  expect(await turn()).toMatchObject({
    for: `migrate: execution ${scheduled} runs what was deployed before: the job was not changed yet`,
  });
  deploy(IMAGE);
  expect(await turn()).toMatchObject({ kind: "waiting", for: expect.stringContaining("cannot be told") as string });
  const ours = cloud.jobs.execute(KEY, { tasks: 4 });
  const began = await turn();
  expect(began).toMatchObject({
    kind: "waiting",
    for: `migrate: execution ${ours}: 0 of 4 tasks succeeded, 4 running, 0 failed`,
    switched: [{ from: "generation-6", to: "generation-7", commit: "3fabf10a1b2c" }],
  });
  // A later one by the schedule is not what this run waits for.
  cloud.pass(30_000);
  cloud.jobs.execute(KEY, { failedTasks: 1 });
  cloud.pass(2 * MINUTE);
  expect(await turn()).toMatchObject({
    kind: "done",
    summary: `migrate: execution ${ours} succeeded (4 of 4 tasks succeeded)`,
    output: { migrate: ours, execution: ours },
  });
});

test("a failed execution is a FAIL with its tasks, its reason and the last lines, without what must not be told", async () => {
  deploy(IMAGE);
  const log = ["connecting with password=hunter2hunter2", "relation users does not exist"];
  const name = cloud.jobs.execute(KEY, { tasks: 3, failedTasks: 2, log });
  await turn();
  cloud.pass(2 * MINUTE);
  const outcome = await turn();
  expect(outcome).toMatchObject({
    kind: "refused",
    verdict: "fail",
    results: [
      { uses: "wait-for-execution", value: "2 of 3 tasks failed", sample: "1 execution", platformFailure: true },
    ],
  });
  const [what, ...words] = outcome.kind === "refused" ? outcome.because.split("\n") : [];
  expect(what).toMatch(new RegExp(`^migrate: execution ${name} failed: 2 of 3 tasks failed \\(NON_ZERO_EXIT_CODE: `));
  expect(words.slice(-2)).toEqual(["relation users does not exist", "Container called exit(1)."]);
  expect(words.join()).not.toContain("hunter2");
});

test("an image by digest, or a commit, is proof by itself; by tag a digest is never known", async () => {
  cloud.pass(MINUTE);
  cloud.jobs.execute(KEY);
  expect(await turn({ commit: "77aa0042f1e2" })).toMatchObject({ for: expect.stringContaining("1 running") as string });
  memo = undefined;
  expect(await turn({ image: DIGEST })).toMatchObject({
    kind: "refused",
    because: expect.stringMatching(/deployed by tag: it cannot be told whether that is sha256:abab/) as string,
  });
  deploy(`gcr.io/shop/migrate@${DIGEST}`);
  cloud.jobs.execute(KEY);
  expect(await turn({ image: DIGEST })).toMatchObject({ for: expect.stringContaining("1 running") as string });
});

test("an execution that vanishes is refused, and a job that is not there is found before anything is touched", async () => {
  deploy(IMAGE);
  cloud.jobs.execute(KEY);
  await turn();
  cloud.jobs.job(KEY).executions.splice(0);
  expect(await turn()).toMatchObject({ kind: "refused", because: expect.stringContaining("is gone") as string });
  const missing = { ...service, target: { ...JOB, job: "nothing" } };
  const context = { args: {}, world: cloud.world, ports: { cloudRunJobs: cloud.cloudRunJobs }, services: [missing] };
  expect(await waitForExecution.preflight?.(preflightContext(context))).toMatchObject([
    { severity: "error", what: expect.stringContaining("there is no Cloud Run job nothing") as string },
  ]);
});
