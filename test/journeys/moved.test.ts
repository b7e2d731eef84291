import { afterEach, expect, it } from "vitest";
import { type Journey, SLOW_MS, startJourney } from "../support/journey.ts";

let journey: Journey;
afterEach(() => journey.close());

it(
  "somebody else's deploy between preflight and the lock is noticed: nothing is touched, and no lock is left",
  { timeout: SLOW_MS },
  async () => {
    journey = await startJourney();
    const { cloudRun, world } = journey.cloud;
    const [service] = cloudRun.services;
    const io = { ...journey.io(), isInteractive: true };
    io.when(/Type its name to go on/, () => {
      cloudRun.deploy(service?.key ?? "", { image: "gcr.io/x/y:z" });
      world.advanceTo(new Date(Date.parse(world.now) + 120_000).toISOString() as never);
      (io.stdin as unknown as { write(text: string): void }).write("backend-prod\n");
    });

    const refused = await journey.runWith(io, "deploy", "backend-prod");

    expect(refused.stderr).toContain("has moved since preflight");
    expect(refused.stderr).toContain("Nothing was touched.");
    expect(refused.code).toBe(6);
    expect(journey.cloud.github.effects.dispatches).toHaveLength(0);
    expect(await journey.events()).toEqual([]);
    const status = await journey.run("deploy", "backend-prod", "--dry-run");
    expect(status.code).toBe(0);
  },
);
