/** Every message of the simulated Google Cloud is one of the published protocols: nothing of it is silently left out as it is written. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { createGkeClusters } from "../../src/adapters/gke-cluster.ts";
import { MINUTE, plusMs } from "../../src/model/time.ts";
import type { Observe } from "../../src/simulator/grpc-api.ts";
import { gkeWorld } from "../support/gke-world.ts";
import { GoogleDescription } from "../support/google-protos.ts";
import { googleWorld, KEY, START, TARGET } from "../support/google-world.ts";
import { SLOW_MS, startJourney } from "../support/journey.ts";

const told: string[] = [];
afterAll(() => {
  process.stderr.write(["", ...told, ""].join("\n"));
});

describe("the description itself", () => {
  const at = { seconds: "1", nanos: 0 };
  test.each([
    ["an unknown field", { etag: "e", labelz: {} }, /\.labelz: .*Service has no such field/],
    ["an unknown field far below", { template: { containers: [{ image: "i", immage: "j" }] } }, /\[0\]\.immage/],
    ["an unknown value of an enum", { conditions: [{ type: "Ready", state: "CONDITION_FINE" }] }, /is no .*State/],
    ["a wrong type", { reconciling: "no" }, /"no" is no bool/],
    ["a text for a time", { updateTime: "2026-04-12T04:00:00Z" }, /no Timestamp/],
    ["a fraction for a whole number", { traffic: [{ percent: 33.3 }] }, /33.3 is no int32/],
    [
      "two of a union",
      { conditions: [{ reason: "UNKNOWN", revisionReason: "PENDING" }] },
      /2 fields of the union reasons/,
    ],
    ["one for a list", { traffic: { percent: 100 } }, /no list/],
  ])("refuses %s", (_what, wrong, words) => {
    const description = new GoogleDescription();
    const message = { name: "n", updateTime: at, ...wrong };
    description.hold({ client: "run", path: "/google.cloud.run.v2.Services/GetService", message });
    expect(description.violations).toEqual([expect.stringMatching(words)]);
  });

  test("refuses a call that is not published, and takes a good message", () => {
    const description = new GoogleDescription();
    const message = { name: "n", generation: "7", updateTime: at, labels: { a: "b" }, traffic: [{ percent: 100 }] };
    description.hold({ client: "run", path: "/google.cloud.run.v2.Services/Getservice", message });
    expect(description.violations).toHaveLength(1);
    description.hold({ client: "run", path: "/google.cloud.run.v2.Services/GetService", message });
    expect(description.violations).toHaveLength(1);
  });
});

/** Every call once, in several states of what it tells. */
async function askEverything(observe: Observe): Promise<void> {
  const cloud = await googleWorld({ observe });
  const { cloudRun, cloudRunJobs, logs, metrics, cloudRunState } = cloud;
  const job = { platform: "cloud-run-job", project: "shop", region: "europe-west1", job: "migrate" } as const;
  const key = cloud.jobs.addJob({ ...job, name: "migrate", image: "i", commit: "77aa004", updatedAt: START });
  const ask = async (revision: string, execution: string): Promise<void> => {
    await cloudRun.service(TARGET);
    await cloudRun.revision(TARGET, revision);
    await cloudRunJobs.job(job);
    await cloudRunJobs.execution(job, execution);
  };
  for (const outcome of ["ready", "fails"] as const) {
    const revision = cloudRunState.deploy(KEY, {
      image: "i",
      outcome,
      reason: "HEALTH_CHECK_CONTAINER_ERROR",
      log: ["x"],
    });
    const execution = cloud.jobs.execute(key, outcome === "fails" ? { failedTasks: 1, log: ["x"] } : {});
    await ask(revision, execution);
    cloud.pass(2 * MINUTE);
    await ask(revision, execution);
    const { etag } = await cloudRun.service(TARGET);
    await cloudRun.setTraffic(TARGET, etag, [
      { revision, percent: 100, latest: false },
      { revision, percent: 0, latest: false, tag: "blue" },
    ]);
  }
  const cancelled = cloud.jobs.execute(key, { cancelled: true });
  cloud.pass(10 * MINUTE);
  await ask([...cloudRunState.service(KEY).revisions.keys()].at(-1) ?? "", cancelled);
  const until = plusMs(START, 8 * MINUTE);
  for (const log of ["requests", "application", "output"] as const) {
    await logs.page({ target: TARGET, log, since: START, until });
    await logs.tail({ target: TARGET, log, since: START, until }, 5);
  }
  await logs.tail({ target: job, log: "output", since: START, until }, 5);
  await metrics.requestCounts(TARGET, START, until);
  await metrics.latencyP95(TARGET, START, until);
  await cloud.close();

  const place = { project: "based-hardware", location: "us-central1" };
  const dns = { endpoint: "gke-1.us-central1.gke.goog", allowExternalTraffic: true };
  const plain = { ...place, name: "prod", endpoint: "10.0.0.1", caCertificate: "Y2E=" };
  const gke = await gkeWorld([plain, { ...plain, name: "dns", dns }], observe);
  const clusters = createGkeClusters({ endpoint: gke.endpoint, timeoutMs: 5_000 });
  const workload = {
    platform: "kubernetes",
    namespace: "n",
    kind: "Deployment",
    name: "d",
    project: place.project,
  } as const;
  await clusters.find({ ...workload, cluster: "prod", location: place.location });
  await clusters.find({ ...workload, cluster: "dns" });
  gke.close();
}

/** The calls that the simulator's sources offer. */
function offered(): readonly string[] {
  const servers = [
    "cloud-run-server",
    "cloud-run-jobs-server",
    "logging-server",
    "monitoring-server",
    "container-server",
  ];
  const texts = servers.map((name) => readFileSync(new URL(`../../src/simulator/${name}.ts`, import.meta.url), "utf8"));
  return texts.flatMap((text) =>
    text
      .split("serviceDefinition(")
      .slice(1)
      .flatMap((part) => {
        const service = /^"\w+", "([\w.]+)"/.exec(part)?.[1] ?? "";
        return [...part.matchAll(/^ {4}(\w+): answering/gm)].map(([, call = ""]) => `/${service}/${call}`);
      }),
  );
}

test("every call that the simulator offers", async () => {
  const description = new GoogleDescription();
  await askEverything((answer) => description.hold(answer));
  told.push(`conformance, Google, every call: ${description.summary()}`);
  expect(description.violations).toEqual([]);
  expect([...description.held.keys()].sort()).toEqual([...offered()].sort());
});

test.each([
  ["backend-prod", "seed"],
  ["cloud-run-canary", "canary-fails-at-10-percent"],
])(
  "a whole deploy of %s (%s)",
  async (runbook, scenario) => {
    const description = new GoogleDescription();
    const journey = await startJourney({ runbook, scenario });
    journey.cloud.google.observe = (answer) => description.hold(answer);
    await journey.run("deploy", runbook, "--yes", "--pr", "6888");
    await journey.close();
    told.push(`conformance, Google, ${runbook} (${scenario}): ${description.summary()}`);
    expect(description.violations).toEqual([]);
    expect(description.fields).toBeGreaterThan(1_000);
  },
  SLOW_MS,
);
