/**
 * How long before `kubectl rollout status` a crash loop is called a failure: both watch one rollout of a real control plane whose
 * kubelets are played. Without one: the simulated cluster, and when its progress deadline would have ended kubectl. Judges nothing.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { instant, msBetween, msOf } from "../src/model/time.ts";
import { rolloutStatus } from "../src/steps/rollout-status.ts";
import { type ControlPlane, findPrograms, startControlPlane } from "../test/cluster/control-plane.ts";
import { registerNodes } from "../test/cluster/kubelet.ts";
import { liveCluster } from "../test/cluster/live-cluster.ts";
import { simulatedCluster } from "../test/contract/simulated-cluster.ts";
import { runStep, snapshotOf, type StepCluster } from "../test/support/kubernetes-steps.ts";

const OLD = "registry.example/web:1111111";
const NEW = "registry.example/web:2222222";
const REPLICAS = 3;

const { values } = parseArgs({ options: { "progress-deadline": { type: "string", default: "60" } } });
const progressDeadlineSeconds = Number(values["progress-deadline"]);

interface Measured {
  readonly place: string;
  /** Since the first crash-looping pod. */
  readonly oursMs: number;
  readonly kubectlMs: number;
  readonly said: string;
}

async function onControlPlane(directory: string): Promise<Measured> {
  const plane = await startControlPlane(directory);
  const kubelets = await registerNodes(plane);
  try {
    return await measure(plane);
  } finally {
    kubelets.close();
    kubelets.closeAllConnections();
    await plane.stop();
  }
}

async function measure(plane: ControlPlane): Promise<Measured> {
  const cluster = await liveCluster(plane);
  await cluster.create({ name: "web", image: OLD, replicas: REPLICAS, progressDeadlineSeconds });
  const target = cluster.target("web");
  const before = await snapshotOf(cluster, target);
  cluster.behave(NEW, "crash");
  await cluster.change("web", { image: NEW });

  const ticking = setInterval(() => void cluster.kubelet.tick().catch(() => undefined), 200);
  const waiting: StepCluster = {
    kubernetes: cluster.kubernetes,
    world: cluster.world,
    waitUntil: (at) => new Promise((resolve) => setTimeout(resolve, Math.max(0, msOf(at) - Date.now()))),
  };
  const kubectl = spawn(
    "kubectl",
    ["--kubeconfig", plane.kubeconfig, "--namespace", cluster.namespace, "rollout", "status", "deployment/web"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  kubectl.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  const kubectlEnds = once(kubectl, "exit").then(() => Date.now());
  const weEnd = runStep(waiting, rolloutStatus, {}, [{ name: "web", target, before }]).then(({ outcome }) => {
    if (!("verdict" in outcome) || outcome.verdict !== "fail") throw new Error(`not a failure: ${outcome.kind}`);
    return Date.now();
  });
  const [ours, theirs] = await Promise.all([weEnd, kubectlEnds]);
  clearInterval(ticking);
  const first = cluster.kubelet.firstCrashLoopAt ?? Number.NaN;
  await cluster.close();
  const place = "a real control plane, kubelets played";
  return { place, oursMs: ours - first, kubectlMs: theirs - first, said: said.trim().split("\n").at(-1) ?? "" };
}

/** Time there is the world's; kubectl would end when it sees the deadline's condition. */
async function onSimulator(why: string): Promise<Measured> {
  const cluster = await simulatedCluster();
  await cluster.create({ name: "web", image: OLD, replicas: REPLICAS, progressDeadlineSeconds });
  const target = cluster.target("web");
  const before = await snapshotOf(cluster, target);
  cluster.behave(NEW, "crash");
  await cluster.change("web", { image: NEW });
  const { outcome } = await runStep(cluster, rolloutStatus, {}, [{ name: "web", target, before }]);
  if (!("verdict" in outcome)) throw new Error(`not a failure: ${outcome.kind}`);
  const failedAt = cluster.world.now;
  const [pod] = (await cluster.kubernetes.pods(target)).filter(({ ready }) => !ready);
  const first = pod?.containers[0]?.lastTerminated?.finishedAt ?? failedAt;
  for (;;) {
    const { conditions } = await cluster.kubernetes.workload(target);
    const exceeded = conditions.find(({ reason }) => reason === "ProgressDeadlineExceeded");
    if (exceeded?.lastUpdateAt !== undefined) {
      await cluster.close();
      const place = `the simulated cluster, because ${why}`;
      const kubectlMs = msBetween(first, exceeded.lastUpdateAt);
      return {
        place,
        oursMs: msBetween(first, failedAt),
        kubectlMs,
        said: "(not run: its algorithm on the same conditions)",
      };
    }
    await cluster.waitUntil(instant(msOf(cluster.world.now) + 1_000));
  }
}

const programs = findPrograms();
const measured =
  "directory" in programs ? await onControlPlane(programs.directory) : await onSimulator(programs.missing);
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
process.stdout.write(
  [
    `on ${measured.place}; progressDeadlineSeconds ${progressDeadlineSeconds}; since the first crash-looping new pod:`,
    `  rollout-status          fails after ${seconds(measured.oursMs)}`,
    `  kubectl rollout status  fails after ${seconds(measured.kubectlMs)}  ${measured.said}`,
    `  lead                    ${seconds(measured.kubectlMs - measured.oursMs)}`,
    "",
  ].join("\n"),
);
