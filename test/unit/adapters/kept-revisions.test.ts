import { expect, test } from "vitest";
import { KeptRevisions } from "../../../src/adapters/kept-revisions.ts";
import type { KubernetesTarget } from "../../../src/model/service.ts";
import type { WorkloadRevision } from "../../../src/ports/kubernetes.ts";

const TARGET: KubernetesTarget = {
  platform: "kubernetes",
  project: "p",
  cluster: "c",
  namespace: "n",
  kind: "Deployment",
  name: "web",
};
const WORKLOAD = { uid: "u", generation: 2, observedGeneration: 2, revision: "2" };
const LIST = [{ revision: "2" } as WorkloadRevision];

test("a list that an effect met while it was read is not kept; the next one is", async () => {
  const kept = new KeptRevisions();
  let lists = 0;
  const list = async (): Promise<readonly WorkloadRevision[]> => {
    if (++lists === 1) kept.forget(TARGET);
    return LIST;
  };
  for (const expected of [1, 2, 2]) {
    expect(await kept.of(TARGET, WORKLOAD, list)).toBe(LIST);
    expect(lists).toBe(expected);
  }
});

test("a list that cannot be read keeps nothing", async () => {
  const kept = new KeptRevisions();
  await expect(kept.of(TARGET, WORKLOAD, () => Promise.reject(new Error("503")))).rejects.toThrow("503");
  expect(await kept.of(TARGET, WORKLOAD, async () => LIST)).toBe(LIST);
});
