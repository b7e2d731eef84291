/** Mutated answers of the simulator's APIs, read by the real clients: a value or a PortFailure, soon, and nothing polluted. */
import { request } from "node:http";
import { expect, test } from "vitest";
import { createKubernetes } from "../../src/adapters/kubernetes.ts";
import { createPullRequests } from "../../src/adapters/pull-requests.ts";
import { createWorkflows } from "../../src/adapters/workflows.ts";
import { PortFailure } from "../../src/model/error.ts";
import { HEAD, MERGE, REPOSITORY, testGitHub } from "../support/github.ts";
import { httpServer } from "../support/http-server.ts";
import { kubernetesWorld, TARGET } from "../support/kubernetes-world.ts";
import { fuzzCount, isPolluted, mutatedJson, mutatedText, oneOf, seeded } from "../support/mutate.ts";

const COUNT = fuzzCount(600);

interface Recorded {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** In front of a simulator: records its answers first, then gives them changed. */
async function mutating(target: string): Promise<{ url: string; random: (() => number) | undefined }> {
  const known = new Map<string, Recorded>();
  const state: { url: string; random: (() => number) | undefined } = { url: "", random: undefined };
  const { url } = await httpServer((incoming, response) => {
    void (async () => {
      const path = incoming.url ?? "/";
      const recorded = known.get(path) ?? (await recordedFrom(target, path, incoming.headers));
      if (state.random === undefined) known.set(path, recorded);
      const { status, type, body } = state.random === undefined ? recorded : changed(recorded, state.random);
      response.writeHead(status, { "content-type": type }).end(body);
    })();
  });
  state.url = url;
  return state;
}

function recordedFrom(target: string, path: string, headers: object): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, target), { headers: { ...headers, host: new URL(target).host } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode ?? 500, type: answer.headers["content-type"] ?? "application/json", body });
      });
    });
    sent.on("error", reject).end();
  });
}

function changed({ status, type, body }: Recorded, random: () => number): Recorded {
  const act = random();
  if (act < 0.05) return { status: oneOf(random, [200, 204, 301, 400, 404, 409, 422, 429, 500, 503]), type, body };
  if (act < 0.1) return { status, type: oneOf(random, ["text/html", "application/octet-stream", "x"]), body };
  if (act < 0.3 || !/^[[{]/.test(body))
    return { status, type, body: mutatedText(body, random, ['"', "{", "]", "null"]) };
  return { status, type, body: mutatedJson(body, random) };
}

test(
  `${COUNT} mutated answers of GitHub and Kubernetes: a value or a PortFailure`,
  { timeout: 3_600_000 },
  async () => {
    const github = await testGitHub();
    const cluster = await kubernetesWorld();
    const [front, clusterFront] = [await mutating(github.url), await mutating(cluster.url)];
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
