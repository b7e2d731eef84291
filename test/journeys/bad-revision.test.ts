import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectGolden } from "../support/golden.ts";
import {
  SLOW_MS,
  invalidEvents,
  type Journey,
  type Ran,
  run,
  servedBy,
  startJourney,
  testIo,
  withoutRunIds,
} from "../support/journey.ts";

test(
  "a rehearsal of it exits 1, and the same seed gives the same journal but for run ids",
  async () => {
    const once = await run(["rehearse", "backend-prod", "--scenario", "bad-revision", "--json"]);
    const again = await run(["rehearse", "backend-prod", "--scenario", "bad-revision", "--json"]);

    expect(once.code).toBe(1);
    expect(once.stderr).toBe("");
    expect(invalidEvents(once.stdout)).toEqual([]);
    expect(withoutRunIds(again.stdout)).toBe(withoutRunIds(once.stdout));
    expect(once.stdout).toContain('"type":"run-planned"');
    expect(once.stdout).toContain('"outcome":"rolled-back"');
  },
  SLOW_MS,
);

test("what a rehearsal of it prints", { timeout: SLOW_MS }, async () => {
  const ran = await run(["rehearse", "backend-prod", "--scenario", "bad-revision"]);

  expectGolden(import.meta.url, "golden/bad-revision.txt", withoutRunIds(ran.stdout));
});

describe("a new revision that brings an import error and fails a third of its requests", () => {
  let journey: Journey;
  let before: Readonly<Record<string, string>>;
  let ran: Ran;
  beforeAll(async () => {
    journey = await startJourney({ scenario: "bad-revision" });
    before = servedBy(journey.cloud);
    ran = await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
  }, SLOW_MS);
  afterAll(() => journey.close());

  test("exits 1 after the operator's answer, and says so", () => {
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(/✗ production +FAIL: backend: critical errors: \d+ in \d+m, none in 24h before/);
    expect(ran.stdout).toMatch(/answer +rollback, by the scenario's operator/);
    expect(ran.stdout).toMatch(/\nFAIL {2}backend-prod is rolled back/);
  });

  test("the question shows the new error with an example, what it rests on, and how to answer", () => {
    const [question = "", ...others] = journey.comments("question:rollback");
    expect(others).toEqual([]);
    expect(question).toMatch(
      /\*\*ANSWER NEEDED by 04:\d\d UTC\*\* · backend-prod — \*\*FAIL\*\*: backend: critical errors/,
    );
    expect(question).toMatch(
      /\*\*New since the switch\*\*\n\n- `ImportError: cannot import name 'load_model'[^\n]*before: none in 24h/,
    );
    expect(question).toMatch(
      /Example of `ImportError[^\n]*\n\n```text\n[^`]*cannot import name 'load_model' from 'utils\.llm'/,
    );
    expect(question).toMatch(/runbook answer \S+ rollback\nrunbook answer \S+ keep/);
    expect(question).toMatch(/Without an answer by [^\n]*: `keep`/);
    expect(question).not.toContain("No pattern of errors is new");
    expect(question).not.toContain("gone");
  });

  test("every service serves in the world what it served before, and the one that was not reached is untouched", async () => {
    expect(servedBy(journey.cloud)).toEqual(before);
    const events = await journey.events();
    const restored = events.flatMap((event) => (event.type === "service-restored" ? [event.service] : []));
    expect(restored.toSorted()).toEqual(["backend", "backend-integration", "backend-sync", "listen"]);
    const begun = events.flatMap((event) =>
      event.type === "item-started" && event.item.startsWith("restore:") ? [event.item] : [],
    );
    expect(begun).toEqual(["restore:listen", "restore:backend-integration", "restore:backend-sync", "restore:backend"]);
    expect(journey.cloud.github.effects.dispatches).toHaveLength(1);
  });

  test("what serves is verified after the act, never assumed", async () => {
    const events = await journey.events();
    for (const service of ["backend", "backend-integration", "backend-sync", "listen"]) {
      const acted = events.findIndex((event) => event.type === "effect-done" && event.item === `restore:${service}`);
      const verified = events.findIndex((event) => event.type === "service-restored" && event.service === service);
      expect(acted).toBeGreaterThan(-1);
      expect(verified).toBeGreaterThan(acted);
      expect(events[verified]).toMatchObject({ serving: service === "listen" ? expect.any(String) : before[service] });
    }
  });

  test("the comment says that it is rolled back, by whom, verified, and not to un-pin yet", () => {
    const [comment = "", ...others] = journey.comments("comment:rollback");
    expect(others).toEqual([]);
    expect(comment).toMatch(/\*\*ROLLED BACK\*\* · backend-prod — backend: critical errors/);
    expect(comment).toMatch(/Decided by the scenario's operator at 2026-04-12 04:(?:09|10) UTC/);
    expect(comment.match(/✅ verified 04:\d\d:\d\d \| held/g)).toHaveLength(4);
    expect(comment).toMatch(
      /\*\*Do not un-pin yet\.\*\* `backend`, `backend-sync` and `backend-integration` are pinned on purpose/,
    );
    expect(comment).not.toMatch(/update-traffic|to-latest/);
    expect(comment).toContain("runbook release backend-prod");
    expect(comment).toMatch(/\*\*New since the switch\*\*\n\n- `ImportError/);
  });

  test("the run stays failed, on the commit too, and status says where it stands", async () => {
    const finished = (await journey.events()).at(-1);
    expect((await journey.events()).findLast(({ type }) => type === "run-finished")).toMatchObject({
      outcome: "rolled-back",
      verdict: "fail",
    });
    const statuses = journey.cloud.github.repository("BasedHardware/omi").statuses;
    expect(statuses.at(-1)).toMatchObject({ state: "failure" });
    const status = await journey.run("status", finished?.run ?? "");
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/^FAIL {2}backend-prod/m);
    expect(status.stdout).toMatch(/backend-sync +00950-\w+ → 00949-\w+ +restored 2026-04-12 04:\d\d:\d\d, held/);
    expect(status.stdout).not.toContain("waits");
    const table = await journey.run("status");
    expect(table.stdout).toMatch(/backend-prod.*rolled back/);
  });

  test("the hold refuses the next deploy, until it is released", async () => {
    const dispatches = journey.cloud.github.effects.dispatches.length;
    const held = await journey.run("deploy", "backend-prod", "--yes");
    expect(held.code).toBe(6);
    expect(held.stdout).toBe("");
    expect(held.stderr).toMatch(/held by run \d{8}-\d{4}-\w{4} since 2026-04-12T04:1\d/);
    expect(held.stderr).toContain("Nothing was touched.");
    expect(held.stderr).toContain("runbook release backend-prod");

    const released = await journey.run("release", "backend-prod");
    expect(released.code).toBe(0);
    expect(released.stdout.match(/the hold of run \S+ since \S+ is lifted/g)).toHaveLength(4);
    const nothing = await journey.run("release", "backend-prod");
    expect(nothing.stdout).toBe("There is no hold on the services of backend-prod.\n");

    expect(journey.cloud.github.effects.dispatches).toHaveLength(dispatches);
  });

  test("the deploy after it is checked at 0 %, gets its traffic by name, and is un-pinned only then", async () => {
    const effects = journey.cloud.cloudRun.effects.length;
    // The same code fails again, and is put back again.
    const again = await journey.run("deploy", "backend-prod", "--yes");
    expect(again.stderr).toBe("");
    expect(again.code).toBe(1);
    expect(servedBy(journey.cloud)).toEqual(before);
    const changes = journey.cloud.cloudRun.effects.slice(effects).filter(({ key }) => key.endsWith("/backend"));
    const [deployed, shifted, unpinned, restored] = changes;
    expect(changes.map(({ kind }) => kind)).toEqual(["deploy", "update-traffic", "update-traffic", "update-traffic"]);
    expect(shifted?.traffic?.[0]).toMatchObject({ revision: deployed?.revision, percent: 100 });
    expect(unpinned?.traffic?.[0]).toEqual({ percent: 100 });
    expect(restored?.traffic?.[0]).toMatchObject({ revision: expect.stringMatching(/^backend-00891-/), percent: 100 });
  });
});

test(
  "the answer keep leaves it serving: exit 5, no hold, nothing restored",
  async () => {
    const journey = await startJourney({
      scenario: "bad-revision",
      change: (scenario) => ({ ...scenario, operator: [{ about: "rollback", answer: "keep", after: 40_000 }] }),
    });
    try {
      const before = servedBy(journey.cloud);
      const ran = await journey.runWith(testIo(journey.env), "deploy", "backend-prod", "--yes");
      expect(ran.code).toBe(5);
      expect(servedBy(journey.cloud)["backend"]).not.toBe(before["backend"]);
      expect((await journey.events()).some(({ type }) => type === "services-held")).toBe(false);
    } finally {
      await journey.close();
    }
  },
  SLOW_MS,
);
