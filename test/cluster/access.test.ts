/** The Role that `runbook doctor --permissions` prints, applied to a real control plane: enough, and no more. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import { createKubernetesAccess } from "../../src/adapters/kubernetes-access.ts";
import { kindOf, platformOf } from "../../src/commands/session.ts";
import { loadRunbook } from "../../src/language/load.ts";
import type { Privileges } from "../../src/model/needs.ts";
import type { Standing } from "../../src/model/standing.ts";
import { kubernetesStanding } from "../../src/planning/kubernetes-standing.ts";
import { privilegesOf } from "../../src/planning/privileges.ts";
import type { Access } from "../../src/ports/access.ts";
import { roleYaml } from "../../src/reporters/permissions-text.ts";
import { allSteps } from "../../src/steps/all-steps.ts";
import { type ControlPlane, findPrograms, startControlPlane } from "./control-plane.ts";
import { registerNodes } from "./kubelet.ts";
import { type LiveCluster, liveCluster } from "./live-cluster.ts";

const programs = findPrograms();
const title = "directory" in programs ? "a real control plane" : `SKIPPED, no real control plane: ${programs.missing}`;
const RBAC = "rbac.authorization.k8s.io";

describe.skipIf("missing" in programs)(title, () => {
  let plane: ControlPlane;
  let kubelets: Awaited<ReturnType<typeof registerNodes>>;
  let cluster: LiveCluster;
  let kubeconfig: string;
  beforeAll(async () => {
    if ("missing" in programs) return;
    plane = await startControlPlane(programs.directory);
    kubelets = await registerNodes(plane);
    cluster = await liveCluster(plane);
    await cluster.create({ name: "web", image: "registry.example/web:1111111", replicas: 1 });
    kubeconfig = await deployer();
  });
  afterAll(async () => {
    await cluster?.close();
    kubelets?.close();
    kubelets?.closeAllConnections();
    await plane?.stop();
  });

  /** A service account without any rights, and a kubeconfig of its own. */
  async function deployer(): Promise<string> {
    const accounts = `/api/v1/namespaces/${cluster.namespace}/serviceaccounts`;
    await cluster.api.post(accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "deployer" } });
    const { status } = await cluster.api.post<{ status: { token: string } }>(`${accounts}/deployer/token`, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {},
    });
    const file = `${plane.kubeconfig}.deployer`;
    const text = await readFile(plane.kubeconfig, "utf8");
    await writeFile(file, text.replaceAll(plane.token, status.token), { mode: 0o600 });
    return file;
  }

  function needed(): Privileges["kubernetes"][number] {
    const { namespace } = cluster;
    const target = `{ project: test, cluster: live, context: gke_test_here_live, namespace: ${namespace}, deployment: web }`;
    const text = `name: demo\nservices:\n  web: { kubernetes: ${target} }\nsteps:\n  - { id: r, uses: rollout-status, services: [web] }\n`;
    const loaded = loadRunbook("r.yaml", text, allSteps);
    if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
    const [first] = privilegesOf(loaded.runbook, { kindOf, platformOf }).kubernetes;
    if (first === undefined) throw new Error("it needs nothing");
    return first;
  }

  function standing(file: string): Promise<Standing> {
    const access = createKubernetesAccess({ kubeconfig: file }) as Access;
    return kubernetesStanding(needed(), { access, servicesOf: () => [], signal: new AbortController().signal });
  }

  const standings = ({ permissions }: Standing): readonly string[] => [
    ...new Set(permissions.map((one) => one.standing)),
  ];

  test("without a Role everything is lacking; with the printed one nothing is, and nothing is too much", async () => {
    expect(standings(await standing(kubeconfig))).toEqual(["lacking"]);

    const role = parseDocument(roleYaml("demo", needed()).join("\n")).toJS() as { metadata: { name: string } };
    const path = `/apis/${RBAC}/v1/namespaces/${cluster.namespace}`;
    await cluster.api.post(`${path}/roles`, role);
    await cluster.api.post(`${path}/rolebindings`, {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name: "deployer" },
      roleRef: { apiGroup: RBAC, kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: "deployer", namespace: cluster.namespace }],
    });
    await expect.poll(async () => standings(await standing(kubeconfig)), { timeout: 20_000 }).toEqual(["granted"]);
    expect((await standing(kubeconfig)).excess).toEqual([]);

    // And it is enough for what the tool does with it.
    const kubernetes = createKubernetes({ kubeconfig });
    const target = cluster.target("web");
    const workload = await kubernetes.workload(target);
    const [revision] = await kubernetes.revisions(target, workload);
    expect((await kubernetes.pods(target)).length).toBe(1);
    await kubernetes.events(target, "web");
    const restored = kubernetes.restoreTemplate(target, {
      resourceVersion: workload.resourceVersion,
      revision: revision?.revision ?? "",
      images: { main: "registry.example/web:2222222" },
    });
    await expect(restored).resolves.toHaveProperty("generation");
  });

  test("an administrator's credentials are too much, and it is told", async () => {
    const { permissions, excess } = await standing(plane.kubeconfig);
    expect([...new Set(permissions.map((one) => one.standing))]).toEqual(["granted"]);
    expect(excess.map(({ may }) => may)).toEqual([
      "everything in the namespace",
      "get secrets",
      "run programs in pods (pods/exec)",
      "delete deployments.apps",
    ]);
  });
});
