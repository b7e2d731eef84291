import { expect, test } from "vitest";
import { sharedReads } from "../../../src/engine/shared-reads.ts";
import { PortFailure } from "../../../src/model/error.ts";
import type { KubernetesTarget } from "../../../src/model/service.ts";
import type { Workload } from "../../../src/ports/kubernetes.ts";
import type { Ports } from "../../../src/ports/ports.ts";

const PUSHER = deployment("pusher");
const LISTEN = deployment("listen");

function deployment(name: string): KubernetesTarget {
  return { platform: "kubernetes", project: "p", cluster: "c", namespace: "n", kind: "Deployment", name };
}

/** A cluster that tells whom it was asked about, and fails as often as it is told. */
function cluster(failures = 0): { readonly ports: Ports; readonly asked: string[] } {
  const asked: string[] = [];
  let left = failures;
  const answer = (what: string) => async (target: KubernetesTarget) => {
    asked.push(`${what} ${target.name}`);
    if (left-- > 0) throw new PortFailure("unavailable", "HTTP 503");
    return [];
  };
  const kubernetes = { pods: answer("pods"), revisions: answer("revisions"), events: answer("events") };
  return { ports: { kubernetes, cloudRun: {} } as unknown as Ports, asked };
}

test("a look reads each thing of each workload once, and the next look reads anew", async () => {
  const { ports, asked } = cluster();
  const look = sharedReads(ports);
  expect(await look.kubernetes.pods(LISTEN)).toBe(await look.kubernetes.pods({ ...LISTEN }));
  const workload = { uid: "1", generation: 1 } as Workload;
  await look.kubernetes.revisions(LISTEN, workload, new AbortController().signal);
  await look.kubernetes.revisions(LISTEN, { ...workload }, new AbortController().signal);
  await look.kubernetes.revisions(LISTEN, { ...workload, generation: 2 });
  await look.kubernetes.pods(PUSHER);
  expect(asked).toEqual(["pods listen", "revisions listen", "revisions listen", "pods pusher"]);
  await sharedReads(ports).kubernetes.pods(LISTEN);
  expect(asked.at(-1)).toBe("pods listen");
});

test("what is asked about a thing by name is asked each time", async () => {
  const { ports, asked } = cluster();
  const look = sharedReads(ports);
  await look.kubernetes.events(LISTEN, "pod-1");
  await look.kubernetes.events(LISTEN, "pod-2");
  expect(asked).toEqual(["events listen", "events listen"]);
});

test("a failure is not kept", async () => {
  const { ports, asked } = cluster(1);
  const look = sharedReads(ports);
  await expect(look.kubernetes.pods(LISTEN)).rejects.toThrow("HTTP 503");
  expect(await look.kubernetes.pods(LISTEN)).toEqual([]);
  expect(asked).toHaveLength(2);
});
