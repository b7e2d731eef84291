import { afterEach, describe, expect, it } from "vitest";
import { type Journey, servedBy, SLOW_MS, startJourney } from "../support/journey.ts";

let journey: Journey;
afterEach(() => journey.close());

async function deployed(): Promise<Readonly<Record<string, string>>> {
  journey = await startJourney();
  const before = servedBy(journey.cloud);
  expect((await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888")).code).toBe(0);
  return before;
}

describe("a rollback may be asked for again:", { timeout: SLOW_MS }, () => {
  it("after one of a single service, the rest comes back too; and when all is back it says so", async () => {
    const before = await deployed();
    const one = await journey.run("rollback", "backend-prod", "--service", "backend-sync");
    expect(one.code).toBe(0);
    expect(servedBy(journey.cloud)).not.toEqual(before);

    const rest = await journey.run("rollback", "backend-prod");

    expect(rest.stderr).toBe("");
    expect(rest.code).toBe(0);
    expect(servedBy(journey.cloud)).toEqual(before);
    const nothing = await journey.run("rollback", "backend-prod");
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toContain("has been rolled back already");
  });

  it("after a restoration that was refused for want of a permission, what is missing is tried anew", async () => {
    const before = await deployed();
    const faults = { api: "cloud-run", call: "update-traffic", kind: "status", status: 403, times: 18 } as const;
    journey.cloud.faults.add(faults);
    const failed = await journey.run("rollback", "backend-prod");
    expect(failed.code).toBe(5);
    expect(servedBy(journey.cloud)).not.toEqual(before);

    const again = await journey.run("rollback", "backend-prod");

    expect(again.stderr).toBe("");
    expect(again.code).toBe(0);
    expect(servedBy(journey.cloud)).toEqual(before);
  });

  it("a service that cannot be read for a while keeps nobody from deciding, and is put back when it can", async () => {
    const before = await deployed();
    journey.cloud.faults.add({ api: "cloud-run", call: "get-service", kind: "status", status: 503, times: 7 });

    const undone = await journey.run("rollback", "backend-prod");

    expect(undone.code).toBe(0);
    expect(servedBy(journey.cloud)).toEqual(before);
  });

  it("a newer run that changed nothing is not the one that is undone", async () => {
    const before = await deployed();
    const bad = servedBy(journey.cloud);
    journey.cloud.faults.add({ api: "github", call: "dispatch", kind: "status", status: 422, times: 1 });
    const refused = await journey.run("deploy", "backend-prod", "--yes");
    expect(refused.code).not.toBe(0);
    expect(servedBy(journey.cloud)).toEqual(bad);

    const undone = await journey.run("rollback", "backend-prod");

    expect(undone.code).toBe(0);
    expect(servedBy(journey.cloud)).toEqual(before);
  });
});
