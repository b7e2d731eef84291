/** Preflight meets an outage: it asks again for a while, and never goes on without an answer. */
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { instant, MINUTE, msBetween } from "../../src/model/time.ts";
import { type Journey, type Ran, SLOW_MS, startJourney } from "../support/journey.ts";

const SMALL = join(import.meta.dirname, "../support/runbooks/small.yaml");
const ENV = { RUNBOOK_WEBHOOK: "https://hooks.example/runbook" };
const START = instant("2026-04-12T04:00:00.000Z");
const OUTAGE = { api: "cloud-run", call: "get-service", kind: "status", status: 503 } as const;

let journey: Journey;
afterEach(() => journey.close());

async function deploy(times: number): Promise<Ran> {
  journey = await startJourney({ runbook: SMALL, scenario: SMALL.replace("small.yaml", "small-good.yaml"), env: ENV });
  journey.cloud.faults.add({ ...OUTAGE, times });
  return journey.run("deploy", SMALL, "--yes");
}

it("one odd answer is asked about again, and the deploy goes on", { timeout: SLOW_MS }, async () => {
  const { code, stderr } = await deploy(1);
  expect(stderr).toMatch(/^Preflight: Cloud Run service web: .* 503; asking again in [23]s\.$/m);
  expect(code).toBe(0);
  expect(journey.cloud.github.effects.dispatches).toHaveLength(1);
});

it("an outage that lasts refuses the deploy in less than a minute, and nothing was touched", async () => {
  const { code, stderr } = await deploy(1_000);
  expect(stderr.match(/asking again/g)).toHaveLength(3);
  expect(stderr).toMatch(/x Cloud Run service web: .* 503\n[^]*Nothing was touched\./);
  expect(code).toBe(2);
  expect(msBetween(START, journey.cloud.world.now)).toBeLessThan(MINUTE);
});

it("nobody waits for an outage where something else is wrong that cannot pass", async () => {
  journey = await startJourney({ runbook: SMALL, scenario: SMALL.replace("small.yaml", "small-good.yaml"), env: ENV });
  journey.cloud.github.repository("acme/shop").workflows.clear();
  journey.cloud.faults.add({ ...OUTAGE, times: 1_000 });
  const { code, stderr } = await journey.run("deploy", SMALL, "--yes");
  expect(code).toBe(2);
  expect(stderr).not.toContain("asking again");
});
