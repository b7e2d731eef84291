/** A simulated GitHub with one repository and two workflows, as contract and step tests want it. */
import { afterAll, afterEach, expect } from "vitest";
import { instant } from "../../src/model/time.ts";
import { Faults } from "../../src/simulator/faults.ts";
import type { WorkflowBehaviour } from "../../src/simulator/github-runs.ts";
import { type GitHubServer, startGitHubServer } from "../../src/simulator/github-server.ts";
import { fullSha, type GitHubOptions, GitHubState } from "../../src/simulator/github-state.ts";
import { GitHubDescription } from "./github-openapi.ts";
import { World } from "../../src/simulator/world.ts";

export const REPOSITORY = "BasedHardware/omi";
export const MERGE = fullSha("9b6168c");
export const HEAD = fullSha("3fabf10");

const BACKEND = `
name: Deploy Backend to Cloud RUN
on:
  workflow_dispatch:
    inputs:
      environment:
        description: Where to
        required: true
        type: choice
        options: [development, prod]
      branch:
        required: true
        default: main
      leftover:
        description: Nobody uses \${{ inputs.environment }} for this any more
jobs:
  deploy:
    environment: \${{ github.event.inputs.environment }}
    steps:
      # inputs.leftover was used here once
      - run: ./deploy.sh \${{ github.event.inputs.branch }}
`;

/** Carries the run's id in its name. */
const PUSHER = `
name: Deploy Pusher
run-name: Deploy pusher (\${{ inputs.runbook_id }})
on: { workflow_dispatch: { inputs: { runbook_id: { required: false }, environment: { required: true } } } }
jobs: { deploy: { steps: [{ run: "deploy \${{ inputs.environment }}" }] } }
`;

/** What every answer of a test's GitHub is held against. */
const described = new GitHubDescription();

/** To be called in a test file: no answer of its tests may differ from GitHub's description. */
export function holdToGitHubsDescription(): void {
  afterEach(() => {
    expect(described.violations.splice(0)).toEqual([]);
  });
  afterAll(() => {
    process.stderr.write(`conformance: ${described.summary()}\n`);
  });
}

export interface TestGitHub {
  readonly world: World;
  readonly state: GitHubState;
  readonly faults: Faults;
  readonly server: GitHubServer;
  readonly url: string;
}

export async function testGitHub(
  options: Partial<GitHubOptions> & { readonly behaviour?: WorkflowBehaviour } = {},
): Promise<TestGitHub> {
  const { behaviour = {}, ...github } = options;
  const world = new World({ now: instant("2026-04-12T04:00:00Z"), seed: 1 });
  const state = new GitHubState(world, { login: "deployer", ...github });
  state.addRepository({
    fullName: REPOSITORY,
    defaultBranch: "main",
    commits: [
      { sha: fullSha("aaaaaaa"), title: "First" },
      { sha: MERGE, title: "Merge pull request #6888\n\nwith a body" },
      { sha: HEAD, title: "One more" },
    ],
    tags: { "v1/2": MERGE },
  });
  state.addWorkflow(REPOSITORY, { file: "gcp_backend.yml", text: BACKEND, behaviour });
  state.addWorkflow(REPOSITORY, { file: "pusher.yml", text: PUSHER, behaviour });
  state.addWorkflow(REPOSITORY, { file: "ci.yml", text: "on: [push]\njobs: {}\n", behaviour });
  state.addPullRequest(REPOSITORY, {
    number: 6888,
    title: "Fix the pusher",
    merged: true,
    mergeCommit: MERGE,
    headSha: fullSha("bbbbbbb"),
  });
  state.addPullRequest(REPOSITORY, { number: 7000, title: "Open", merged: false, headSha: HEAD });
  state.observe = (answer) => described.hold(answer);
  const faults = new Faults();
  const server = await startGitHubServer(state, faults);
  return { world, state, faults, server, url: server.url };
}
