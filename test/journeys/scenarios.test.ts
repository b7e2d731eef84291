/** The plain failures, with what they say and what they leave. */
import { afterEach, describe, expect, it } from "vitest";
import type { EventOf, RunEvent } from "../../src/model/event.ts";
import type { Scenario } from "../../src/rehearsal/scenario.ts";
import { type Journey, type Ran, startJourney } from "../support/journey.ts";

describe("the plain failures", () => {
  let journey: Journey;
  afterEach(() => journey.close());

  const deploy = async (scenario: string, change?: (scenario: Scenario) => Scenario): Promise<Ran> => {
    journey = await startJourney({ scenario, ...(change === undefined ? {} : { change }) });
    return journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
  };

  it("workflow fails: named with its job and step; nothing has switched, nothing is restored", async () => {
    const { code, stdout } = await deploy("workflow-fails");
    expect(code).toBe(1);
    expect(stdout).toContain(
      'stopped: step deploy-backend: run #24000000001 of gcp_backend.yml ended as failure: job "deploy" failed in step "Build and push image"',
    );
    const last = ["│ using PIP_TOKEN=[secret]", "│ ERROR: No matching distribution found for langsmith==9.9.9"];
    for (const words of last) expect(stdout).toContain(words);
    expect(lastComment(journey)).toContain(
      "```text\nStep 7/12 : RUN pip install -r requirements.txt\nusing PIP_TOKEN=[sec",
    );
    expect(JSON.stringify([stdout, await journey.events()])).not.toContain("pip-9f8e");
    expect(stdout).toMatch(/backend-sync +\S+ +not switched/);
    expect(stdout).toContain("to try again, when that is mended: runbook deploy backend-prod");
    expect(dispatched(journey)).toEqual(["gcp_backend.yml"]);
    expect(changes(journey)).toEqual({ traffic: [], patches: [] });
  });

  it("revision never ready: no rollback, and what is half-done is told with the command that puts it back", async () => {
    const { code, stdout } = await deploy("revision-never-ready");
    expect(code).toBe(5);
    expect(stdout).toMatch(/stopped: step backend-serving: backend-integration: revision \S+ failed: HEALTH_CHECK/);
    expect(stdout).toContain("it takes no traffic");
    expect(stdout).toMatch(/half-done +backend serves backend-00892-\w+, before: backend-00891-\w+/);
    expect(stdout).toMatch(/to put production back: runbook rollback backend-prod --run \S+/);
    expect(lastComment(journey)).toMatch(/\| `listen` \| not switched \| `\S+` \| `\S+` \(not awaited\)/);
    expect(changes(journey)).toEqual({ traffic: [], patches: [] });
  });

  it("pods crash: the log line of the crash is told; all five services come back, begun in reverse order", async () => {
    const { code, stdout } = await deploy("pods-crash");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /pusher-rollout +pusher: \d+ of \d+ new pods fail: .*(CrashLoopBackOff|crash loop), \d restarts/,
    );
    expect(stdout).toContain("ModuleNotFoundError: No module named 'redis'");
    expect(dispatched(journey)).toEqual(["gcp_backend.yml", "gcp_backend_pusher.yml"]);
    expect(restorationsBegun(await journey.events())).toEqual([
      "pusher",
      "listen",
      "backend-integration",
      "backend-sync",
      "backend",
    ]);
    expect(changes(journey)).toEqual({
      traffic: ["backend-integration", "backend-sync", "backend"],
      patches: ["prod-omi-pusher", "prod-omi-backend-listen"],
    });
    expect(journey.cloud.cloudRun.services.map(({ history }) => [...(history.at(-1)?.shares ?? [])])).toEqual(
      journey.cloud.cloudRun.services.map(({ history }) => [...(history[0]?.shares ?? [])]),
    );
  });

  it("errors rise: only what had changed is restored, once each, and the pusher is never deployed", async () => {
    const { code, stdout } = await deploy("errors-rise");
    expect(code).toBe(1);
    expect(stdout).toMatch(/rolled back: restored and verified: backend, /);
    expect(stdout).toMatch(/why +backend: .*certain since \d\d:\d\d UTC/);
    expect(dispatched(journey)).toEqual(["gcp_backend.yml"]);
    const begun = restorationsBegun(await journey.events());
    expect(begun).toEqual(["listen", "backend-integration", "backend-sync", "backend"]);
    const { traffic, patches } = changes(journey);
    expect({ traffic, patches }).toEqual({
      traffic: ["backend-integration", "backend-sync", "backend"],
      patches: ["prod-omi-backend-listen"],
    });
  });

  it("an answer lost on the way back moves no traffic twice", async () => {
    const { code } = await deploy("ambiguous-restoration");
    expect(code).toBe(1);
    const { traffic } = changes(journey);
    expect(traffic.toSorted()).toEqual(["backend", "backend-integration", "backend-sync"]);
  });

  it.each([
    ["reject", 1, "rejected: Deploy the backend?"],
    [undefined, 1, "no approval until"],
    ["approve", 0, "approved: Deploy the backend?"],
  ])("an approve step, answered with %s: exit %d", async (answer, code, said) => {
    const runbook = "test/support/runbooks/with-approval.yaml";
    journey = await startJourney({
      runbook,
      scenario: "good-day",
      change: (scenario) => ({
        ...scenario,
        // Without an answer: one that comes too late.
        operator: [
          { about: "approve", answer: answer ?? "approve", after: answer === undefined ? 48 * 3_600_000 : 60_000 },
        ],
      }),
    });
    const ran = await journey.run("deploy", runbook, "--yes");
    expect(ran.code).toBe(code);
    expect(ran.stdout).toContain(said);
    expect(dispatched(journey)).toEqual(code === 0 ? ["gcp_backend.yml"] : []);
    if (code === 1) expect(ran.stdout).toMatch(/stopped: step ask-first: [\s\S]*backend +\S+ +not switched/);
  });
});

function lastComment({ cloud }: Journey): string {
  return cloud.github.repository("BasedHardware/omi").comments.at(-1)?.body ?? "";
}

function dispatched({ cloud }: Journey): readonly string[] {
  return cloud.github.effects.dispatches.map(({ origin }) => origin.file);
}

function changes({ cloud }: Journey): { traffic: readonly string[]; patches: readonly string[] } {
  const moved = cloud.cloudRun.effects.filter(({ kind }) => kind === "update-traffic");
  return {
    traffic: moved.map(({ key }) => key.split("/").at(-1) ?? ""),
    patches: cloud.kubernetes.patches.map(({ name }) => name),
  };
}

function restorationsBegun(events: readonly RunEvent[]): readonly string[] {
  return events
    .filter((event): event is EventOf<"item-started"> => event.type === "item-started")
    .flatMap(({ item }) => (item.startsWith("restore:") ? [item.slice("restore:".length)] : []));
}
