/** A Cloud Run job in a deploy: its execution must succeed before anything else is deployed. */
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Scenario, scenarioSchema } from "../../src/rehearsal/scenario.ts";
import { type Journey, SLOW_MS, startJourney } from "../support/journey.ts";

const RUNBOOK = join(import.meta.dirname, "../support/runbooks/migrate-then-deploy.yaml");

let journey: Journey;
afterEach(() => journey.close());

type Rule = Partial<Scenario["services"][number]>;

async function deploy(rule: Rule, scenario = "good-day"): Promise<{ code: number; stdout: string; stderr: string }> {
  const change = (loaded: Scenario): Scenario => ({
    ...loaded,
    services: [...loaded.services, { which: "cloud-run-job", ...rule }],
  });
  journey = await startJourney({ runbook: RUNBOOK, scenario, change });
  return journey.run("deploy", RUNBOOK, "--yes");
}

/** What a deploy brings, as the schema fills it in. */
function brings(deployed: object): NonNullable<Rule["deploy"]> {
  const { shape } = scenarioSchema.shape.services.unwrap().element;
  const parsed = shape.deploy.parse(deployed);
  if (parsed === undefined) throw new Error("nothing was given");
  return parsed;
}

describe("a Cloud Run job", { timeout: SLOW_MS }, () => {
  it("its execution of the new template succeeds, and the service follows; one of the former template does not count", async () => {
    const { code, stdout, stderr } = await deploy({ job: { tasks: 3, duration: 90_000, "runs-before": true } });
    expect([code, stderr]).toEqual([0, ""]);
    const [, , ofBefore, ours] = [
      "",
      ...(journey.cloud.cloudRunJobs.jobs[0]?.executions ?? []).map(({ name }) => name),
    ];
    expect(stdout).toMatch(new RegExp(`migrated +migrate: execution ${ours} succeeded \\(3 of 3 tasks succeeded\\)`));
    expect(stdout).not.toContain(`${ofBefore} succeeded`);
    expect(stdout).toContain("migrate cannot be put back by this tool");
    expect(journey.cloud.github.effects.dispatches).toHaveLength(2);
  });

  it("a failed execution stops the deploy with its failed tasks and its last lines, and the service is left alone", async () => {
    const deployed = brings({ "failed-tasks": 2, log: ["applying 0042_add_index", "duplicate key in column email"] });
    const { code, stdout } = await deploy({
      job: { tasks: 3, duration: 90_000, "runs-before": false },
      deploy: deployed,
    });
    expect(code).toBe(5);
    expect(stdout).toMatch(/migrate: execution migrate-\w+ failed: 2 of 3 tasks failed \(NON_ZERO_EXIT_CODE: /);
    expect(stdout).toContain("│ duplicate key in column email");
    expect(stdout).toContain("│ Container called exit(1).");
    expect(stdout).toMatch(
      /FAIL: migrate: execution migrate-\w+ failed: [^\n]*with an error\.\)\. Step migrated cannot be undone/,
    );
    expect(stdout).toContain("gcloud run jobs update migrate --image gcr.io/shop/migrate:latest");
    // A rollback would find nothing that it could put back.
    const summary = stdout.slice(stdout.indexOf("\nFAIL  migrate-then-deploy"));
    expect(summary).not.toContain("runbook rollback");
    expect(summary).toContain(
      "  to put migrate back by hand: gcloud run jobs update migrate --image gcr.io/shop/migrate:latest ",
    );
    expect(journey.cloud.github.effects.dispatches).toHaveLength(1);
    expect(journey.cloud.cloudRun.effects).toEqual([]);
  });

  it("one that somebody cancels is no verdict on the new version", async () => {
    const { code, stdout } = await deploy({ deploy: brings({ "execution-cancelled": true }) });
    expect(code).toBe(5);
    expect(stdout).toMatch(/execution migrate-\w+ was cancelled by somebody/);
    const refused = (await journey.events()).filter(({ type }) => type === "item-refused");
    expect(refused).toHaveLength(1);
    expect(refused[0]).not.toHaveProperty("verdict");
  });

  it("a workflow that runs the job without deploying it proves nothing: the step waits until its deadline", async () => {
    const { code, stdout } = await deploy({ deploy: brings({ unchanged: true }) });
    expect(code).toBe(5);
    expect(stdout).toContain("no new execution yet");
  });
});
