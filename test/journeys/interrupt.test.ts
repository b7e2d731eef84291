import { afterEach, expect, test } from "vitest";
import { SLOW_MS, type Journey, type Ran, servedBy, startJourney } from "../support/journey.ts";

let journey: Journey;
afterEach(() => journey.close());

const PUSHER_RUNS = /… deploy-pusher +waits for run #\d+ of gcp_backend_pusher\.yml: in_progress/;

test(
  "Ctrl-C in the middle of a deploy pauses it; resume carries on and dispatches nothing twice",
  async () => {
    journey = await startJourney();
    const { dispatches } = journey.cloud.github.effects;
    const io = journey.io();
    io.when(PUSHER_RUNS, () => io.interrupt());

    const paused = await journey.runWith(io, "deploy", "backend-prod", "--yes", "--pr", "6888");

    expect(paused.code).toBe(130);
    expect(io.exits).toEqual([]);
    const last = (await journey.events()).at(-1);
    expect(last).toMatchObject({ type: "run-paused", because: "interrupted by SIGINT" });
    const id = last?.run ?? "";
    expect(paused.stderr).toMatch(/^SIGINT: finishing what is in flight, then pausing\. Once more ends at once/);
    expect(paused.stdout).toMatch(/backend, backend-sync, backend-integration and listen serve unwatched/);
    expect(paused.stdout).toContain(`runbook resume ${id}`);
    expect(dispatches).toHaveLength(2);

    const status = await journey.run("status", id);
    expect(status.stdout).toMatch(/Paused since 04:\d\d UTC: interrupted by SIGINT\. .* serve unwatched\./);
    expect(status.stdout).toContain(`runbook resume ${id}`);

    const resumed = await journey.run("resume", id);

    expect(resumed.stderr).toBe("");
    expect(resumed.code).toBe(0);
    expect(dispatches).toHaveLength(2);
    const events = await journey.events(id);
    expect(events.filter(({ type }) => type === "run-resumed")).toHaveLength(1);
    const intents = events.flatMap((event) => (event.type === "effect-intended" ? [event.effect] : []));
    expect(new Set(intents).size).toBe(intents.length);
    expect(journey.comments("comment:checkpoint:20m")).toHaveLength(1);
    expect(journey.comments("comment:progress")).toHaveLength(1);
  },
  SLOW_MS,
);

test(
  "the second Ctrl-C ends the process at once",
  async () => {
    journey = await startJourney();
    const io = journey.io();
    io.when("waits for run #", () => {
      io.interrupt();
      io.interrupt();
    });

    await journey.runWith(io, "deploy", "backend-prod", "--yes");

    expect(io.exits).toEqual([130]);
  },
  SLOW_MS,
);

test(
  "a question is answered from another process while the deploy still runs",
  async () => {
    journey = await startJourney({
      scenario: "bad-revision",
      change: (scenario) => ({ ...scenario, operator: [] }),
    });
    const before = servedBy(journey.cloud);
    const deploying = journey.io();
    const answered = new Promise<Ran>((resolve, reject) => {
      deploying.when(/runbook answer \S+ rollback/, (command) => {
        const [, ...words] = command.split(" ");
        journey.run(...words).then(resolve, reject);
      });
    });

    const deployed = await journey.runWith(deploying, "deploy", "backend-prod", "--yes");
    const answer = await answered;

    expect([deployed.code, answer.code]).toEqual([1, 1]);
    expect(servedBy(journey.cloud)).toEqual(before);
    const events = await journey.events();
    expect(events.flatMap((event) => (event.type === "question-answered" ? [event] : []))).toMatchObject([
      { question: "rollback", answer: "rollback", by: "tester" },
    ]);
    const intents = events.flatMap((event) => (event.type === "effect-intended" ? [event.effect] : []));
    expect(new Set(intents).size).toBe(intents.length);
  },
  SLOW_MS,
);

test(
  "of two deploys at once exactly one proceeds; the other is told who holds the lock since when",
  async () => {
    journey = await startJourney();
    const ios = [journey.io(), journey.io()];
    for (const io of ios) io.when("waits for run #", () => io.interrupt());

    const both = await Promise.all(ios.map((io) => journey.runWith(io, "deploy", "backend-prod", "--yes")));

    expect(both.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([6, 130]);
    const refused = both.find(({ code }) => code === 6);
    const [first] = await journey.events();
    expect(refused?.stderr).toContain(`locked by run ${first?.run ?? "none"} since 2026-04-12T04:00:0`);
    expect(refused?.stderr).toContain("Nothing was touched.");
    expect(refused?.stderr).toContain(`runbook status ${first?.run ?? "none"}`);
    expect(refused?.stdout).toBe("");
    expect(journey.cloud.github.effects.dispatches).toHaveLength(1);
  },
  SLOW_MS,
);
