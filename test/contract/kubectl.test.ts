import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MINUTE } from "../../src/model/time.ts";
import {
  kubernetesWorld,
  type KubernetesWorld,
  NAME,
  NAMESPACE,
  NEW_DIGEST,
  NEW_IMAGE,
} from "../support/kubernetes-world.ts";

function hasKubectl(): boolean {
  try {
    execFileSync("kubectl", ["version", "--client"], { stdio: "ignore", timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

const found = hasKubectl();

describe.skipIf(!found)(
  found ? "kubectl against the simulated cluster" : "SKIPPED: there is no kubectl on this machine",
  () => {
    let cloud: KubernetesWorld;
    const home = mkdtempSync(join(tmpdir(), "kubectl-"));
    beforeEach(async () => {
      cloud = await kubernetesWorld();
    });
    afterEach(() => cloud.close());

    async function kubectl(...args: string[]): Promise<string> {
      const where = ["--server", cloud.url, "--namespace", NAMESPACE, "--cache-dir", join(home, "cache")];
      const env = { PATH: process.env["PATH"], HOME: home, KUBECONFIG: join(home, "none") };
      const { stdout } = await promisify(execFile)("kubectl", [...where, ...args], { env, timeout: 20_000 });
      return stdout;
    }

    test("get pods", async () => {
      const lines = (await kubectl("get", "pods")).trim().split("\n");
      expect(lines[0]).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE$/);
      expect(lines).toHaveLength(28);
      expect(lines[1]).toMatch(new RegExp(`^${NAME}-\\w+-\\w+ +1/1 +Running +0 +168h$`));
    });

    test("get deploy -o json finds the short name", async () => {
      const object = JSON.parse(await kubectl("get", "deploy", NAME, "-o", "json")) as { spec: { replicas: number } };
      expect(object.spec.replicas).toBe(27);
    });

    test("rollout status at rest, and through a watch until the roll is complete", async () => {
      expect(await kubectl("rollout", "status", `deployment/${NAME}`)).toContain("successfully rolled out");
      cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
      cloud.pass(MINUTE);
      let seen = 0;
      const watching = kubectl("rollout", "status", `deployment/${NAME}`);
      // The world moves while kubectl watches: once its watch is open, let the rest of the roll happen.
      const stop = setInterval(() => {
        if (++seen > 3) cloud.pass(5 * MINUTE);
      }, 200);
      const told = await watching;
      clearInterval(stop);
      expect(told).toMatch(/\d+ out of 27 new replicas have been updated/);
      expect(told).toContain("successfully rolled out");
    });

    test("rollout undo brings the old template back", async () => {
      const before = cloud.state.deployment(NAMESPACE, NAME).template;
      cloud.state.rollout(NAMESPACE, NAME, { image: NEW_IMAGE, digest: NEW_DIGEST });
      cloud.pass(30 * MINUTE);
      await kubectl("rollout", "undo", `deployment/${NAME}`);
      cloud.pass(MINUTE);
      expect(cloud.state.deployment(NAMESPACE, NAME).template.spec).toEqual(before.spec);
    });
  },
);
