/** What a deploy brings besides the pull request that it reports to: told on the terminal, in the comment and on the page. */
import { afterEach, describe, expect, it } from "vitest";
import { progressOf } from "../../src/model/progress.ts";
import type { Scenario } from "../../src/rehearsal/scenario.ts";
import { fullSha } from "../../src/simulator/github-state.ts";
import { type Journey, SLOW_MS, startJourney } from "../support/journey.ts";

const REPOSITORY = "BasedHardware/omi";

let journey: Journey;
afterEach(() => journey.close());

/** Four commits since the last deploy: of two other pull requests, of ours, and one that nobody reviewed. */
async function start(): Promise<void> {
  const change = (scenario: Scenario): Scenario => ({
    ...scenario,
    commits: [
      { sha: "4be0d17", title: "Cache conversation summaries" },
      { sha: "5d1c2b3", title: "Retry uploads (#6870)" },
      { sha: "6e2d3c4", title: "Fix a typo" },
      { sha: "7f3e4d5", title: "Shard the pusher (#6881)" },
      { sha: "9b6168c", title: "Load language models on first use" },
    ],
  });
  journey = await startJourney({ scenario: "good-day", change });
  const { github } = journey.cloud;
  const pull = { merged: true, headSha: fullSha("aaaaaaa") };
  github.addPullRequest(REPOSITORY, { ...pull, number: 6870, title: "Retry uploads", mergeCommit: fullSha("5d1c2b3") });
  github.addPullRequest(REPOSITORY, {
    ...pull,
    number: 6881,
    title: "Shard the pusher, thanks @someone",
    mergeCommit: fullSha("7f3e4d5"),
  });
  // Open, and its branch happens to end at a commit of the range: it did not bring it.
  github.addPullRequest(REPOSITORY, { number: 6890, title: "Not merged", merged: false, headSha: fullSha("6e2d3c4") });
}

const asked = (): number => journey.cloud.github.requests.get("list-commit-pulls")?.total ?? 0;

describe("the commits of a deploy", { timeout: SLOW_MS }, () => {
  it("their merged pull requests are named, ours apart, and asked for once for all services", async () => {
    await start();
    const { code, stdout } = await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /deployed 4be0d17\.\.9b6168c \(ahead, 4 commits\); brings #6881, #6870 too; contains the merge commit/,
    );
    const comment = journey.comments("checkpoint").join("\n");
    expect(comment).toContain(
      "Besides this pull request they bring `#6881` Shard the pusher, thanks @\u200bsomeone and `#6870` Retry uploads.",
    );
    expect(comment).not.toContain("6890");
    const { commits } = progressOf(await journey.events());
    expect(Object.values(commits).map(({ pulls }) => pulls?.map(({ number }) => number))).toContainEqual([
      6888, 6881, 6870,
    ]);
    expect(asked()).toBe(8);
  });

  it("where GitHub does not tell them, that is said and nothing else changes", async () => {
    await start();
    journey.cloud.faults.add({ api: "github", call: "list-commit-pulls", kind: "status", status: 502, times: 100 });
    const { code } = await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
    expect(code).toBe(0);
    expect(journey.comments("checkpoint").join("\n")).toContain(
      "The pull requests of these commits could not be read.",
    );
  });
});
