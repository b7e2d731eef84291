/** Mutated answers of Cloud Run, Logging, Monitoring and Cloud Storage, read by the real clients: a value or a PortFailure, soon. */
import { test } from "vitest";
import { createCloudRun } from "../../src/adapters/cloud-run.ts";
import { createCloudRunJobs } from "../../src/adapters/cloud-run-jobs.ts";
import { createLogs } from "../../src/adapters/logs.ts";
import { createMetrics } from "../../src/adapters/metrics.ts";
import { createObjects } from "../../src/adapters/objects.ts";
import { MINUTE, plusMs } from "../../src/model/time.ts";
import { googleWorld, OLD, START, TARGET } from "../support/google-world.ts";
import { type Calls, FUZZ_TIMEOUT_MS, fuzzCalls } from "../support/fuzz-calls.ts";
import { fuzzCount } from "../support/mutate.ts";
import { mutatingGrpc } from "../support/mutating-grpc.ts";
import { mutatingHttp } from "../support/mutating-http.ts";
import { testBucket } from "../support/storage.ts";

const COUNT = fuzzCount(600);
const JOB = { platform: "cloud-run-job", project: "shop", region: "europe-west1", job: "migrate" } as const;

test(
  `${COUNT} mutated answers of Cloud Run, Logging, Monitoring and Cloud Storage: a value or a PortFailure`,
  { timeout: 3_600_000 },
  async () => {
    const cloud = await googleWorld();
    cloud.jobs.addJob({ ...JOB, name: JOB.job, image: "gcr.io/shop/migrate:1", commit: "77aa004", updatedAt: START });
    const execution = cloud.jobs.execute(`${JOB.project}/${JOB.region}/${JOB.job}`, { tasks: 3, failedTasks: 1 });
    cloud.pass(20 * MINUTE);
    const bucket = await testBucket();
    await bucket.objects().put("runs/a.json", Buffer.from('{"seq":1,"type":"run-planned"}'));
    const grpc = await mutatingGrpc(cloud.endpoint, [
      ["run", "google.cloud.run.v2.Services"],
      ["run", "google.cloud.run.v2.Revisions"],
      ["run", "google.cloud.run.v2.Jobs"],
      ["run", "google.cloud.run.v2.Executions"],
      ["logging", "google.logging.v2.LoggingServiceV2"],
      ["monitoring", "google.monitoring.v3.MetricService"],
    ]);
    const storage = await mutatingHttp(bucket.endpoint);
    const config = { endpoint: grpc.endpoint, timeoutMs: FUZZ_TIMEOUT_MS };
    const [run, jobs, logs, metrics] = [
      createCloudRun(config),
      createCloudRunJobs(config),
      createLogs(config),
      createMetrics(config),
    ];
    const objects = createObjects({
      bucket: "state",
      prefix: "team/runbook",
      endpoint: storage.url,
      timeoutMs: FUZZ_TIMEOUT_MS,
    });
    const span = { since: START, until: plusMs(START, 15 * MINUTE) };
    const application = { target: TARGET, log: "application", ...span } as const;
    const query = { project: TARGET.project, filter: REQUESTS, ...span, aligner: "delta", reducer: "sum" } as const;
    const calls: Calls = [
      () => run.service(TARGET),
      () => run.revision(TARGET, OLD),
      () => jobs.job(JOB),
      () => jobs.execution(JOB, execution),
      () => logs.page({ target: TARGET, log: "requests", ...span }),
      () => logs.page(application),
      async () => logs.together?.([application, { ...application, target: { ...TARGET, service: "other" } }]),
      () => logs.tail({ target: TARGET, log: "output", ...span }, 8),
      () => metrics.query(query),
      () => metrics.requestCounts(TARGET, span.since, span.until),
      () => metrics.latencyP95(TARGET, span.since, span.until),
      async () => metrics.requestCountsTogether?.([TARGET, { ...TARGET, service: "other" }], span.since, span.until),
      async () =>
        metrics.latencyP95Together?.(
          [{ target: TARGET }, { target: { ...TARGET, service: "other" } }],
          span.since,
          span.until,
        ),
      () => objects.get("runs/a.json"),
      () => objects.list("runs/"),
      () => objects.put("runs/b.json", Buffer.from("{}"), "absent"),
    ];
    await fuzzCalls(COUNT, calls, (random) => {
      grpc.random = random;
      storage.random = random;
    });
    await cloud.close();
  },
);

const REQUESTS = 'metric.type="run.googleapis.com/request_count" AND resource.labels.service_name="backend"';
