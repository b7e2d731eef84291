import { afterEach, expect, it } from "vitest";
import { type Journey, servedBy, SLOW_MS, startJourney } from "../support/journey.ts";

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
    expect(undone.code).toBe(0);
    expect(effects.cancels).toEqual([effects.dispatches[1]?.origin.id]);
    journey.cloud.world.advanceTo(new Date(Date.parse(journey.cloud.world.now) + 3_600_000).toISOString() as never);
    expect(servedBy(journey.cloud)).toEqual(before);
  },
);
