import { describe, expect, test } from "vitest";
import { DAY, HOUR, type Instant, instant, MINUTE, plusMs } from "../../../src/model/time.ts";
import { KubernetesLogs } from "../../../src/simulator/kubernetes-logs.ts";
import { KubernetesState } from "../../../src/simulator/kubernetes-state.ts";
import type { EntryHint, SimulatedEntry } from "../../../src/simulator/log-source.ts";
import { World } from "../../../src/simulator/world.ts";

const START = instant("2026-04-12T04:00:00Z");
const OLD = `sha256:${"a".repeat(64)}`;
const NEW = `sha256:${"b".repeat(64)}`;
const ANY: EntryHint = { resourceLabels: {} };

function cluster(): { world: World; state: KubernetesState; logs: KubernetesLogs } {
  const world = new World({ now: START, seed: 7 });
  const state = new KubernetesState(world);
  const place = {
    project: "p",
    location: "us-central1",
    cluster: "c",
    namespace: "n",
    container: "pusher",
    selector: { app: "pusher" },
  };
  state.addDeployment({ ...place, name: "pusher", image: "pusher:1", digest: OLD, replicas: 3 });
  const logs = new KubernetesLogs(state);
  logs.setVolume("n", "pusher", 20);
  return { world, state, logs };
}

function all(logs: KubernetesLogs, since: Instant, until: Instant, hint = ANY): readonly SimulatedEntry[] {
  return [...logs.entries(since, until, hint)];
}

describe("the normal volume", () => {
  test("is the same in every call, ascending, within the window, and of pods that run then", () => {
    const { state, logs } = cluster();
    const since = plusMs(START, -HOUR);
    const entries = all(logs, since, START);
    expect(entries).toHaveLength(1_200);
    expect(all(logs, since, START)).toEqual(entries);
    const times = entries.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted());
    expect(new Set(entries.map(({ insertId }) => insertId)).size).toBe(1_200);
    const pods = new Set(state.deployment("n", "pusher").pods.map(({ name }) => name));
    expect(new Set(entries.map(({ resource }) => resource.labels["pod_name"]))).toEqual(pods);
  });

  test("a window cut in two gives the same entries as the whole", () => {
    const { logs } = cluster();
    const [since, middle] = [plusMs(START, -10 * MINUTE), plusMs(START, -4.5 * MINUTE)];
    expect([...all(logs, since, middle), ...all(logs, middle, START)]).toEqual(all(logs, since, START));
  });

  test("is not made where the filter cannot match it: 24 h of errors only are cheap and empty", () => {
    const { logs } = cluster();
    expect(all(logs, plusMs(START, -DAY), START, { ...ANY, minSeverity: "ERROR" })).toEqual([]);
    expect(all(logs, plusMs(START, -DAY), START, { ...ANY, resourceType: "cloud_run_revision" })).toEqual([]);
    expect(all(logs, plusMs(START, -DAY), START, { resourceLabels: { cluster_name: "other" } })).toEqual([]);
  });

  test("the past does not change when a rollout replaces the pods", () => {
    const { world, state, logs } = cluster();
    const before = all(logs, plusMs(START, -HOUR), START);
    const hash = state.rollout("n", "pusher", { image: "pusher:2", digest: NEW });
    world.advanceTo(plusMs(START, HOUR));
    expect(all(logs, plusMs(START, -HOUR), START)).toEqual(before);
    const after = all(logs, plusMs(START, HOUR / 2), plusMs(START, HOUR));
    expect(new Set(after.map(({ labels }) => labels?.["k8s-pod/pod-template-hash"]))).toEqual(new Set([hash]));
  });
});

test("errors of a rule: at their rate, on stderr, within their window, only by pods of their digest", () => {
  const { world, state, logs } = cluster();
  logs.addLines({
    namespace: "n",
    name: "pusher",
    digest: NEW,
    until: plusMs(START, 2 * HOUR),
    perHour: 30,
    lines: ["Traceback", "KeyError: 'x'"],
  });
  state.rollout("n", "pusher", { image: "pusher:2", digest: NEW });
  world.advanceTo(plusMs(START, 3 * HOUR));
  const errors = all(logs, plusMs(START, -HOUR), world.now, { ...ANY, minSeverity: "ERROR" });
  expect(errors.length / 2).toBeGreaterThan(40);
  expect(errors.length / 2).toBeLessThan(80);
  expect(errors.every(({ logName, severity }) => logName === "projects/p/logs/stderr" && severity === "ERROR")).toBe(
    true,
  );
  expect(errors.every(({ timestamp }) => timestamp > START && timestamp < plusMs(START, 2 * HOUR))).toBe(true);
});

test("a crash writes its last words, every time, as entries of its pod", () => {
  const { world, state, logs } = cluster();
  state.rollout("n", "pusher", {
    image: "pusher:2",
    digest: NEW,
    behaviour: { kind: "crash", afterMs: 2_000, reason: "Error", log: ["Traceback", "ImportError: no"] },
  });
  world.advanceTo(plusMs(START, 10 * MINUTE));
  const errors = all(logs, START, world.now, { ...ANY, minSeverity: "ERROR" });
  expect(errors).toHaveLength(2 * state.crashes.length);
  expect(errors.length).toBeGreaterThan(8);
  expect(errors[1]?.textPayload).toBe("ImportError: no");
});
