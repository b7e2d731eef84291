/** `shift-traffic` over the real adapter and the simulated cloud, turn by turn in world time. */
import { afterEach, describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import type { ServiceSwitch } from "../../../src/model/service.ts";
import { MINUTE, msOf, plusMs, SECOND } from "../../../src/model/time.ts";
import { cloudRunPlatform } from "../../../src/platforms/cloud-run.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import type { RunDeploy, RunTraffic } from "../../../src/simulator/cloud-run-model.ts";
import { shiftTraffic } from "../../../src/steps/shift-traffic.ts";
import type { StepOutcome, StepService } from "../../../src/steps/step.ts";
import { type GoogleWorld, googleWorld, KEY, OLD, TARGET } from "../../support/google-world.ts";
import { EffectLedger, preflightContext, stepContext } from "../../support/step-context.ts";

let cloud: GoogleWorld;
afterEach(() => cloud.close());

const COMMIT = "3fabf10a1b2c3d4e5f60718293a4b5c6d7e8f901";
const signal = new AbortController().signal;

/** One run over the service: each stage is a step of its own, with its own ledger and memo. */
class Canary {
  readonly ports: Partial<Ports>;
  readonly service: StepService;
  switched: ServiceSwitch | undefined;
  readonly told: ServiceSwitch[] = [];
  readonly texts: string[] = [];

  private constructor(service: StepService) {
    this.service = service;
    this.ports = { cloudRun: cloud.cloudRun, logs: cloud.logs };
  }

  static async begin(): Promise<Canary> {
    const ports = { cloudRun: cloud.cloudRun } as Ports;
    const before = await cloudRunPlatform.capture(TARGET, ports, cloud.world.now, signal);
    return new Canary({ name: "backend", target: TARGET, before });
  }

  stage(args: Record<string, unknown>): {
    turn(): Promise<StepOutcome>;
    finish(): Promise<StepOutcome>;
    ledger: EffectLedger;
  } {
    const ledger = new EffectLedger();
    let memo: Json | undefined;
    const turn = async (): Promise<StepOutcome> => {
      const outcome = await shiftTraffic.turn(
        stepContext({
          args: shiftTraffic.args.parse(args),
          world: cloud.world,
          ports: this.ports,
          kind: shiftTraffic,
          services: [{ ...this.service, ...(this.switched === undefined ? {} : { switched: this.switched }) }],
          memo,
          ledger,
        }),
      );
      if (outcome.kind === "waiting") {
        memo = JSON.parse(JSON.stringify(outcome.memo)) as Json;
        this.texts.push(outcome.for);
      }
      if (outcome.kind === "waiting" || outcome.kind === "done") {
        for (const change of outcome.switched ?? []) {
          this.switched = change;
          this.told.push(change);
        }
      }
      return outcome;
    };
    const finish = async (): Promise<StepOutcome> => {
      const until = plusMs(cloud.world.now, 5 * MINUTE);
      for (;;) {
        const outcome = await turn();
        if (outcome.kind !== "waiting" || cloud.world.now >= until) return outcome;
        cloud.pass(msOf(outcome.lookAt) - msOf(cloud.world.now));
      }
    };
    return { turn, finish, ledger };
  }
}

/** As a workflow with `--no-traffic` deploys. */
function deploy(options: Partial<RunDeploy> = {}): string {
  return cloud.cloudRunState.deploy(KEY, { image: "i:2", commit: COMMIT, noTraffic: true, ...options });
}

function wanted(): readonly RunTraffic[] {
  return cloud.cloudRunState.service(KEY).traffic;
}

function moves(): number {
  return cloud.cloudRunState.effects.filter(({ kind }) => kind === "update-traffic").length;
}

describe("the stages of a canary", () => {
  test("tagged at 0 %, then 10 %, 50 % and everything; every stage is told by the API's time, other tags are kept", async () => {
    cloud = await googleWorld();
    cloud.cloudRunState.updateTraffic(KEY, "", [{ percent: 100 }, { revision: OLD, percent: 0, tag: "green" }]);
    cloud.pass(5 * SECOND);
    const canary = await Canary.begin();
    const tagging = canary.stage({ to: "0%", tag: "candidate" });
    expect(await tagging.turn()).toMatchObject({ kind: "waiting", for: "backend: no new revision yet" });
    const name = deploy();
    expect(await tagging.turn()).toMatchObject({ for: `backend: candidate ${name} is starting` });
    expect(await tagging.finish()).toMatchObject({
      kind: "done",
      summary: `backend: ${name} has 0 %`,
      output: { backend: name, revision: name, "candidate-url": "https://candidate---backend-simulated.a.run.app" },
    });
    expect(canary.told).toEqual([]);

    const asked = cloud.world.now;
    await canary.stage({ to: "10%" }).finish();
    expect(wanted()).toEqual([
      { revision: OLD, percent: 90 },
      { revision: name, percent: 10 },
      { revision: name, percent: 0, tag: "candidate" },
      { revision: OLD, percent: 0, tag: "green" },
    ]);
    const first = plusMs(asked, 3 * SECOND);
    expect(canary.told).toEqual([
      {
        service: "backend",
        at: first,
        from: OLD,
        to: name,
        rolloutStartedAt: asked,
        images: ["i:2"],
        commit: COMMIT,
        stages: [{ at: first, percent: 10 }],
      },
    ]);
    cloud.pass(10 * MINUTE);
    await canary.stage({ to: "50%" }).finish();
    cloud.pass(10 * MINUTE);
    const last = canary.stage({ to: "100%" });
    expect(await last.finish()).toMatchObject({ kind: "done" });
    expect(canary.switched).toMatchObject({
      rolloutStartedAt: asked,
      stages: [{ percent: 10 }, { percent: 50 }, { percent: 100 }],
    });
    expect(canary.switched?.at).toBe(canary.switched?.stages?.at(-1)?.at);
    // Traffic followed the latest before, and does so again.
    expect(wanted()[0]).toEqual({ percent: 100 });
    expect(wanted().map(({ tag }) => tag)).toEqual([undefined, "candidate", "green"]);
  });

  test("a service that was pinned stays pinned, to the candidate", async () => {
    cloud = await googleWorld();
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: OLD, percent: 100 }]);
    cloud.pass(5 * SECOND);
    const canary = await Canary.begin();
    const name = deploy();
    await canary.stage({ to: "100%" }).finish();
    expect(wanted()).toEqual([{ revision: name, percent: 100 }]);
  });

  test("in doubt, the world is looked at: the shift is not made again", async () => {
    cloud = await googleWorld();
    const canary = await Canary.begin();
    const name = deploy();
    cloud.pass(MINUTE);
    const stage = canary.stage({ to: "10%" });
    stage.ledger.intended.add("shift/backend");
    cloud.cloudRunState.updateTraffic(KEY, "", [
      { revision: OLD, percent: 90 },
      { revision: name, percent: 10 },
    ]);
    expect(await stage.finish()).toMatchObject({ kind: "done" });
    expect(moves()).toBe(1);
  });

  test("a change between our read and our write is seen by its etag, and decided again", async () => {
    cloud = await googleWorld();
    const canary = await Canary.begin();
    const name = deploy();
    cloud.pass(MINUTE);
    const { cloudRun } = cloud;
    let reads = 0;
    Object.assign(canary.ports, {
      cloudRun: {
        ...cloudRun,
        service: async (...given: Parameters<typeof cloudRun.service>) => {
          const service = await cloudRun.service(...given);
          reads += 1;
          // Somebody tags the old revision right after our first read.
          if (reads === 1) {
            cloud.cloudRunState.updateTraffic(KEY, "", [
              { revision: OLD, percent: 100 },
              { revision: OLD, percent: 0, tag: "blue" },
            ]);
          }
          return service;
        },
      },
    });
    const stage = canary.stage({ to: "10%" });
    expect(await stage.turn()).toMatchObject({ for: expect.stringContaining("changed by somebody else meanwhile") });
    cloud.pass(5 * SECOND);
    expect(await stage.finish()).toMatchObject({ kind: "done" });
    expect(wanted()).toContainEqual({ revision: OLD, percent: 0, tag: "blue" });
    expect(cloud.cloudRunState.service(KEY).served.map(({ revision, percent }) => [revision, percent])).toContainEqual([
      name,
      10,
    ]);
  });
});

describe("what is refused", () => {
  test("a candidate that never becomes ready takes no traffic, and that is no verdict on production", async () => {
    cloud = await googleWorld();
    const canary = await Canary.begin();
    const name = deploy({ outcome: "fails", log: ["KeyError: 'MODEL_KEY'"] });
    const outcome = await canary.stage({ to: "10%" }).finish();
    const [what, ...words] = outcome.kind === "refused" ? outcome.because.split("\n") : [];
    expect(what).toContain(`candidate ${name} failed: HEALTH_CHECK_CONTAINER_ERROR`);
    expect(words).toEqual(["KeyError: 'MODEL_KEY'"]);
    expect(outcome).not.toHaveProperty("verdict");
    expect(moves()).toBe(0);
  });

  test("a workflow that gave the candidate all the traffic: what serves is told first, then it is refused", async () => {
    cloud = await googleWorld();
    const canary = await Canary.begin();
    const name = deploy({ noTraffic: false });
    cloud.pass(MINUTE);
    const outcome = await canary.stage({ to: "10%" }).finish();
    expect(canary.told).toMatchObject([{ to: name, stages: [{ percent: 100 }] }]);
    expect(outcome).toMatchObject({ kind: "refused", because: expect.stringContaining("--no-traffic") });
    expect(moves()).toBe(0);
  });

  test("somebody else's deploy, or traffic for a third revision, supersedes", async () => {
    cloud = await googleWorld();
    const canary = await Canary.begin();
    deploy();
    cloud.pass(MINUTE);
    await canary.stage({ to: "10%" }).finish();
    const other = deploy({ image: "i:3" });
    cloud.pass(MINUTE);
    expect(await canary.stage({ to: "50%" }).finish()).toMatchObject({
      kind: "refused",
      because: expect.stringContaining(`superseded: ${other} was created after`),
    });
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: other, percent: 100 }]);
    cloud.pass(MINUTE);
    expect(await canary.stage({ to: "50%" }).finish()).toMatchObject({ kind: "refused" });
    expect(moves()).toBe(2);
  });

  test("somebody takes the share away while it is waited for: refused, and not given again", async () => {
    cloud = await googleWorld();
    const canary = await Canary.begin();
    deploy();
    cloud.pass(MINUTE);
    const stage = canary.stage({ to: "10%" });
    await stage.turn();
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: OLD, percent: 100 }]);
    cloud.pass(10 * SECOND);
    expect(await stage.finish()).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("somebody changed"),
    });
  });

  test("preflight: a split service cannot have a canary, unless this very run has split it", async () => {
    cloud = await googleWorld();
    const name = deploy();
    cloud.pass(MINUTE);
    cloud.cloudRunState.updateTraffic(KEY, "", [
      { revision: OLD, percent: 90 },
      { revision: name, percent: 10 },
    ]);
    cloud.pass(MINUTE);
    const context = preflightContext({
      args: shiftTraffic.args.parse({ to: "50%" }),
      world: cloud.world,
      ports: { cloudRun: cloud.cloudRun },
    });
    const findings = (touched: boolean): unknown =>
      shiftTraffic.preflight?.({ ...context, services: [{ name: "backend", target: TARGET, touched }] });
    expect(await findings(false)).toMatchObject([
      { severity: "error", what: expect.stringContaining("is split between") },
    ]);
    expect(await findings(true)).toEqual([]);
  });
});
