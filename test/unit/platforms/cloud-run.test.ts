/** The Cloud Run platform over the real adapter and the simulated cloud, turn by turn in world time. */
import { afterEach, describe, expect, test } from "vitest";
import type { CloudRunSnapshot, ServiceSwitch } from "../../../src/model/service.ts";
import { msOf, SECOND } from "../../../src/model/time.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { cloudRunPlatform } from "../../../src/platforms/cloud-run.ts";
import type { RestoreOutcome } from "../../../src/steps/step.ts";
import { type GoogleWorld, googleWorld, KEY, OLD, TARGET } from "../../support/google-world.ts";
import { EffectLedger } from "../../support/step-context.ts";

let cloud: GoogleWorld;
afterEach(() => cloud.close());

const signal = new AbortController().signal;

function portsOf(world: GoogleWorld): Ports {
  return { cloudRun: world.cloudRun } as Ports;
}

function capture(): Promise<CloudRunSnapshot> {
  return cloudRunPlatform.capture(TARGET, portsOf(cloud), cloud.world.now, signal);
}

function switchTo(to: string): ServiceSwitch {
  return { service: "backend", at: cloud.world.now, from: OLD, to, rolloutStartedAt: cloud.world.now, images: [] };
}

/** A deploy that has switched. */
function deployed(): string {
  const name = cloud.cloudRunState.deploy(KEY, { image: "i:2" });
  cloud.pass(40 * SECOND);
  return name;
}

class Restoration {
  readonly ledger = new EffectLedger();
  readonly #snapshot: CloudRunSnapshot;
  readonly #switched: ServiceSwitch | undefined;

  constructor(snapshot: CloudRunSnapshot, switched?: ServiceSwitch) {
    this.#snapshot = snapshot;
    this.#switched = switched;
  }

  turn(): Promise<RestoreOutcome> {
    return cloudRunPlatform.restore({
      run: { id: "r1", runbook: "backend-prod", startedBy: "operator", inputs: {} },
      service: "backend",
      target: TARGET,
      snapshot: this.#snapshot,
      switched: this.#switched,
      now: cloud.world.now,
      memo: undefined,
      ports: portsOf(cloud),
      signal,
      effect: (effect) => this.ledger.perform(effect),
    });
  }

  /** Turns until it no longer waits; at most 60. */
  async finish(): Promise<RestoreOutcome> {
    for (let turns = 0; turns < 60; turns++) {
      const outcome = await this.turn();
      if (outcome.kind !== "waiting") return outcome;
      cloud.pass(msOf(outcome.lookAt) - msOf(cloud.world.now));
    }
    throw new Error("still waiting after 60 turns");
  }
}

function updates(): number {
  return cloud.cloudRunState.effects.filter(({ kind }) => kind === "update-traffic").length;
}

describe("capture", () => {
  test("the one serving revision, its image and commit, and how it can be put back", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    expect(snapshot).toMatchObject({
      revision: OLD,
      newestRevision: OLD,
      traffic: [{ revision: OLD, percent: 100, latest: true }],
      images: ["gcr.io/based-hardware/backend:latest"],
      commit: "77aa0042f1e2d3c4b5a697887766554433221100",
      pinned: false,
      restorable: { possible: true, how: `100 % of the traffic to ${OLD} by name` },
    });
    expect(cloudRunPlatform.versionOf(snapshot)).toBe(OLD);
  });

  test("a pin is seen, and a tag is not taken for what serves", async () => {
    cloud = await googleWorld();
    const fresh = deployed();
    cloud.cloudRunState.updateTraffic(KEY, "", [
      { revision: fresh, percent: 0, tag: "candidate" },
      { revision: OLD, percent: 100 },
    ]);
    cloud.pass(5 * SECOND);
    expect(await capture()).toMatchObject({ revision: OLD, newestRevision: fresh, pinned: true });
  });

  test("a split is kept whole and nothing is guessed from it", async () => {
    cloud = await googleWorld();
    const fresh = deployed();
    cloud.cloudRunState.updateTraffic(KEY, "", [
      { revision: OLD, percent: 90 },
      { revision: fresh, percent: 10 },
    ]);
    cloud.pass(5 * SECOND);
    const snapshot = await capture();
    expect(snapshot.revision).toBeUndefined();
    expect(snapshot.restorable).toEqual({ possible: true, how: `the split ${OLD} (90 %), ${fresh} (10 %) by name` });
    expect(await cloudRunPlatform.serving(TARGET, portsOf(cloud), signal)).toBe("mixed");
  });

  test("a service that is being changed cannot be restored from what it shows", async () => {
    cloud = await googleWorld();
    cloud.cloudRunState.deploy(KEY, { image: "i:2" });
    expect((await capture()).restorable).toMatchObject({ possible: false });
  });
});

describe("restore", () => {
  test("traffic goes back by name, tags stay, and it counts only when it is observed", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const bad = deployed();
    cloud.cloudRunState.updateTraffic(KEY, "", [{ percent: 100 }, { revision: OLD, percent: 0, tag: "keep" }]);
    cloud.pass(5 * SECOND);
    const restoration = new Restoration(snapshot, switchTo(bad));
    expect(await restoration.turn()).toMatchObject({ kind: "waiting", for: expect.stringContaining(OLD) });
    expect(cloud.cloudRunState.service(KEY).traffic).toEqual([
      { revision: OLD, percent: 100 },
      { revision: OLD, percent: 0, tag: "keep" },
    ]);
    expect(await restoration.finish()).toEqual({
      kind: "restored",
      serving: OLD,
      remarks: [
        `pinned on purpose to ${OLD}; do not un-pin yet: the newest revision ${bad} is the one that was rolled back`,
      ],
    });
    expect(updates()).toBe(2);
  });

  test("a canary is taken back to the snapshot's vector: its tag goes, or returns to whom it named before", async () => {
    cloud = await googleWorld();
    const stable = deployed();
    cloud.cloudRunState.updateTraffic(KEY, "", [
      { revision: stable, percent: 100 },
      { revision: OLD, percent: 0, tag: "candidate" },
    ]);
    cloud.pass(5 * SECOND);
    const snapshot = await capture();
    const candidate = cloud.cloudRunState.deploy(KEY, { image: "i:3", noTraffic: true });
    cloud.pass(40 * SECOND);
    cloud.cloudRunState.updateTraffic(KEY, "", [
      { revision: stable, percent: 90 },
      { revision: candidate, percent: 10 },
      { revision: candidate, percent: 0, tag: "candidate" },
      { revision: candidate, percent: 0, tag: "next" },
      { revision: OLD, percent: 0, tag: "keep" },
    ]);
    cloud.pass(5 * SECOND);
    const outcome = await new Restoration(snapshot, switchTo(candidate)).finish();
    expect(outcome).toMatchObject({ kind: "restored", serving: stable });
    expect(cloud.cloudRunState.service(KEY).traffic).toEqual([
      { revision: stable, percent: 100 },
      { revision: OLD, percent: 0, tag: "candidate" },
      { revision: OLD, percent: 0, tag: "keep" },
    ]);
  });

  test("a tag of the snapshot that is gone comes back", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const bad = deployed();
    const tagged = {
      ...snapshot,
      traffic: [...snapshot.traffic, { revision: OLD, percent: 0, tag: "t", latest: false }],
    };
    await new Restoration(tagged, switchTo(bad)).finish();
    expect(cloud.cloudRunState.service(KEY).traffic).toContainEqual({ revision: OLD, percent: 0, tag: "t" });
  });

  test("what stood in its way at the time, and does so no longer, is no reason to give up", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const because = `revision ${OLD} is not ready: Unknown`;
    const then = { ...snapshot, restorable: { possible: false, because, mayPass: true } as const };
    const restoration = new Restoration(then, switchTo(deployed()));
    expect(await restoration.finish()).toMatchObject({ kind: "restored", serving: OLD });
  });

  test("a revision that is gone by then is still a refusal, and so is what cannot pass", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const because = "revision backend-00001-old does not exist any more";
    const traffic = [{ revision: "backend-00001-old", percent: 100, latest: false }];
    const gone = { ...snapshot, traffic, restorable: { possible: false, because, mayPass: true } as const };
    const change = switchTo(deployed());
    expect(await new Restoration(gone, change).finish()).toEqual({ kind: "refused", because });
    const lasting = { ...snapshot, restorable: { possible: false, because: "it was split" } as const };
    expect(await new Restoration(lasting, change).finish()).toEqual({ kind: "refused", because: "it was split" });
  });

  test("a split is put back as a split", async () => {
    cloud = await googleWorld();
    const second = deployed();
    const split = [
      { revision: OLD, percent: 90 },
      { revision: second, percent: 10 },
    ];
    cloud.cloudRunState.updateTraffic(KEY, "", split);
    cloud.pass(5 * SECOND);
    const snapshot = await capture();
    cloud.cloudRunState.updateTraffic(KEY, "", [{ revision: second, percent: 100 }]);
    cloud.pass(5 * SECOND);
    expect(await new Restoration(snapshot, switchTo(second)).finish()).toMatchObject({ kind: "restored" });
    expect(cloud.cloudRunState.service(KEY).traffic).toEqual(split);
  });

  test("a service that never switched is left alone", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    expect(await new Restoration(snapshot).turn()).toMatchObject({ kind: "restored", serving: OLD });
    expect(updates()).toBe(0);
  });

  test("a new revision on its way at the time is kept from taking over", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const bad = cloud.cloudRunState.deploy(KEY, { image: "i:2", readyAfterMs: 60_000 });
    expect(await new Restoration(snapshot, switchTo(bad)).finish()).toMatchObject({ kind: "restored", serving: OLD });
    cloud.pass(120 * SECOND);
    expect([...cloud.cloudRunState.servedAt(KEY, cloud.world.now).keys()]).toEqual([OLD]);
  });

  test("somebody else's revision that serves now is not touched", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const ours = deployed();
    const theirs = deployed();
    const outcome = await new Restoration(snapshot, switchTo(ours)).turn();
    expect(outcome).toMatchObject({ kind: "refused", because: expect.stringContaining(theirs) });
    expect(updates()).toBe(0);
  });

  test("a person without a run's switch means whatever serves", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    deployed();
    expect(await new Restoration(snapshot).finish()).toMatchObject({ kind: "restored", serving: OLD });
  });

  test("on a conflict it reads again and decides again", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const bad = deployed();
    cloud.faults.add({ api: "cloud-run", call: "update-traffic", kind: "status", status: 409, times: 1 });
    const restoration = new Restoration(snapshot, switchTo(bad));
    expect(await restoration.turn()).toMatchObject({ kind: "waiting", for: expect.stringContaining("deciding again") });
    expect(await restoration.finish()).toMatchObject({ kind: "restored" });
    expect(updates()).toBe(1);
  });

  test("an answer that was lost is found in the world and not done again", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const bad = deployed();
    cloud.faults.add({ api: "cloud-run", call: "update-traffic", kind: "applied", status: 503, times: 1 });
    const restoration = new Restoration(snapshot, switchTo(bad));
    await expect(restoration.turn()).rejects.toMatchObject({ kind: "unavailable" });
    expect(await restoration.finish()).toMatchObject({ kind: "restored" });
    expect(updates()).toBe(1);
  });

  test("traffic that somebody changed after it was moved back is theirs", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const bad = deployed();
    const restoration = new Restoration(snapshot, switchTo(bad));
    await restoration.turn();
    cloud.cloudRunState.updateTraffic(KEY, "", []);
    cloud.pass(5 * SECOND);
    expect(await restoration.turn()).toMatchObject({
      kind: "refused",
      because: expect.stringContaining("somebody changed it since"),
    });
  });

  test("a failed newest revision does not stand in the way of what serves", async () => {
    cloud = await googleWorld();
    const snapshot = await capture();
    const bad = deployed();
    cloud.cloudRunState.deploy(KEY, { image: "i:3", outcome: "fails" });
    cloud.pass(60 * SECOND);
    expect(await new Restoration(snapshot, switchTo(bad)).finish()).toMatchObject({ kind: "restored", serving: OLD });
  });
});
