/** Steps side by side and steps left out: what a deploy with them does, tells, and survives. */
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Instant, msBetween, SECOND } from "../../src/model/time.ts";
import { run, testIo } from "../support/journey.ts";
import { seeCalls } from "../support/seen-calls.ts";
import { finalWorld, type SmallWorld, startSmallWorld } from "../support/small-world.ts";

const RUNBOOK = join(import.meta.dirname, "../support/runbooks/side-by-side.yaml");

let world: SmallWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function start(approval: "approve" | "reject"): Promise<SmallWorld> {
  world = await startSmallWorld("small-good", "file", RUNBOOK);
  world.cloud.control.answers.push({ about: "approve", answer: approval, afterMs: 1_000, by: "tester" });
  return world;
}

async function itemEvents(of: SmallWorld): Promise<readonly string[]> {
  return (await of.events()).flatMap((event) =>
    "item" in event && /^item-(started|done|skipped|refused|failed)$/.test(event.type) && event.item.startsWith("step:")
      ? [`${event.item.slice(5)} ${event.type.slice(5)}`]
      : [],
  );
}

test("the plan says what runs side by side, and what is left out and why", async () => {
  const planned = await run(["plan", RUNBOOK], testIo());
  expect(planned.stderr).toBe("");
  expect(planned.stdout).toContain("side by side, the next 3:");
  expect(planned.stdout).toContain("skipped: its `if: inputs.kind == 'full'` is false: inputs.kind is `usual`");
  expect(planned.stdout).toContain("only if steps.web-serving.outputs.revision != services.web.before.revision");
});

test("a group begins together and the next step after all of it; a step that is left out says why", async () => {
  const small = await start("approve");
  const deployed = await small.run("deploy", RUNBOOK, "--yes", "--pr", "12");
  expect([deployed.code, deployed.stderr]).toEqual([0, ""]);
  expect(deployed.stdout).toMatch(
    /– settle +skipped: its `if: inputs.kind == 'full'` is false: inputs.kind is `usual`/,
  );
  const happened = await itemEvents(small);
  expect(happened.slice(0, 6)).toEqual([
    "settle skipped",
    "deploy started",
    "deploy done",
    "web-serving started",
    "go started",
    "worker-rollout started",
  ]);
  expect(happened.slice(6, 9).toSorted()).toEqual(["go done", "web-serving done", "worker-rollout done"]);
  expect(happened.slice(9)).toEqual(["rest started", "rest done"]);
});

test("a step of a group keeps its own pace: it is looked at when it is due, or when something happened to the run", async () => {
  const small = await start("approve");
  const { faults, world: simulated } = small.cloud;
  const looks: Instant[] = [];
  seeCalls(faults, (_api, call) => {
    if (call === "list-pods") looks.push(simulated.now);
  });
  await small.deploy();
  const events = await small.events();
  const atOf = (type: string): Instant =>
    events.find((event) => event.type === type && "item" in event && event.item === "step:worker-rollout")?.at ??
    simulated.now;
  const during = looks.filter((at) => at > atOf("item-started") && at < atOf("item-done"));
  expect(during.length).toBeGreaterThan(3);
  // It looks every five seconds at first; the approval beside it every two.
  const early = during.filter((at, index) => {
    const before = during[index - 1];
    return (
      before !== undefined &&
      msBetween(before, at) < 4 * SECOND &&
      !events.some((one) => one.at >= before && one.at <= at)
    );
  });
  expect(early).toEqual([]);
});

test("one that says no lets the others end, begins nothing more, and stops the run", async () => {
  const small = await start("reject");
  const deployed = await small.run("deploy", RUNBOOK, "--yes");
  expect(deployed.code).toBe(5);
  const happened = await itemEvents(small);
  expect(happened.slice(6)).toContain("go refused");
  expect(happened.slice(6)).toContain("worker-rollout done");
  expect(happened).not.toContain("rest started");
  expect((await small.progress())?.finished).toMatchObject({ outcome: "stopped" });
});

test.each([
  { act: "journal.append service-switched", when: "after" },
  { act: "journal.append question-asked", when: "after" },
  { act: "journal.append question-answered", when: "before" },
] as const)(
  "a process that dies in the middle of a group ($act, $when) is carried on to the same end",
  async (point) => {
    const undisturbed = await start("approve");
    await undisturbed.deploy();
    const expected = await finalWorld(undisturbed);
    await undisturbed.close();

    const small = await start("approve");
    const died = await small.deploy(point);
    expect(died.died).toBe(true);
    const resumed = await small.run("resume", (await small.progress())?.run ?? "");
    expect(resumed.code).toBe(0);

    expect(await finalWorld(small)).toEqual(expected);
    const happened = await itemEvents(small);
    expect(new Set(happened).size).toBe(happened.length);
  },
);
