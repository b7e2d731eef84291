import { describe, expect, test } from "vitest";
import { HOUR, instant, MINUTE, plusMs, SECOND } from "../../../src/model/time.ts";
import { activePods } from "../../../src/simulator/kubernetes-controller.ts";
import type { DeploymentOptions, SimulatedDeployment } from "../../../src/simulator/kubernetes-model.ts";
import { applyPatch, PatchRejected } from "../../../src/simulator/kubernetes-patch.ts";
import { parseFieldSelector, parseLabelSelector, SelectorError } from "../../../src/simulator/kubernetes-selector.ts";
import { KubernetesState } from "../../../src/simulator/kubernetes-state.ts";
import { World } from "../../../src/simulator/world.ts";

const START = instant("2026-04-12T04:00:00Z");
const OLD = `sha256:${"a".repeat(64)}`;
const NEW = `sha256:${"b".repeat(64)}`;

function cluster(options: Partial<DeploymentOptions> = {}): {
  world: World;
  state: KubernetesState;
  web: SimulatedDeployment;
} {
  const world = new World({ now: START, seed: 3 });
  const state = new KubernetesState(world);
  const place = {
    project: "p",
    location: "l",
    cluster: "c",
    namespace: "n",
    container: "web",
    selector: { app: "web" },
  };
  const web = state.addDeployment({
    ...place,
    name: "web",
    image: "web:1",
    digest: OLD,
    replicas: 10,
    maxSurge: 2,
    maxUnavailable: 1,
    ...options,
  });
  return { world, state, web };
}

/** Advances in steps and tells every step what it sees. */
function watch(world: World, forMs: number, see: () => void): void {
  for (let passed = 0; passed < forMs; passed += SECOND) {
    world.advanceTo(plusMs(world.now, SECOND));
    see();
  }
}

describe("a rollout", () => {
  test("never has more than wanted + surge pods, nor fewer ready than wanted - unavailable, and completes in waves", () => {
    const { world, state, web } = cluster();
    const hash = state.rollout("n", "web", { image: "web:2", digest: NEW });
    let most = 0;
    let least = Infinity;
    const updated = new Set<number>();
    watch(world, 10 * MINUTE, () => {
      most = Math.max(most, activePods(web).length);
      least = Math.min(least, activePods(web).filter(({ ready }) => ready).length);
      updated.add(activePods(web, hash).length);
    });
    expect([most, least]).toEqual([12, 9]);
    expect([...updated]).toEqual([3, 6, 9, 10]);
    expect(activePods(web).every((pod) => pod.hash === hash && pod.digest === NEW)).toBe(true);
    expect(web.progress).toMatchObject({ reason: "NewReplicaSetAvailable", status: "True" });
  });

  test("of new pods that crash keeps the old ones, and passes its progress deadline", () => {
    const { world, state, web } = cluster();
    state.rollout("n", "web", {
      image: "web:2",
      digest: NEW,
      behaviour: { kind: "crash", afterMs: 1_000, reason: "Error" },
    });
    watch(world, 9 * MINUTE, () => {
      expect(activePods(web).filter(({ ready }) => ready).length).toBeGreaterThanOrEqual(9);
    });
    expect(web.progress.reason).toBe("ReplicaSetUpdated");
    world.advanceTo(plusMs(START, 11 * MINUTE));
    expect(web.progress).toMatchObject({ reason: "ProgressDeadlineExceeded", status: "False" });
  });

  test("an unchanged template is a silent no-op", () => {
    const { world, state, web } = cluster();
    state.rollout("n", "web", { digest: NEW });
    world.advanceTo(plusMs(START, HOUR));
    expect([web.generation, web.replicaSets.length]).toEqual([1, 1]);
    expect(activePods(web).every(({ digest }) => digest === OLD)).toBe(true);
  });

  test("back to a template whose tag has moved brings the bad image again", () => {
    const { world, state, web } = cluster({ image: "web:latest" });
    const before = structuredClone(web.template);
    state.rollout("n", "web", {
      digest: NEW,
      restartOnly: true,
      behaviour: { kind: "crash", afterMs: 1_000, reason: "Error" },
    });
    world.advanceTo(plusMs(START, 2 * MINUTE));
    state.changeSpec(web, { template: before });
    world.advanceTo(plusMs(START, 5 * MINUTE));
    const made = activePods(web).filter(({ createdAt }) => createdAt > START);
    expect(made.length).toBeGreaterThan(0);
    expect(made.every(({ digest, ready }) => digest === NEW && !ready)).toBe(true);
  });

  test("back-off doubles from ten seconds to five minutes", () => {
    const { world, state, web } = cluster({ replicas: 1, maxUnavailable: 0 });
    state.rollout("n", "web", {
      image: "web:2",
      digest: NEW,
      behaviour: { kind: "crash", afterMs: 1_000, reason: "OOMKilled" },
    });
    world.advanceTo(plusMs(START, HOUR));
    const pod = activePods(web).find(({ digest }) => digest === NEW);
    const times = state.crashes.filter((crash) => crash.pod === pod).map(({ at }) => Date.parse(at) / SECOND);
    const gaps = times.slice(1).map((time, index) => Math.round(time - (times[index] ?? 0)));
    expect(gaps.slice(0, 9)).toEqual([1, 11, 21, 41, 81, 161, 301, 301, 301]);
    expect(pod?.lastTerminated).toMatchObject({ reason: "OOMKilled", exitCode: 137 });
  });
});

test("terminating pods linger for their grace period", () => {
  const { world, state, web } = cluster({ graceMs: 120_000 });
  state.scale("n", "web", 4);
  world.advanceTo(plusMs(START, SECOND));
  const going = web.pods.filter(({ deletedAt }) => deletedAt !== undefined);
  expect(going).toHaveLength(6);
  world.advanceTo(plusMs(START, 119 * SECOND));
  expect(going.every(({ goneAt }) => goneAt === undefined)).toBe(true);
  world.advanceTo(plusMs(START, 121 * SECOND));
  expect(going.every(({ goneAt }) => goneAt !== undefined)).toBe(true);
});

test.each([
  ["a=1", { a: "1" }, true],
  ["a=1", { a: "2" }, false],
  ["a==1,b!=2", { a: "1" }, true],
  ["a in (1, 2),c", { a: "2", c: "" }, true],
  ["a notin (1)", {}, true],
  ["!a", { a: "1" }, false],
  ["app.kubernetes.io/name=x", { "app.kubernetes.io/name": "x" }, true],
  ["", { a: "1" }, true],
])("label selector %j on %j is %j", (selector, labels, matches) => {
  expect(parseLabelSelector(selector)(labels as Record<string, string>)).toBe(matches);
});

test.each(["a=1=2", "a in 1", "a>1"])("a label selector that is not understood is refused: %s", (selector) => {
  expect(() => parseLabelSelector(selector)).toThrow(SelectorError);
});

test("so is a field that the API does not select by", () => {
  expect(() => parseFieldSelector("spec.nodeName=x")).toThrow(SelectorError);
  expect(parseFieldSelector("metadata.name=x")({ metadata: { name: "x" } })).toBe(true);
});

describe("patches", () => {
  const target = { metadata: { v: "1" }, spec: { list: [{ name: "a", x: 1 }, { name: "b" }], gone: 1 } };
  test.each([
    [
      "application/json-patch+json",
      [
        { op: "test", path: "/metadata/v", value: "1" },
        { op: "replace", path: "/spec/gone", value: 2 },
      ],
      { list: target.spec.list, gone: 2 },
    ],
    ["application/merge-patch+json", { spec: { gone: null, list: [] } }, { list: [] }],
    [
      "application/strategic-merge-patch+json",
      { spec: { list: [{ name: "a", x: 2 }] } },
      { list: [{ name: "a", x: 2 }, { name: "b" }], gone: 1 },
    ],
  ])("%s", (type, patch, spec) => {
    expect(applyPatch(type, target, patch)).toMatchObject({ spec });
    expect(target.spec.gone).toBe(1);
  });

  test.each([
    [[{ op: "test", path: "/metadata/v", value: "2" }]],
    [[{ op: "replace", path: "/spec/nope", value: 1 }]],
    [[{ op: "move", path: "/spec" }]],
    [{}],
  ])("%j is refused", (patch) => {
    expect(() => applyPatch("application/json-patch+json", target, patch)).toThrow(PatchRejected);
  });
});
