import { afterEach, expect, it } from "vitest";
import { type Journey, startJourney } from "../support/journey.ts";

let journey: Journey;
afterEach(() => journey.close());

it("the daemon judges what a deploy left for later, at its true times, and drains when it is told to stop", async () => {
  journey = await startJourney();
  const deployed = await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
  expect(deployed.code).toBe(0);
  expect(journey.comments("checkpoint:1h")).toHaveLength(0);

  const io = journey.io();
  const original = io.stdout.write.bind(io.stdout);
  io.stdout.write = ((chunk: string) => {
    if (/✓ finished/.test(chunk)) io.interrupt();
    return original(chunk);
  }) as typeof io.stdout.write;
  const served = await journey.runWith(io, "serve");

  expect(served.code).toBe(0);
  const judged = (await journey.events()).filter((event) => event.type === "checkpoint-judged");
  expect(judged.map(({ checkpoint, verdict, lateMs }) => [checkpoint, verdict, lateMs < 60_000])).toEqual(
    ["5m", "20m", "1h", "4h", "24h"].map((name) => [name, "pass", true]),
  );
  expect(journey.comments("checkpoint:24h")).toHaveLength(1);
});
