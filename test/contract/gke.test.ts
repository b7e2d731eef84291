import { afterEach, beforeEach, expect, test } from "vitest";
import { createGkeClusters } from "../../src/adapters/gke-cluster.ts";
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import type { KubernetesTarget } from "../../src/model/service.ts";
import { gkeWorld, type GkeWorld } from "../support/gke-world.ts";

const PLACE = { project: "p", location: "us-central1", endpoint: "35.1.2.3", caCertificate: "Q0E=" } as const;
const TARGET: KubernetesTarget = {
  platform: "kubernetes",
  project: "p",
  location: "us-central1",
  cluster: "prod",
  namespace: "apps",
  kind: "Deployment",
  name: "web",
};
const token = async () => "secret-token";

let gke: GkeWorld;
beforeEach(async () => {
  gke = await gkeWorld([
    { ...PLACE, name: "prod" },
    { ...PLACE, name: "private", dns: { endpoint: "gke-1.us-central1.gke.goog", allowExternalTraffic: true } },
    { ...PLACE, name: "closed", dns: { endpoint: "gke-2.us-central1.gke.goog", allowExternalTraffic: false } },
    { ...PLACE, name: "twice" },
    { ...PLACE, name: "twice", location: "europe-west1" },
    { ...PLACE, name: "unborn", endpoint: "", caCertificate: "" },
  ]);
});
afterEach(() => gke.close());

const find = (target: Partial<KubernetesTarget>) =>
  createGkeClusters({ endpoint: gke.endpoint, token }).find({ ...TARGET, ...target });
/** Anywhere in the project. */
const anywhere = (cluster: string) => {
  const { location: _, ...target } = { ...TARGET, cluster };
  return createGkeClusters({ endpoint: gke.endpoint, token }).find(target);
};

test("by project, location and name: its address with its own authority", async () => {
  expect(await find({})).toEqual({ server: "https://35.1.2.3", caData: "Q0E=" });
});

test("by its DNS name where that is open to the outside, with public authorities", async () => {
  expect(await find({ cluster: "private" })).toEqual({ server: "https://gke-1.us-central1.gke.goog" });
  expect(await find({ cluster: "closed" })).toEqual({ server: "https://35.1.2.3", caData: "Q0E=" });
});

test("without a location it is looked for in the whole project", async () => {
  expect(await anywhere("prod")).toEqual({ server: "https://35.1.2.3", caData: "Q0E=" });
  await expect(anywhere("nope")).rejects.toMatchObject({
    kind: "not-found",
    message: expect.stringMatching(/none of that name in p/) as string,
  });
  await expect(anywhere("twice")).rejects.toMatchObject({
    kind: "invalid",
    message: expect.stringMatching(/us-central1 and europe-west1: give the service a location/) as string,
  });
});

test("what is not there, and what has no address yet", async () => {
  await expect(find({ cluster: "nope" })).rejects.toMatchObject({ kind: "not-found" });
  await expect(find({ cluster: "unborn" })).rejects.toMatchObject({ kind: "malformed" });
});

test("who may not ask is told of both ways: a context, and the right to ask", async () => {
  gke.faults.add({ api: "kubernetes", call: "get-cluster", kind: "status", status: 403, times: 1 });
  const kubernetes = createKubernetes({
    kubeconfig: "/dev/null",
    gke: { endpoint: gke.endpoint, token },
  });
  await expect(kubernetes.workload(TARGET)).rejects.toMatchObject({
    kind: "unauthorised",
    message:
      /no context for the cluster prod; run: gcloud .*; nor could it be found by its name: GKE cluster prod: planned/,
  });
});
