/** What GitHub's page of deployments shows of a run: a deployment of ours, or the one that the workflow's job made. */
import { afterEach, expect, it } from "vitest";
import { SLOW_MS, startJourney, type Journey } from "../support/journey.ts";
import { SMALL, type SmallWorld, startSmallWorld } from "../support/small-world.ts";

let open: { close(): Promise<void> } | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function small(scenario: "small-good" | "small-bad"): Promise<SmallWorld> {
  const world = await startSmallWorld(scenario);
  open = world;
  await world.deploy();
  return world;
}

function told({ cloud }: Pick<SmallWorld, "cloud">, repository = "acme/shop") {
  return cloud.github.repository(repository).deployments.map(({ environment, sha, login, statuses }) => ({
    to: `${environment} ${sha.slice(0, 7)} by ${login}`,
    states: statuses.map(({ state, description }) => `${state}: ${description}`.replace(/ at \d.*/, "")),
  }));
}

it(
  "a good deploy: recorded once, in progress until the first checkpoint, a success after it",
  { timeout: SLOW_MS },
  async () => {
    const world = await small("small-good");
    expect(told(world)).toEqual([
      {
        to: "prod 9b6168c by runbook-bot",
        states: ["in_progress: serves, not judged yet", "success: PASS at T+5m; next", "success: PASS at T+20m"],
      },
    ]);
    const [deployment] = world.cloud.github.repository("acme/shop").deployments;
    expect(deployment?.payload).toEqual({ runbook: (await world.progress())?.run });
    expect(deployment?.statuses.map(({ logUrl }) => logUrl)).toEqual(
      Array(3).fill(expect.stringMatching(/^https:\/\/github.com\/acme\/shop\/pull\/12#issuecomment-\d+$/)),
    );
  },
);

it("a FAIL that was rolled back: a failure, then inactive, never a success", { timeout: SLOW_MS }, async () => {
  const [deployment] = told(await small("small-bad"));
  const states = deployment?.states.map((state) => state.replace(/:.*/, ""));
  expect(states?.at(-1)).toBe("inactive");
  expect(states).toContain("failure");
  expect(states).not.toContain("success");
});

it("the deployment that the workflow's job made is told, and no other one recorded", { timeout: SLOW_MS }, async () => {
  const journey: Journey = await startJourney({
    runbook: SMALL,
    scenario: "seed",
    env: { RUNBOOK_WEBHOOK: "https://hooks.example/x" },
    change: (scenario) => ({
      ...scenario,
      workflows: scenario.workflows.map((workflow) => ({ ...workflow, environment: "prod" })),
    }),
  });
  open = journey;
  // An older one of the same commit is another deploy's.
  const head = scenarioHead(journey);
  const older = { sha: head, environment: "prod", login: "github-actions[bot]" };
  journey.cloud.github.addDeployment("acme/shop", { ...older, createdAt: "2026-04-11T00:00:00.000Z" as never });
  await journey.run("deploy", SMALL, "--yes");
  const [first, second, ...others] = told(journey);
  expect([first?.states, others]).toEqual([[], []]);
  expect(second?.to).toBe(`prod ${head.slice(0, 7)} by github-actions[bot]`);
  expect(second?.states.slice(0, 3)).toEqual(["in_progress: ", "success: ", "success: PASS at T+5m; next"]);
});

function scenarioHead({ cloud }: Journey): string {
  return cloud.github.repository("acme/shop").branches.get("main") ?? "";
}
