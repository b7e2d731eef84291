import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { HOUR, plusMs } from "../../src/model/time.ts";
import { type Journey, servedBy, SLOW_MS, startJourney } from "../support/journey.ts";

const SMALL = join(import.meta.dirname, "../support/runbooks/small.yaml");

let journey: Journey;
afterEach(() => journey.close());

it(
  "a rollback in the middle of a deploy cancels the workflow that is under way, so that nothing is deployed behind it",
  { timeout: SLOW_MS },
  async () => {
    journey = await startJourney();
    const before = servedBy(journey.cloud);
    const io = journey.io();
    io.when(/deploy-pusher +waits for run #\d+ .*in_progress/, () => io.interrupt());
    expect((await journey.runWith(io, "deploy", "backend-prod", "--yes")).code).toBe(130);
    const { effects } = journey.cloud.github;
    expect(effects.dispatches).toHaveLength(2);

    const undone = await journey.run("rollback", "backend-prod");

    expect(undone.stdout).toMatch(/cancel run #\d+ of gcp_backend_pusher\.yml/);
    // Nothing is restored before that run has ended.
    expect(undone.stdout).toMatch(/waits for the end of run #\d+ of gcp_backend_pusher\.yml[\s\S]*restore backend/);
    expect(undone.code).toBe(0);
    expect(effects.cancels).toEqual([effects.dispatches[1]?.origin.id]);
    journey.cloud.world.advanceTo(new Date(Date.parse(journey.cloud.world.now) + 3_600_000).toISOString() as never);
    expect(servedBy(journey.cloud)).toEqual(before);
  },
);

it("a workflow that does not end when it is cancelled is waited for a minute, then told", async () => {
  await interruptedDeploy();
  const [run] = journey.cloud.github.repository("acme/shop").runs;
  // As a runner that is cut off: GitHub takes the request, and nothing comes of it.
  Object.assign(run ?? {}, { cancel: () => true });

  const undone = await journey.run("rollback", "small");

  expect(undone.stdout).toMatch(/waited 1m in vain for the end of run #\d+ of deploy\.yml, .*may still change/);
});

it("a rollback before anything has switched cancels the workflow too, and nothing is deployed afterwards", async () => {
  const before = await interruptedDeploy();
  const { effects } = journey.cloud.github;

  const undone = await journey.run("rollback", "small");

  expect(undone.stdout).toMatch(/cancel run #\d+ of deploy\.yml/);
  expect(effects.cancels).toEqual([effects.dispatches[0]?.origin.id]);
  journey.cloud.world.advanceTo(plusMs(journey.cloud.world.now, HOUR));
  expect(servedBy(journey.cloud)).toEqual(before);
});

it("what the cancelled workflow had asked for already, and what switches behind the decision, is restored as well", async () => {
  const before = await interruptedDeploy();
  const [run] = journey.cloud.github.repository("acme/shop").runs;
  const cancel = run?.cancel.bind(run) ?? ((): boolean => false);
  // The runner had just sent its last request when it was stopped.
  const last = (): boolean => {
    journey.cloud.cloudRun.deploy("shop/europe-west1/web", { image: "gcr.io/shop/web:after" });
    return cancel();
  };
  Object.assign(run ?? {}, { cancel: last });

  const undone = await journey.run("rollback", "small");

  expect(undone.stdout).toContain("changed behind it: restoring web, too");
  expect(undone.stdout).toMatch(/web +restored and verified/);
  expect(undone.code).toBe(0);
  journey.cloud.world.advanceTo(plusMs(journey.cloud.world.now, HOUR));
  expect(servedBy(journey.cloud)).toEqual(before);
});

/** Ends while the workflow is in progress and nothing has switched yet. Returns what served before. */
async function interruptedDeploy(): Promise<ReturnType<typeof servedBy>> {
  const env = { RUNBOOK_WEBHOOK: "https://hooks.example/runbook" };
  journey = await startJourney({ runbook: SMALL, scenario: SMALL.replace("small.yaml", "small-good.yaml"), env });
  const before = servedBy(journey.cloud);
  const io = journey.io();
  io.when(/waits for run #\d+ .*in_progress/, () => io.interrupt());
  expect((await journey.runWith(io, "deploy", SMALL, "--yes")).code).toBe(130);
  return before;
}
