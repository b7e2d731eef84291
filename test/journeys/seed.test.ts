import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { SLOW_MS, type Journey, type Ran, run, startJourney, withoutRunIds } from "../support/journey.ts";

test(
  "rehearse does the main job: exit 0, PASS at every checkpoint, nothing on stderr",
  async () => {
    const ran = await run(["rehearse", "backend-prod"]);

    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("judged     T+5m PASS, T+20m PASS, T+1h PASS, T+4h PASS, T+24h PASS");
    expectGolden(import.meta.url, "golden/seed.txt", withoutRunIds(ran.stdout));
  },
  SLOW_MS,
);

describe("the comment at T+20m states what a person once wrote by hand:", () => {
  let journey: Journey;
  let ran: Ran;
  let comment: string;
  beforeAll(async () => {
    journey = await startJourney();
    ran = await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
    comment = journey.comments("checkpoint:20m").join("\n");
  }, SLOW_MS);
  afterAll(() => journey.close());

  test("one comment, once, and the deploy's exit code is that of T+20m", () => {
    expect(ran.code).toBe(0);
    expect(journey.comments("checkpoint:20m")).toHaveLength(1);
  });

  test.each([
    [
      "the verdict, first, with what it excludes",
      /^<!--[^\n]*-->\n\*\*PASS\*\* · T\+20m · backend-prod — any rise above ×/,
    ],
    [
      "the run of the first workflow",
      /\[`gcp_backend\.yml` run 24000000001\]\(https:\/\/github\.com\/[^)]*\/24000000001\)/,
    ],
    [
      "the run of the second",
      /\[`gcp_backend_pusher\.yml` run 24000000002\]\(https:\/\/github\.com\/[^)]*\/24000000002\)/,
    ],
    [
      "the revisions before and now",
      /\| `backend` \|[^\n]*`backend-00891-\w+` \| \[`backend-00892-\w+`\]\(https:\/\/console\.cloud\.google\.com\/run\//,
    ],
    ["its image's tag, and the commit in it", /\| `backend` \|[^\n]*`backend:latest` at `3fabf10`/],
    ["the pusher's image tag", /\| `pusher` \|[^\n]*`pusher:3fabf10` at `3fabf10`/],
    ["the pods of the pusher", /\| \[`pusher`\]\([^)]*\) \| 27\/27 pods ready, 0 restarts, 0 crash loops \|/],
    ["the pods of listen", /\| \[`listen`\]\([^)]*\) \| 24\/24 pods ready, 0 restarts, 0 crash loops \|/],
    [
      "no import errors, in any service",
      /(?:\| `check-logs` \| `[\w-]+` \| 0 critical \(ImportError, ModuleNotFoundError, cannot import name\)[^\n]*\n){5}/,
    ],
    [
      "the one route that fails as before: about one every three minutes, now and then",
      /Pre-existing[\s\S]*`POST \/v1\/conversations 500` \(backend\): now 1 every (?:2\.[5-9]|3(?:\.[0-5])?)m [^\n]*; before 1 every 3m /,
    ],
    [
      "a spike of a minute at the switch, gone",
      /switch window[^\n]*\n\n- `a spike of 1m: 1\d errors, gone since 04:08 UTC` \(backend\)/,
    ],
    [
      "the one 504, seen before too",
      /Pre-existing[\s\S]*`GET \/v1\/users\/export 504` \(backend\): now 1 in \d+m[^\n]*; before 1 every 8\.0h \(3 in 24h/,
    ],
    ["nothing is new", /No pattern of errors is new\./],
    ["the next checkpoint and when", /\*\*Next:\*\* T\+1h at 05:3\d UTC, then T\+4h and T\+24h\./],
    [
      "each service's own T0 and true distance from it",
      /\| `backend` \| 04:07:\d\d \| T\+\d+m \|[\s\S]*\| `pusher` \| 04:3\d:\d\d \| T\+24m \|/,
    ],
    ["where the switch was not one moment", /The services switched at different times, 04:07:\d\d to 04:3\d:\d\d UTC/],
    [
      "each number's sample, and until when it is complete",
      /\| `backend` \| \d+ × 5xx in \d+m[^\n]*\| 1[12],\d{3} requests \| 04:5\d:00 \|/,
    ],
    ["the health endpoint", /`http-check` \| – \| 200 in 84 ms/],
    [
      "what was deployed, and that the pull request is in it",
      /2 commits since[\s\S]*contains this pull request's merge commit \[`9b6168c`\]/,
    ],
    ["the way back", /runbook rollback backend-prod --run \d{8}-\d{4}-\w{4}/],
    ["the errors of each minute, as a chart", /xychart-beta/],
  ])("%s", (_fact, pattern) => {
    expect(comment).toMatch(pattern);
  });

  test("the other posts: the progress comment and the commit's status", () => {
    expect(journey.comments("comment:progress")).toHaveLength(1);
    expect(journey.comments("comment:checkpoint:5m")).toHaveLength(1);
    expect(journey.comments("")).toHaveLength(3);
    const statuses = journey.cloud.github.repository("BasedHardware/omi").statuses;
    expect(statuses.at(-1)).toMatchObject({ state: "success", sha: expect.stringMatching(/^3fabf10/) });
  });
});
