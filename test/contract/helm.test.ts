import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createHelm } from "../../src/adapters/helm.ts";
import type { Helm } from "../../src/ports/helm.ts";

test("the version, and none where there is no helm", async () => {
  expect(await fakeHelm("echo v3.19.0").helm.version()).toBe("v3.19.0");
  expect(await createHelm({ program: "no-such-helm-here" }).version()).toBeUndefined();
});

test("revisions come oldest first, from the asked context", async () => {
  const revisions = [
    { revision: 4, updated: "2026-04-12T04:00:00Z", status: "deployed", chart: "pusher-1", description: "Upgrade" },
    { revision: 3, updated: "2026-04-01T04:00:00Z", status: "superseded", chart: "pusher-1", description: "Upgrade" },
  ];
  const { helm, args } = fakeHelm(`echo '${JSON.stringify(revisions)}'`);
  expect(await helm.history("pusher", "prod", "gke-prod")).toEqual([
    { revision: 3, status: "superseded", updatedAt: "2026-04-01T04:00:00Z" },
    { revision: 4, status: "deployed", updatedAt: "2026-04-12T04:00:00Z" },
  ]);
  expect(args()).toBe("history --namespace prod --kube-context gke-prod --output json --max 256 -- pusher");
});

test("a rollback names the revision and does not wait", async () => {
  const { helm, args } = fakeHelm("echo 'Rollback was a success! Happy Helming!'");
  await helm.rollback("pusher", "prod", 3);
  expect(args()).toBe("rollback --namespace prod -- pusher 3");
});

test("failures by what helm says", async () => {
  const check = async (stderr: string, kind: string): Promise<void> => {
    const { helm } = fakeHelm(`echo "${stderr}" >&2; exit 1`);
    await expect(helm.rollback("pusher", "prod", 3)).rejects.toMatchObject({ kind });
  };
  await check("Error: release: not found", "not-found");
  await check("Error: release has no 9 version", "not-found");
  await check("Error: another operation (install/upgrade/rollback) is in progress", "conflict");
  await check("Error: secrets is forbidden: User cannot list resource", "unauthorised");
  await check("Error: Kubernetes cluster unreachable: connection refused", "unavailable");
  await expect(fakeHelm("echo nonsense").helm.history("r", "n")).rejects.toMatchObject({ kind: "malformed" });
  await expect(createHelm({ program: "no-such-helm-here" }).history("r", "n")).rejects.toMatchObject({
    kind: "not-found",
  });
});

/** A program in helm's place that keeps its arguments. */
function fakeHelm(script: string): { helm: Helm; args: () => string } {
  const directory = mkdtempSync(join(tmpdir(), "runbook-helm-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const program = join(directory, "helm");
  writeFileSync(program, `#!/bin/sh\necho "$*" > "${directory}/args"\n${script}\n`);
  chmodSync(program, 0o755);
  return { helm: createHelm({ program }), args: () => readFileSync(join(directory, "args"), "utf8").trim() };
}
