/** Mutated answers of GitHub and Kubernetes, read by the real clients: a value or a PortFailure, soon, and nothing polluted. */
import { test } from "vitest";
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import { createPullRequests } from "../../src/adapters/pull-requests.ts";
import { createWorkflows } from "../../src/adapters/workflows.ts";
import { type Calls, FUZZ_TIMEOUT_MS, fuzzCalls } from "../support/fuzz-calls.ts";
import { HEAD, MERGE, REPOSITORY, testGitHub } from "../support/github.ts";
import { kubernetesWorld, TARGET } from "../support/kubernetes-world.ts";
import { fuzzCount } from "../support/mutate.ts";
import { mutatingHttp } from "../support/mutating-http.ts";

const COUNT = fuzzCount(600);

test(
  `${COUNT} mutated answers of GitHub and Kubernetes: a value or a PortFailure`,
  { timeout: 3_600_000 },
  async () => {
    const github = await testGitHub();
    const cluster = await kubernetesWorld();
    const [front, clusterFront] = [await mutatingHttp(github.url), await mutatingHttp(cluster.url)];
    const options = { baseUrl: front.url, token: "t", timeoutMs: FUZZ_TIMEOUT_MS };
    const [workflows, pulls] = [createWorkflows(options), createPullRequests(options)];
    const { runId = 0 } = await createWorkflows({ ...options, baseUrl: github.url }).dispatch({
      repository: REPOSITORY,
      file: "pusher.yml",
      ref: "main",
      inputs: { environment: "prod" },
    });
    const kubernetes = createKubernetes({ server: clusterFront.url, timeoutMs: FUZZ_TIMEOUT_MS });
    // Of a workload whose last change is not observed yet no list is kept: every call is a request.
    const unobserved = { ...(await cluster.kubernetes.workload(TARGET)), observedGeneration: 0 };
    const calls: Calls = [
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
      () => kubernetes.revisions(TARGET, unobserved),
      () => kubernetes.pods(TARGET),
    ];
    await fuzzCalls(COUNT, calls, (random) => {
      front.random = random;
      clusterFront.random = random;
    });
    await cluster.close();
  },
);
