import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { HOUR, MINUTE, plusMs } from "../../src/model/time.ts";
import { type Journey, type Ran, run, startJourney, testIo } from "../support/journey.ts";

/** Checkpoints at 5m, where its foreground ends, and 20m. */
const RUNBOOK = join(import.meta.dirname, "../support/runbooks/small.yaml");
const SCENARIO = join(import.meta.dirname, "../support/runbooks/small-good.yaml");

let journey: Journey;
afterEach(() => journey.close());

/** As on a machine of its own: nothing is shared with other commands but the bucket and the clouds. */
async function elsewhere(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const simulated = argv[0] === "status" ? [] : ["--simulated"];
  const own = { RUNBOOK_WEBHOOK: "https://hooks.example/runbook", HOME: "/nonexistent", ...journey.env, ...env };
  return run([...argv, "--state", "gs://state/runbook", ...simulated], testIo(own, "/"));
}

it("a CI machine deploys with its state in a bucket and is gone; others judge the checkpoints, and one rolls back", async () => {
  journey = await startJourney({ runbook: RUNBOOK, scenario: SCENARIO });
  const { world, cloudRun } = journey.cloud;
  const serving = (): string => cloudRun.services.map(({ served }) => served.map(({ revision }) => revision)).join();
  const judged = (): string[] =>
    ["5m", "20m"].filter((name) => journey.comments(`comment:checkpoint:${name}`).length > 0);
  const before = serving();

  const deployed = await elsewhere(["deploy", RUNBOOK, "--yes", "--pr", "12"], { CI: "true" });

  expect(deployed.stderr).toBe("");
  expect(deployed.code).toBe(0);
  expect(serving()).not.toBe(before);
  expect(judged()).toEqual(["5m"]);
  expect((await elsewhere(["status"])).stdout).toMatch(/small/);

  world.advanceTo(plusMs(world.now, 40 * MINUTE));
  const checked = await elsewhere(["check", "--due"]);
  expect(checked.stderr).toBe("");
  expect(checked.code).toBe(0);
  expect(judged()).toEqual(["5m", "20m"]);
  world.advanceTo(plusMs(world.now, HOUR));
  expect((await elsewhere(["check", "--due"])).stdout).toContain("Nothing is due");

  const undone = await elsewhere(["rollback", "small"]);
  expect(undone.stderr).toBe("");
  expect(undone.code).toBe(0);
  expect(serving()).toBe(before);
  expect((await elsewhere(["deploy", RUNBOOK, "--yes"])).code).toBe(6);
}, 120_000);

it("a bucket that may not be read is not authorised; one that fails in the middle leaves the run to be resumed", async () => {
  journey = await startJourney({ runbook: RUNBOOK, scenario: SCENARIO });
  const { faults, github } = journey.cloud;
  faults.add({ api: "storage", call: "get", kind: "status", status: 403, times: 1 });
  const refused = await elsewhere(["deploy", RUNBOOK, "--yes"]);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/may not be read or written[^]*Nothing was lost/);
  expect(github.effects.dispatches).toEqual([]);

  const take = faults.take.bind(faults);
  const isDeployed = (): boolean => github.effects.dispatches.length > 0;
  faults.take = (api, call, now) =>
    api === "storage" && isDeployed() ? { api, call, kind: "status", status: 403, times: 1 } : take(api, call, now);
  const left = await elsewhere(["deploy", RUNBOOK, "--yes"]);
  expect(left.code).toBe(5);
  const [, id] =
    /may be in the middle of a change\.\nMend that, then go on: runbook resume (\S+)/.exec(left.stderr) ?? [];

  faults.take = take;
  expect((await elsewhere(["resume", id ?? ""])).code).toBe(0);
  expect(github.effects.dispatches).toHaveLength(1);
}, 120_000);

it("a deploy that leaves checkpoints for later refuses a state that only this machine sees", async () => {
  journey = await startJourney();
  const inCi = testIo({ ...journey.env, CI: "true" });
  const refused = await journey.runWith(inCi, "deploy", "backend-prod", "--yes");
  expect(refused.code).toBe(2);
  const [what = "", state, next] = refused.stderr.trim().split("\n");
  expect(what).toMatch(/^CI is set, and the checkpoints 1h, 4h, 24h are left for later, but .* this machine only/);
  expect(state).toBe("Nothing was touched.");
  expect(next).toContain("gs://BUCKET/PREFIX");

  const detached = await journey.run("deploy", "backend-prod", "--yes", "--detach");
  expect(detached.code).toBe(2);
  expect(detached.stderr).toMatch(/^--detach leaves every checkpoint for later/);
  expect(journey.cloud.github.requests.size).toBe(0);
  expect(await journey.events()).toEqual([]);
});
