/** `wait-for-revision` over the real adapter and the simulated cloud, turn by turn in world time. */
import { afterEach, describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import type { CloudRunSnapshot, ServiceSwitch } from "../../../src/model/service.ts";
import { type Instant, MINUTE, msOf, plusMs, SECOND } from "../../../src/model/time.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { cloudRunPlatform } from "../../../src/platforms/cloud-run.ts";
import type { RunDeploy } from "../../../src/simulator/cloud-run-model.ts";
import type { StepOutcome, StepService } from "../../../src/steps/step.ts";
import { waitForRevision } from "../../../src/steps/wait-for-revision.ts";
import { type GoogleWorld, googleWorld, KEY, OLD, START, TARGET } from "../../support/google-world.ts";
import { EffectLedger, preflightContext, stepContext } from "../../support/step-context.ts";

let cloud: GoogleWorld;
afterEach(() => cloud.close());

const COMMIT = "3fabf10a1b2c3d4e5f60718293a4b5c6d7e8f901";
const LINE = "based-hardware/us-central1";

/** The step over some services of the world, with its snapshots taken at once, its memo and its switches kept. */
class Waiting {
  readonly switched: ServiceSwitch[] = [];
  readonly texts: string[] = [];
  readonly #ledger = new EffectLedger();
  readonly #args: Record<string, unknown>;
  readonly #services: readonly StepService[];
  readonly #startedAt: Instant = cloud.world.now;
  #memo: Json | undefined;

  private constructor(args: Record<string, unknown>, services: readonly StepService[]) {
    this.#args = args;
    this.#services = services;
  }

  static async begin(args: Record<string, unknown> = {}, names: readonly string[] = ["backend"]): Promise<Waiting> {
    const signal = new AbortController().signal;
    const ports = { cloudRun: cloud.cloudRun } as Ports;
    const services = await Promise.all(
      names.map(async (name): Promise<StepService> => {
        const target = { ...TARGET, service: name };
        return { name, target, before: await cloudRunPlatform.capture(target, ports, cloud.world.now, signal) };
      }),
    );
    return new Waiting(args, services);
  }

  async turn(): Promise<StepOutcome> {
    const outcome = await waitForRevision.turn(
      stepContext({
        args: waitForRevision.args.parse(this.#args),
        world: cloud.world,
        ports: { cloudRun: cloud.cloudRun, logs: cloud.logs },
        kind: waitForRevision,
        services: this.#services,
        memo: this.#memo,
        ledger: this.#ledger,
        startedAt: this.#startedAt,
      }),
    );
    if (outcome.kind === "waiting") {
      // As the journal does it.
      this.#memo = JSON.parse(JSON.stringify(outcome.memo)) as Json;
      this.texts.push(outcome.for);
    }
    if (outcome.kind === "waiting" || outcome.kind === "done") this.switched.push(...(outcome.switched ?? []));
    return outcome;
  }

  /** Turns at the asked-for times until it no longer waits, at most for ten minutes of world time. */
  async finish(): Promise<StepOutcome> {
    const until = plusMs(cloud.world.now, 10 * MINUTE);
    for (;;) {
      const outcome = await this.turn();
      if (outcome.kind !== "waiting" || cloud.world.now >= until) return outcome;
      const pause = msOf(outcome.lookAt) - msOf(cloud.world.now);
      expect(pause).toBeGreaterThanOrEqual(SECOND);
      expect(pause).toBeLessThanOrEqual(17 * SECOND);
      cloud.pass(pause);
    }
  }
}

function deploy(options: Partial<RunDeploy> = {}, service = "backend"): string {
  return cloud.cloudRunState.deploy(`${LINE}/${service}`, { image: "i:2", commit: COMMIT, ...options });
}

describe("the good case", () => {
  test("it waits for the new revision, and tells the switch by the API's time", async () => {
    cloud = await googleWorld();
    const step = await Waiting.begin();
    expect(await step.turn()).toMatchObject({ kind: "waiting", for: "backend: no new revision yet" });
    const name = deploy({ readyAfterMs: 20_000, switchAfterMs: 10_000 });
    const outcome = await step.finish();
    expect(outcome).toMatchObject({
      kind: "done",
      summary: `backend: live (${name})`,
      output: { backend: name, revision: name },
    });
    expect(step.switched).toEqual([
      {
        service: "backend",
        at: plusMs(START, 30 * SECOND),
        from: OLD,
        to: name,
        rolloutStartedAt: START,
        images: ["i:2"],
        commit: COMMIT,
      },
    ]);
    expect(step.texts).toContain(`backend: revision ${name} is starting`);
    expect(step.texts).toContain(`backend: revision ${name} is ready and has 0 % of the traffic`);
  });

  test("each service's switch is told once, as soon as it happened", async () => {
    cloud = await googleWorld({ services: ["backend", "backend-sync"] });
    const step = await Waiting.begin({}, ["backend", "backend-sync"]);
    const first = deploy();
    deploy({ readyAfterMs: 90_000 }, "backend-sync");
    cloud.pass(40 * SECOND);
    expect(await step.turn()).toMatchObject({ kind: "waiting", switched: [{ service: "backend", to: first }] });
    expect(await step.finish()).toMatchObject({ kind: "done" });
    expect(step.switched.map(({ service }) => service)).toEqual(["backend", "backend-sync"]);
    expect(step.texts.at(-1)).toMatch(/^backend: live \(.+\); backend-sync: revision .+$/);
  });

  test("a deploy that was over before the step began is found", async () => {
    cloud = await googleWorld();
    const step = await Waiting.begin();
    deploy();
    cloud.pass(5 * MINUTE);
    expect(await step.turn()).toMatchObject({ kind: "done", switched: [{ at: plusMs(START, 30 * SECOND) }] });
  });

  test("the named revision, also where the deploy moves traffic itself", async () => {
    cloud = await googleWorld();
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: OLD, percent: 100 }]);
    cloud.pass(5 * SECOND);
    const step = await Waiting.begin({ revision: "backend-3fabf10-1-1", "traffic-moved-by": "workflow" });
    expect(await step.turn()).toMatchObject({ for: "backend: no revision backend-3fabf10-1-1 yet" });
    deploy({ revision: "backend-3fabf10-1-1" });
    cloud.pass(MINUTE);
    expect(await step.turn()).toMatchObject({ kind: "waiting", for: expect.stringContaining("0 % of the traffic") });
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: "backend-3fabf10-1-1", percent: 100 }]);
    expect(await step.finish()).toMatchObject({ kind: "done", output: { backend: "backend-3fabf10-1-1" } });
  });
});

describe("the other endings", () => {
  test("a revision that fails without traffic refuses, with its reason, and is no verdict on production", async () => {
    cloud = await googleWorld();
    const step = await Waiting.begin();
    const reason = { outcome: "fails", reason: "HEALTH_CHECK_CONTAINER_ERROR", message: "failed to listen" } as const;
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const name = deploy({ ...reason, log: [...lines, "token ghp_abcdefghijklmnopqrstuvwxyz012345", "x".repeat(900)] });
    const outcome = await step.finish();
    const [what, ...words] = outcome.kind === "refused" ? outcome.because.split("\n") : [];
    expect(what).toBe(
      `backend: revision ${name} failed: HEALTH_CHECK_CONTAINER_ERROR: failed to listen; it takes no traffic`,
    );
    expect(words).toEqual([...lines.slice(-6), "token [token]", "x".repeat(300)]);
    expect(outcome).not.toHaveProperty("verdict");
  });

  test("where its log cannot be read, or says nothing, that is said", async () => {
    cloud = await googleWorld();
    const step = await Waiting.begin();
    const name = deploy({ outcome: "fails" });
    cloud.pass(MINUTE);
    expect(await step.turn()).toMatchObject({ because: expect.stringMatching(/\n\(.+ has written nothing/) as string });
    cloud.faults.add({ api: "logging", call: "list-entries", kind: "status", status: 403, times: 1 });
    const text = `\n(the log of ${name} could not be read)`;
    expect(await step.turn()).toMatchObject({ kind: "refused", because: expect.stringContaining(text) as string });
  });

  test("a revision that fails while it serves is a platform failure", async () => {
    cloud = await googleWorld();
    const step = await Waiting.begin();
    const name = deploy();
    cloud.pass(25 * SECOND);
    await step.turn();
    cloud.pass(15 * SECOND);
    const revision = cloud.cloudRunState.service(KEY).revisions.get(name);
    if (revision !== undefined) revision.ready = { state: "CONDITION_FAILED", at: cloud.world.now, message: "gone" };
    expect(await step.turn()).toMatchObject({
      kind: "refused",
      verdict: "fail",
      results: [{ service: "backend", verdict: "fail", platformFailure: true, value: "gone" }],
      because: expect.stringMatching(new RegExp(`^backend: revision ${name} failed: gone\n.`)) as string,
    });
  });

  test("pinned: ready with 0 % is neither success nor a reason to wait", async () => {
    cloud = await googleWorld();
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: OLD, percent: 100 }]);
    cloud.pass(5 * SECOND);
    const step = await Waiting.begin();
    const name = deploy();
    const outcome = await step.finish();
    expect(outcome).toMatchObject({ kind: "refused" });
    expect(outcome.kind === "refused" ? outcome.because : "").toContain(
      `revision ${name} is deployed, 0 % traffic: the service is pinned to ${OLD}`,
    );
    expect(step.switched).toEqual([]);
  });

  test("pinned by a rollback: the new revision is checked at 0 %, gets the traffic by name, and then the pin goes", async () => {
    cloud = await googleWorld();
    const bad = deploy();
    cloud.pass(MINUTE);
    cloud.cloudRunState.updateTraffic(KEY, "", [
      { revision: OLD, percent: 100 },
      { revision: bad, percent: 0, tag: "bad" },
    ]);
    cloud.pass(10 * SECOND);
    const step = await Waiting.begin();
    const good = deploy();

    expect(await step.finish()).toMatchObject({ kind: "done" });

    expect(step.switched).toMatchObject([{ service: "backend", from: OLD, to: good }]);
    cloud.pass(10 * SECOND);
    const changes = cloud.cloudRunState.effects.filter(({ kind }) => kind === "update-traffic").slice(1);
    expect(changes.map(({ traffic }) => traffic)).toMatchObject([
      [
        { revision: good, percent: 100 },
        { revision: bad, percent: 0, tag: "bad" },
      ],
      [{ percent: 100 }, { revision: bad, percent: 0, tag: "bad" }],
    ]);
    expect(changes[1]?.traffic?.[0]?.revision).toBeUndefined();
    const served = cloud.cloudRunState.service(KEY).served.filter(({ percent }) => percent > 0);
    expect(served).toMatchObject([{ revision: good, percent: 100, latest: true }]);
  });

  test("somebody else's change between our read and our write is looked at again, at both changes", async () => {
    cloud = await googleWorld();
    const bad = deploy();
    cloud.pass(MINUTE);
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: OLD, percent: 100 }]);
    cloud.pass(10 * SECOND);
    const step = await Waiting.begin();
    const good = deploy();
    cloud.pass(MINUTE);
    const conflict = { api: "cloud-run", call: "update-traffic", kind: "status", status: 409, times: 1 } as const;
    cloud.faults.add(conflict);
    expect(await step.turn()).toMatchObject({
      for: "backend: it was changed by somebody else meanwhile, deciding again",
    });
    expect(cloud.cloudRunState.service(KEY).traffic).toEqual([{ revision: OLD, percent: 100 }]);
    await step.turn();
    cloud.pass(10 * SECOND);
    cloud.faults.add(conflict);
    expect(await step.turn()).toMatchObject({
      for: "backend: it was changed by somebody else meanwhile, deciding again",
    });
    expect(step.switched).toEqual([]);
    expect(await step.finish()).toMatchObject({ kind: "done", output: { revision: good } });
    cloud.pass(10 * SECOND);
    expect(cloud.cloudRunState.service(KEY).traffic).toEqual([{ percent: 100 }]);
    expect(good).not.toBe(bad);
  });

  test("the expected revision by the digest of its image; deployed by tag that is never known", async () => {
    cloud = await googleWorld();
    const digest = `sha256:${"5e".repeat(32)}`;
    const step = await Waiting.begin({ image: digest });
    const theirs = deploy({ image: `gcr.io/p/backend@sha256:${"0a".repeat(32)}` });
    cloud.pass(MINUTE);
    expect(await step.turn()).toMatchObject({
      for: expect.stringMatching(`the newest revision ${theirs} runs .+, not`),
    });
    const ours = deploy({ image: `gcr.io/p/backend@${digest}` });
    expect(await step.finish()).toMatchObject({ kind: "done", output: { revision: ours } });
    await cloud.close();
    cloud = await googleWorld();
    const tagged = await Waiting.begin({ image: digest });
    deploy({ image: "gcr.io/p/backend:latest" });
    expect(await tagged.turn()).toMatchObject({
      kind: "refused",
      because: expect.stringContaining(`deployed by tag: it cannot be told whether that is ${digest}`) as string,
    });
    await cloud.close();
    cloud = await googleWorld();
    const named = await Waiting.begin({ image: "gcr.io/p/backend:v7" });
    const v7 = deploy({ image: "gcr.io/p/backend:v7" });
    expect(await named.finish()).toMatchObject({ kind: "done", output: { revision: v7 } });
  });

  test("another newer revision supersedes the one that is waited for", async () => {
    cloud = await googleWorld();
    const step = await Waiting.begin();
    deploy({ readyAfterMs: 60_000 });
    await step.turn();
    cloud.pass(10 * SECOND);
    const theirs = deploy();
    expect(await step.turn()).toMatchObject({
      kind: "refused",
      because: expect.stringContaining(`superseded: ${theirs}`),
    });
  });

  test("a switch in the same turn as a refusal is told first", async () => {
    cloud = await googleWorld({ services: ["backend", "backend-sync"] });
    const step = await Waiting.begin({}, ["backend", "backend-sync"]);
    deploy();
    deploy({ outcome: "fails" }, "backend-sync");
    cloud.pass(MINUTE);
    expect(await step.turn()).toMatchObject({ kind: "waiting", switched: [{ service: "backend" }] });
    expect(await step.turn()).toMatchObject({ kind: "refused", because: expect.stringContaining("backend-sync") });
  });

  test.each<[string, string | undefined, object]>([
    ["of another commit", "ffffffffff", { kind: "waiting", for: expect.stringContaining("not of 3fabf10") }],
    ["without a commit", undefined, { kind: "refused", because: expect.stringContaining("no label commit-sha") }],
    ["of the commit", COMMIT, { kind: "done" }],
  ])("with a commit given, a revision %s", async (_name, commit, expected) => {
    cloud = await googleWorld();
    const step = await Waiting.begin({ commit: "3fabf10" });
    cloud.cloudRunState.deploy(KEY, { image: "i:2", ...(commit === undefined ? {} : { commit }) });
    cloud.pass(MINUTE);
    expect(await step.turn()).toMatchObject(expected);
  });

  test("an API that does not answer is a throw, not an outcome", async () => {
    cloud = await googleWorld();
    const step = await Waiting.begin();
    cloud.faults.add({ api: "cloud-run", call: "get-service", kind: "status", status: 503, times: 1 });
    await expect(step.turn()).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("preflight", () => {
  /** Preflight runs before there is a snapshot; the builder of the context wants one. */
  const UNUSED: CloudRunSnapshot = {
    platform: "cloud-run",
    takenAt: START,
    generation: "1",
    traffic: [],
    images: [],
    pinned: false,
    restorable: { possible: false, because: "unused" },
  };

  async function findings(args: Record<string, unknown> = {}, service = "backend"): Promise<readonly object[]> {
    return (
      (await waitForRevision.preflight?.(
        preflightContext({
          args: waitForRevision.args.parse(args),
          world: cloud.world,
          ports: { cloudRun: cloud.cloudRun },
          services: [{ name: service, target: { ...TARGET, service }, before: UNUSED }],
        }),
      )) ?? []
    );
  }

  test("nothing to say of a service that follows the latest", async () => {
    cloud = await googleWorld();
    expect(await findings()).toEqual([]);
  });

  test("a pin stops the deploy; un-pinning is offered as safe only when the newest revision serves", async () => {
    cloud = await googleWorld();
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: OLD, percent: 100 }]);
    cloud.pass(5 * SECOND);
    expect(await findings()).toMatchObject([
      { severity: "error", next: expect.stringMatching(/^un-pin it with `gcloud/) },
    ]);
    const name = deploy();
    cloud.pass(MINUTE);
    const [behind, ...more] = await findings();
    expect(more).toEqual([]);
    expect(behind).toMatchObject({
      severity: "remark",
      what: expect.stringContaining(`behind its newest revision ${name}`),
    });
    expect(JSON.stringify(behind)).not.toContain("--to-latest");
    expect(await findings({ "traffic-moved-by": "workflow" })).toEqual([]);
  });

  test("a service that is not there, and one that may not be read", async () => {
    cloud = await googleWorld();
    expect(await findings({}, "bakend")).toMatchObject([
      { severity: "error", what: expect.stringContaining("no Cloud Run service bakend in us-central1") },
    ]);
    cloud.faults.add({ api: "cloud-run", call: "get-service", kind: "status", status: 403, times: 1 });
    expect(await findings()).toMatchObject([
      { severity: "unauthorised", next: expect.stringContaining("roles/run.viewer") },
    ]);
  });

  test("an outage is not a finding", async () => {
    cloud = await googleWorld();
    cloud.faults.add({ api: "cloud-run", call: "get-service", kind: "status", status: 503, times: 1 });
    await expect(findings()).rejects.toMatchObject({ kind: "unavailable" });
  });
});
