import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import { PortFailure } from "../../src/model/error.ts";
import { MINUTE, SECOND } from "../../src/model/time.ts";
import {
  kubernetesWorld,
  type KubernetesWorld,
  NAME,
  NAMESPACE,
  NEW_DIGEST,
  NEW_IMAGE,
  OLD_DIGEST,
  OLD_IMAGE,
  TARGET,
} from "../support/kubernetes-world.ts";

let cloud: KubernetesWorld;
beforeEach(async () => {
  cloud = await kubernetesWorld();
});
afterEach(() => cloud.close());

async function failureOf(call: Promise<unknown>): Promise<PortFailure> {
  const failure = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(PortFailure);
  return failure as PortFailure;
}

describe("reading", () => {
  test("a workload at rest, in the port's words", async () => {
    const workload = await cloud.kubernetes.workload(TARGET);
    expect(workload).toMatchObject({
      revision: "12",
      generation: 12,
      observedGeneration: 12,
      paused: false,
      replicas: { wanted: 27, updated: 27, total: 27, ready: 27, available: 27 },
      maxSurge: "2",
      maxUnavailable: "1",
      progressDeadlineSeconds: 600,
      startupBudgetMs: 630_000,
      selector: `app.kubernetes.io/name=pusher,app.kubernetes.io/instance=${NAME}`,
      images: { pusher: OLD_IMAGE },
      manager: "plain",
    });
    expect(workload.conditions.find(({ type }) => type === "Progressing")?.reason).toBe("NewReplicaSetAvailable");
  });

  test("pods come complete over several pages, with the digest that runs", async () => {
    cloud.state.scale(NAMESPACE, NAME, 300);
    cloud.pass(MINUTE);
    const pods = await cloud.kubernetes.pods(TARGET);
    expect(pods).toHaveLength(300);
    expect(new Set(pods.map(({ uid }) => uid)).size).toBe(300);
    expect(pods.every((pod) => pod.containers[0]?.digest === OLD_DIGEST)).toBe(true);
  });

  test("another workload's pods are not counted, though its labels are a superset", async () => {
    cloud.state.addDeployment({
      ...cloud.state.deployment(NAMESPACE, NAME).options,
      name: "other",
      selector: { app: "other" },
    });
    expect(await cloud.kubernetes.pods(TARGET)).toHaveLength(27);
  });

  test("a roll under way: both ReplicaSets, terminating pods marked, the generation not yet observed", async () => {
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    const before = await cloud.kubernetes.workload(TARGET);
    expect(before.generation).toBe(before.observedGeneration + 1);
    cloud.pass(50 * SECOND);
    const pods = await cloud.kubernetes.pods(TARGET);
    expect(pods.some(({ terminating }) => terminating)).toBe(true);
    const after = await cloud.kubernetes.workload(TARGET);
    const revisions = await cloud.kubernetes.revisions(TARGET, after);
    expect(revisions.map(({ revision }) => revision)).toEqual(["12", "13"]);
    expect(after.replicas.updated).toBeGreaterThan(0);
    expect(after.replicas.updated).toBeLessThan(27);
    expect(after.replicas.available).toBeGreaterThanOrEqual(26);
  });

  test("a crash loop: restarts, the reason, the events, and the dead instance's log", async () => {
    const log = ["Traceback (most recent call last):", "ImportError: cannot import name 'x'"];
    cloud.state.rollout(NAMESPACE, NAME, {
      image: NEW_IMAGE,
      digest: NEW_DIGEST,
      behaviour: { kind: "crash", afterMs: 5_000, reason: "Error", log },
    });
    cloud.pass(20 * SECOND);
    const pod = (await cloud.kubernetes.pods(TARGET)).find(({ ready }) => !ready);
    expect(pod?.containers[0]).toMatchObject({
      restarts: 1,
      waiting: { reason: "CrashLoopBackOff" },
      lastTerminated: { reason: "Error", exitCode: 1 },
    });
    const name = pod?.name ?? "";
    const events = await cloud.kubernetes.events(TARGET, name);
    expect(events.at(-1)?.reason).toBe("BackOff");
    expect(await cloud.kubernetes.podLog(TARGET, name, "pusher", { lines: 2, previous: true })).toEqual(log);
  });

  test("stateful and daemon sets are read with their ControllerRevisions", async () => {
    const meta = { namespace: NAMESPACE, labels: { app: "store" } };
    const owner = [{ apiVersion: "apps/v1", kind: "StatefulSet", name: "store", uid: "sts-1", controller: true }];
    const template = {
      metadata: { labels: { app: "store" } },
      spec: { containers: [{ name: "redis", image: "redis:7" }] },
    };
    cloud.state.addObject("statefulsets", {
      metadata: { ...meta, name: "store", uid: "sts-1", generation: 3, resourceVersion: "7" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "store" } },
        template,
        updateStrategy: { type: "RollingUpdate" },
      },
      status: {
        observedGeneration: 3,
        replicas: 2,
        readyReplicas: 2,
        currentReplicas: 2,
        currentRevision: "store-1",
        updateRevision: "store-1",
      },
    });
    cloud.state.addObject("controllerrevisions", {
      metadata: { ...meta, name: "store-1", creationTimestamp: "2026-04-01T00:00:00Z", ownerReferences: owner },
      revision: 1,
      data: { spec: { template } },
    });
    const target = { ...TARGET, kind: "StatefulSet" as const, name: "store" };
    const workload = await cloud.kubernetes.workload(target);
    expect(workload).toMatchObject({ revision: "store-1", replicas: { wanted: 2, updated: 2 } });
    expect(await cloud.kubernetes.revisions(target, workload)).toMatchObject([
      { templateHash: "store-1", images: { redis: "redis:7" } },
    ]);
  });
});

test("a daemon set's version is its newest ControllerRevision", async () => {
  const labels = { app: "agent" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "agent", image: "agent:2" }] } };
  const ownerReferences = [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "agent", uid: "ds-1", controller: true }];
  cloud.state.addObject("daemonsets", {
    metadata: { namespace: NAMESPACE, name: "agent", uid: "ds-1", generation: 2, resourceVersion: "9" },
    spec: { selector: { matchLabels: labels }, template, updateStrategy: { type: "RollingUpdate" } },
    status: {
      observedGeneration: 2,
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      updatedNumberScheduled: 3,
      numberReady: 3,
      numberAvailable: 3,
    },
  });
  for (const revision of [2, 1]) {
    const hash = `h${revision}`;
    cloud.state.addObject("controllerrevisions", {
      metadata: {
        namespace: NAMESPACE,
        name: `agent-${hash}`,
        labels: { ...labels, "controller-revision-hash": hash },
        creationTimestamp: "2026-04-01T00:00:00Z",
        ownerReferences,
      },
      revision,
      data: { spec: { template } },
    });
  }
  const target = { ...TARGET, kind: "DaemonSet" as const, name: "agent" };
  const workload = await cloud.kubernetes.workload(target);
  expect(workload).toMatchObject({ revision: "agent-h2", replicas: { wanted: 3, updated: 3, available: 3 } });
  expect((await cloud.kubernetes.revisions(target, workload)).map(({ templateHash }) => templateHash)).toEqual([
    "h1",
    "h2",
  ]);
});

describe("restoring a template", () => {
  test("puts back the recorded ReplicaSet's template: the same hash runs again", async () => {
    const [before] = await cloud.kubernetes.revisions(TARGET, await cloud.kubernetes.workload(TARGET));
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    cloud.pass(30 * MINUTE);
    const { resourceVersion, generation } = await cloud.kubernetes.workload(TARGET);
    const request = { resourceVersion, revision: "12", templateHash: before?.templateHash ?? "", images: {} };
    expect(await cloud.kubernetes.restoreTemplate(TARGET, request)).toEqual({ generation: generation + 1 });
    cloud.pass(30 * MINUTE);
    const pods = await cloud.kubernetes.pods(TARGET);
    expect(new Set(pods.map(({ templateHash }) => templateHash))).toEqual(new Set([before?.templateHash]));
    expect(cloud.state.patches).toHaveLength(1);
  });

  test("substitutes images by container", async () => {
    const { resourceVersion } = await cloud.kubernetes.workload(TARGET);
    const image = `gcr.io/based-hardware/pusher@${OLD_DIGEST}`;
    await cloud.kubernetes.restoreTemplate(TARGET, { resourceVersion, revision: "12", images: { pusher: image } });
    expect((await cloud.kubernetes.workload(TARGET)).images).toEqual({ pusher: image });
  });

  test("refuses with a conflict, and changes nothing, when somebody else was there first", async () => {
    const { resourceVersion } = await cloud.kubernetes.workload(TARGET);
    cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
    const failure = await failureOf(
      cloud.kubernetes.restoreTemplate(TARGET, { resourceVersion, revision: "12", images: {} }),
    );
    expect(failure).toMatchObject({ kind: "conflict", applied: "no" });
    expect(cloud.state.patches).toHaveLength(0);
  });

  test("says not-found when the revision is not kept any more", async () => {
    const { resourceVersion } = await cloud.kubernetes.workload(TARGET);
    const failure = await failureOf(
      cloud.kubernetes.restoreTemplate(TARGET, { resourceVersion, revision: "3", images: {} }),
    );
    expect(failure.kind).toBe("not-found");
    expect(failure.message).toContain("revisionHistoryLimit");
  });
});

describe("failures", () => {
  test.each([
    [401, "unauthorised", "no"],
    [403, "unauthorised", "no"],
    [404, "not-found", "no"],
    [409, "conflict", "no"],
    [400, "invalid", "no"],
    [422, "invalid", "no"],
    [429, "rate-limited", "no"],
    [500, "unavailable", "unknown"],
    [503, "unavailable", "unknown"],
  ] as const)("HTTP %i is %s", async (status, kind, applied) => {
    cloud.faults.add({
      api: "kubernetes",
      call: "get-workload",
      kind: "status",
      status,
      retryAfterSeconds: 7,
      times: 1,
    });
    const failure = await failureOf(cloud.kubernetes.workload(TARGET));
    expect(failure).toMatchObject({ kind, applied, retryAfterMs: 7_000 });
    expect(failure.message).toMatch(new RegExp(`^could not read Deployment ${NAMESPACE}/${NAME}: .*${status}$`));
  });

  test("a lost answer to a patch is unknown, and the effect is there", async () => {
    const { resourceVersion } = await cloud.kubernetes.workload(TARGET);
    cloud.faults.add({ api: "kubernetes", call: "patch-workload", kind: "applied", status: 504, times: 1 });
    const request = { resourceVersion, revision: "12", images: { pusher: NEW_IMAGE } };
    expect((await failureOf(cloud.kubernetes.restoreTemplate(TARGET, request))).applied).toBe("unknown");
    expect(cloud.state.patches).toHaveLength(1);
  });

  test("a silent server is a timeout after the bound", async () => {
    cloud.faults.add({ api: "kubernetes", call: "list-pods", kind: "timeout", status: 0, times: 1 });
    const quick = createKubernetes({ server: cloud.url, timeoutMs: 200 });
    expect(await failureOf(quick.pods(TARGET))).toMatchObject({ kind: "timeout", applied: "unknown" });
  });

  test("an interruption ends a read at once", async () => {
    cloud.faults.add({ api: "kubernetes", call: "get-workload", kind: "timeout", status: 0, times: 1 });
    const interrupt = new AbortController();
    const reading = failureOf(cloud.kubernetes.workload(TARGET, interrupt.signal));
    interrupt.abort();
    expect((await reading).kind).toBe("aborted");
  });

  test("nobody listening is unavailable, with the reason", async () => {
    const nobody = createKubernetes({ server: "http://127.0.0.1:9", timeoutMs: 2_000 });
    const failure = await failureOf(nobody.workload(TARGET));
    expect(failure.kind).toBe("unavailable");
    expect(failure.message).not.toContain("fetch failed");
  });

  test("an answer that is no JSON is not read as a workload", async () => {
    const server = createServer((_request, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end("<html>"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const failure = await failureOf(createKubernetes({ server: `http://127.0.0.1:${port}` }).workload(TARGET));
    expect(failure.kind).toBe("malformed");
    server.close();
    server.closeAllConnections();
  });
});

describe("kubeconfig", () => {
  async function kubeconfig(clusters: readonly string[]): Promise<string> {
    const file = join(await mkdtemp(join(tmpdir(), "kubeconfig-")), "config");
    const text = {
      clusters: clusters.map((name) => ({ name, cluster: { server: cloud.url, "insecure-skip-tls-verify": true } })),
      users: [{ name: "u", user: { token: "secret-token" } }],
      contexts: clusters.map((cluster) => ({ name: `${cluster}-context`, context: { cluster, user: "u" } })),
      "current-context": "somewhere-else",
    };
    await writeFile(file, JSON.stringify(text));
    return file;
  }

  test("finds the GKE context by the cluster's name, whatever the current context is", async () => {
    const file = await kubeconfig([
      "gke_based-hardware_us-central1_prod-omi-gke",
      "gke_based-hardware-dev_us-central1_dev-omi-gke",
    ]);
    expect((await createKubernetes({ kubeconfig: file }).workload(TARGET)).replicas.wanted).toBe(27);
  });

  test("takes several files, as KUBECONFIG has them", async () => {
    const files = [await kubeconfig(["gke_p_l_other"]), await kubeconfig(["gke_p_l_prod-omi-gke"])];
    expect((await createKubernetes({ kubeconfig: files.join(":") }).workload(TARGET)).replicas.wanted).toBe(27);
  });

  test.each([
    ["no such context", ["gke_p_l_other"], {}, "unauthorised", "get-credentials prod-omi-gke"],
    ["two candidates", ["gke_p_l_prod-omi-gke", "gke_q_l_prod-omi-gke"], {}, "invalid", "give the service a context"],
    ["a context that is not there", ["gke_p_l_prod-omi-gke"], { context: "nope" }, "unauthorised", '"nope"'],
  ] as const)("%s", async (_what, clusters, target, kind, text) => {
    const failure = await failureOf(
      createKubernetes({ kubeconfig: await kubeconfig(clusters) }).workload({ ...TARGET, ...target }),
    );
    expect(failure.kind).toBe(kind);
    expect(failure.message).toContain(text);
    expect(failure.message).not.toContain("secret-token");
  });

  test("a credential plugin is run once for calls at the same time, and its token is sent", async () => {
    const directory = await mkdtemp(join(tmpdir(), "exec-plugin-"));
    const plugin = join(directory, "plugin");
    const status = { token: "from-the-plugin", expirationTimestamp: "2099-01-01T00:00:00Z" };
    const credential = JSON.stringify({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status,
    });
    await writeFile(plugin, `#!/bin/sh\necho run >> "${directory}/runs"\necho '${credential}'\n`, { mode: 0o755 });
    const sent: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      sent.push(request.headers.authorization);
      response.writeHead(404, { "content-type": "application/json" }).end('{"message":"not here"}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const file = join(directory, "config");
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin, interactiveMode: "Never" };
    const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
    const text = {
      clusters: [{ name: "gke_p_l_prod-omi-gke", cluster }],
      users: [{ name: "u", user: { exec } }],
      contexts: [{ name: "c", context: { cluster: "gke_p_l_prod-omi-gke", user: "u" } }],
    };
    await writeFile(file, JSON.stringify(text));
    const kubernetes = createKubernetes({ kubeconfig: file });
    await Promise.all([1, 2, 3].map(() => failureOf(kubernetes.workload(TARGET))));
    expect(sent).toEqual(Array(3).fill("Bearer from-the-plugin"));
    expect(await readFile(join(directory, "runs"), "utf8")).toBe("run\n");
    server.close();
    server.closeAllConnections();
  });

  test("a missing file is a matter of credentials", async () => {
    expect((await failureOf(createKubernetes({ kubeconfig: "/nonexistent/config" }).workload(TARGET))).kind).toBe(
      "unauthorised",
    );
  });
});
