import { afterEach, expect, it } from "vitest";
import { type Journey, startJourney } from "../support/journey.ts";

let journey: Journey;
afterEach(() => journey.close());

it("a rollback after a good deploy restores each service to its snapshot, verified, and holds them", async () => {
  journey = await startJourney();
  const { cloudRun, kubernetes } = journey.cloud;
  const serving = (): readonly string[] =>
    cloudRun.services.map(({ served }) => served.map(({ revision, percent }) => `${revision}=${percent}`).join());
  const runningDigests = (): readonly string[] =>
    kubernetes.deployments.map(({ pods }) => {
      const running = pods.filter(({ ready, deletedAt }) => ready && deletedAt === undefined);
      return [...new Set(running.map(({ digest }) => digest))].join();
    });
  const before = serving();
  const digests = runningDigests();
  expect((await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888")).code).toBe(0);
  expect(serving()).not.toEqual(before);

  const undone = await journey.run("rollback", "backend-prod");

  expect(undone.stderr).toBe("");
  expect(undone.code).toBe(0);
  expect(serving()).toEqual(before);
  expect(runningDigests()).toEqual(digests);
  const finished = (await journey.events()).findLast(({ type }) => type === "run-finished");
  expect(finished).toMatchObject({ outcome: "rolled-back" });
  const again = await journey.run("deploy", "backend-prod", "--yes");
  expect(again.code).toBe(6);
  expect(again.stderr).toContain("runbook release backend-prod");
});
