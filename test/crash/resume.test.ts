/** What a resume asks: whether the world moved meanwhile, and what a person alone can tell. */
import { afterEach, expect, test } from "vitest";
import { MINUTE } from "../../src/model/time.ts";
import { type SmallWorld, startSmallWorld } from "../support/small-world.ts";

let world: SmallWorld;
afterEach(() => world.close());

const BEFORE_ANYTHING = { act: "pullRequests.createComment", when: "before" } as const;
const DISPATCHED = { act: "workflows.dispatch", when: "after" } as const;

async function resume(): Promise<number> {
  const progress = await world.progress();
  return (await world.run("resume", progress?.run ?? "")).code;
}

async function asked(): Promise<readonly string[]> {
  const progress = await world.progress();
  return Object.values(progress?.questions ?? {}).map(
    ({ question, answer }) => `${question.about} ${question.id.replace(/\d+$/, "N")} -> ${answer}`,
  );
}

function answer(about: string, said: string): void {
  world.cloud.control.answers.push({ about, answer: said, afterMs: 1_000, by: "tester" });
}

async function somebodyElseDeploys(): Promise<void> {
  world.cloud.cloudRun.deploy("shop/europe-west1/web", {
    image: "gcr.io/shop/web:other",
    commit: "f".repeat(40),
    by: "eve",
  });
  await world.pass(2 * MINUTE);
}

test.each([
  { said: "stop", code: 1, dispatches: 0, outcome: "stopped" },
  { said: "continue", code: 0, dispatches: 1, outcome: undefined },
])(
  "a service that was deployed by somebody else meanwhile is asked about: $said",
  async ({ said, code, dispatches, outcome }) => {
    world = await startSmallWorld("small-good");
    await world.deploy(BEFORE_ANYTHING);
    await somebodyElseDeploys();
    answer("continue", said);
    expect(await resume()).toBe(code);
    expect(await asked()).toEqual([`continue moved:N -> ${said}`]);
    expect((await world.progress())?.questions["moved:1"]?.question.text).toMatch(
      /web serves web-\S+, then: web-00825-leh/,
    );
    expect(world.cloud.github.effects.dispatches).toHaveLength(dispatches);
    expect((await world.progress())?.finished?.outcome).toBe(outcome);
  },
);

test("what this run may have changed itself is no news", async () => {
  world = await startSmallWorld("small-good");
  await world.deploy(DISPATCHED);
  await world.pass(6 * MINUTE);
  expect(await resume()).toBe(0);
  expect(await asked()).toEqual([]);
});

test("a workflow file that does not take the inputs any more is asked about", async () => {
  world = await startSmallWorld("small-good");
  await world.deploy(BEFORE_ANYTHING);
  const workflow = world.cloud.github.repository("acme/shop").workflows.get("deploy.yml");
  Object.assign(workflow ?? {}, { text: "name: other\non:\n  workflow_dispatch:\njobs: {}\n" });
  answer("continue", "stop");
  expect(await resume()).toBe(1);
  const text = (await world.progress())?.questions["moved:1"]?.question.text;
  expect(text).toContain('has no input "environment"');
});

test("a branch that has moved since the plan is asked about, and only while something is to be deployed from it", async () => {
  world = await startSmallWorld("small-good");
  await world.deploy(BEFORE_ANYTHING);
  const repository = world.cloud.github.repository("acme/shop");
  const planned = repository.branches.get("main") ?? "";
  const [older = ""] = [...repository.commits.keys()].filter((sha) => sha !== planned);
  repository.branches.set("main", older);
  answer("continue", "continue");
  expect(await resume()).toBe(0);
  const text = (await world.progress())?.questions["moved:1"]?.question.text;
  expect(text).toContain(`main of acme/shop is at ${older.slice(0, 7)}, then: ${planned.slice(0, 7)}`);
});

test("a branch that moves once the workflow runs is no news", async () => {
  world = await startSmallWorld("small-good");
  await world.deploy({ act: "journal.append item-done", when: "after" });
  const repository = world.cloud.github.repository("acme/shop");
  repository.branches.set("main", [...repository.commits.keys()][0] ?? "");
  expect(await resume()).toBe(0);
  expect(await asked()).toEqual([]);
});

test("a dispatch that cannot be told from another is asked about, and never repeated unasked", async () => {
  world = await startSmallWorld("small-good");
  await world.deploy(DISPATCHED);
  const url = `${world.env["GITHUB_API_URL"]}/repos/acme/shop/actions/workflows/deploy.yml/dispatches`;
  const headers = { authorization: `Bearer ${world.env["GITHUB_TOKEN"]}`, "content-type": "application/json" };
  const body = JSON.stringify({ ref: "main", inputs: { environment: "prod" } });
  expect((await fetch(url, { method: "POST", headers, body })).ok).toBe(true);
  answer("in-doubt", "stop");
  // Begun and not finished: a person is needed.
  expect(await resume()).toBe(5);
  expect(await asked()).toEqual(["in-doubt in-doubt:step:deploy/dispatch#N -> stop"]);
  answer("in-doubt", "done");
  expect(await resume()).toBe(0);
  expect(await asked()).toEqual([
    "in-doubt in-doubt:step:deploy/dispatch#N -> stop",
    "in-doubt in-doubt:step:deploy/dispatch#N -> done",
  ]);
  expect(world.cloud.github.effects.dispatches).toHaveLength(2);
});

test("the lease of the dead process is told, and waited for", async () => {
  world = await startSmallWorld("small-good");
  await world.deploy(DISPATCHED);
  const progress = await world.progress();
  const ran = await world.run("resume", progress?.run ?? "");
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/which works on this run/);
});

test("the foreground does not end at its checkpoint while a FAIL waits for an answer", async () => {
  world = await startSmallWorld("small-bad");
  await world.deploy(DISPATCHED);
  // Nobody looked until the checkpoint was long due: the checkpoint itself finds the FAIL.
  await world.pass(14 * MINUTE);
  await resume();
  expect((await world.progress())?.finished?.outcome).toBe("rolled-back");
});
