/** Mutated answers of GitHub and Kubernetes, read by the real clients: a value or a PortFailure, soon, and nothing polluted. */
import { expect, test } from "vitest";
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import { createPullRequests } from "../../src/adapters/pull-requests.ts";
import { createWorkflows } from "../../src/adapters/workflows.ts";
import { PortFailure } from "../../src/model/error.ts";
import { HEAD, MERGE, REPOSITORY, testGitHub } from "../support/github.ts";
import { kubernetesWorld, TARGET } from "../support/kubernetes-world.ts";
import { fuzzCount, isPolluted, oneOf, seeded } from "../support/mutate.ts";
import { mutatingHttp } from "../support/mutating-http.ts";

const COUNT = fuzzCount(600);

test(
  `${COUNT} mutated answers of GitHub and Kubernetes: a value or a PortFailure`,
  { timeout: 3_600_000 },
  async () => {
    const github = await testGitHub();
    const cluster = await kubernetesWorld();
    const [front, clusterFront] = [await mutatingHttp(github.url), await mutatingHttp(cluster.url)];
    const options = { baseUrl: front.url, token: "t", timeoutMs: 10_000 };
    const [workflows, pulls] = [createWorkflows(options), createPullRequests(options)];
    const { runId = 0 } = await createWorkflows({ ...options, baseUrl: github.url }).dispatch({
      repository: REPOSITORY,
      file: "pusher.yml",
      ref: "main",
      inputs: { environment: "prod" },
    });
    const kubernetes = createKubernetes({ server: clusterFront.url, timeoutMs: 10_000 });
    const calls: readonly [() => Promise<unknown>, ...(() => Promise<unknown>)[]] = [
      () => workflows.viewer(),
      () => workflows.definition(REPOSITORY, "gcp_backend.yml", "main"),
      () => workflows.run(REPOSITORY, runId),
      () => workflows.jobs(REPOSITORY, runId),
      () => workflows.pendingApprovals(REPOSITORY, runId),
      () => pulls.get(REPOSITORY, 6888),
      () => pulls.ofCommit(REPOSITORY, MERGE),
      () => pulls.findComments(REPOSITORY, 6888, "<!-- x -->"),
      () => pulls.compare(REPOSITORY, MERGE, HEAD),
      () => kubernetes.workload(TARGET),
      () => kubernetes.revisions(TARGET),
      () => kubernetes.pods(TARGET),
    ];
    for (const call of calls) await call();
    let failures = 0;
    for (let seed = 1; seed <= COUNT; seed++) {
      const random = seeded(seed);
      front.random = random;
      clusterFront.random = random;
      const error = await oneOf(random, calls)().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) continue;
      failures++;
      if (!(error instanceof PortFailure))
        expect.fail(`seed ${seed}: ${error instanceof Error ? error.stack : JSON.stringify(error)}`);
      if (error.kind === "timeout") expect.fail(`seed ${seed}: ${error.message}`);
    }
    expect(isPolluted()).toBe(false);
    process.stderr.write(`${COUNT} answers: ${failures} port failures, ${COUNT - failures} values\n`);
    await cluster.close();
  },
);
