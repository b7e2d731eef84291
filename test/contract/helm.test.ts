import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createHelm } from "../../src/adapters/helm.ts";
import type { KubernetesConfig } from "../../src/adapters/kubernetes-config.ts";
import type { KubernetesTarget } from "../../src/model/service.ts";
import type { Helm } from "../../src/ports/helm.ts";
import { gkeWorld } from "../support/gke-world.ts";

const TARGET: KubernetesTarget = {
  platform: "kubernetes",
  project: "p",
  location: "l",
  cluster: "prod",
  namespace: "apps",
  kind: "Deployment",
  name: "pusher",
};

test("the version, and none where there is no helm", async () => {
  expect(await fakeHelm("echo v3.19.0").helm.version()).toBe("v3.19.0");
  expect(await createHelm({}, { program: "no-such-helm-here" }).version()).toBeUndefined();
});

test("revisions come oldest first, from the context of the target's cluster", async () => {
  const revisions = [
    { revision: 4, updated: "2026-04-12T04:00:00Z", status: "deployed", chart: "pusher-1", description: "Upgrade" },
    { revision: 3, updated: "2026-04-01T04:00:00Z", status: "superseded", chart: "pusher-1", description: "Upgrade" },
  ];
  const { helm, args } = fakeHelm(`echo '${JSON.stringify(revisions)}'`);
  expect(await helm.history(TARGET, "pusher")).toEqual([
    { revision: 3, status: "superseded", updatedAt: "2026-04-01T04:00:00Z" },
    { revision: 4, status: "deployed", updatedAt: "2026-04-12T04:00:00Z" },
  ]);
  expect(args()).toBe("history --namespace apps --kube-context prod-context --output json --max 256 -- pusher");
});

test("a rollback names the revision and does not wait", async () => {
  const { helm, args } = fakeHelm("echo 'Rollback was a success! Happy Helming!'");
  await helm.rollback(TARGET, "pusher", 3);
  expect(args()).toBe("rollback --namespace apps --kube-context prod-context -- pusher 3");
});

test("failures by what helm says", async () => {
  const check = async (stderr: string, kind: string): Promise<void> => {
    const { helm } = fakeHelm(`echo "${stderr}" >&2; exit 1`);
    await expect(helm.rollback(TARGET, "pusher", 3)).rejects.toMatchObject({ kind });
  };
  await check("Error: release: not found", "not-found");
  await check("Error: release has no 9 version", "not-found");
  await check("Error: another operation (install/upgrade/rollback) is in progress", "conflict");
  await check("Error: secrets is forbidden: User cannot list resource", "unauthorised");
  await check("Error: Kubernetes cluster unreachable: connection refused", "unavailable");
  await expect(fakeHelm("echo nonsense").helm.history(TARGET, "r")).rejects.toMatchObject({ kind: "malformed" });
  await expect(fakeHelm("", "no-such-helm-here").helm.history(TARGET, "r")).rejects.toMatchObject({
    kind: "not-found",
  });
});

test("without a context helm gets a kubeconfig of its own, which only we may read and which is gone afterwards", async () => {
  const world = await gkeWorld([
    { project: "p", location: "l", name: "prod", endpoint: "35.1.2.3", caCertificate: "Q0E=" },
  ]);
  onTestFinished(() => world.close());
  const gke = { endpoint: world.endpoint, token: async () => "secret-token" };
  const { helm, args, directory } = fakeHelm(
    'stat -c %a "$5" > "$(dirname "$0")/mode"; cat "$5" > "$(dirname "$0")/read"',
    undefined,
    { gke },
  );
  await helm.rollback(TARGET, "pusher", 3);
  const file = /--kubeconfig (\S+)/.exec(args())?.[1] ?? "";
  expect(args()).toBe(`rollback --namespace apps --kubeconfig ${file} -- pusher 3`);
  expect(readFileSync(join(directory, "mode"), "utf8").trim()).toBe("600");
  const read = readFileSync(join(directory, "read"), "utf8");
  expect(read).toContain("https://35.1.2.3");
  expect(read).toContain("secret-token");
  expect(existsSync(file)).toBe(false);
});

/** A program in helm's place that keeps its arguments, and a kubeconfig with a context for the target unless it is found by name. */
function fakeHelm(
  script: string,
  name?: string,
  cluster: KubernetesConfig = {},
): { helm: Helm; args: () => string; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), "runbook-helm-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const program = join(directory, "helm");
  writeFileSync(program, `#!/bin/sh\necho "$*" > "${directory}/args"\n${script}\n`);
  chmodSync(program, 0o755);
  const kubeconfig = join(directory, "kubeconfig");
  const names = cluster.gke === undefined ? "gke_p_l_prod" : "other";
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: names, cluster: { server: "https://127.0.0.1:1" } }],
      users: [],
      contexts: [{ name: "prod-context", context: { cluster: names, user: "" } }],
    }),
  );
  const helm = createHelm({ kubeconfig, ...cluster }, { program: name ?? program });
  return { helm, args: () => readFileSync(join(directory, "args"), "utf8").trim(), directory };
}
