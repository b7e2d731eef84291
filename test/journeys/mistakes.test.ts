/** Mistakes that monitoring by hand made, each rehearsed: what the comment and the judged window must say instead. */
import { afterEach, describe, expect, it } from "vitest";
import { rehearseRow } from "../../src/commands/rehearse-matrix.ts";
import type { EventOf, RunEvent } from "../../src/model/event.ts";
import { msBetween, MINUTE, SECOND } from "../../src/model/time.ts";
import { type Journey, type Ran, SLOW_MS, startJourney, testIo } from "../support/journey.ts";

let journey: Journey;
afterEach(() => journey.close());

async function deploy(scenario: string): Promise<Ran> {
  journey = await startJourney({ scenario });
  return journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
}

describe("T0 is the switch, per service, however long ago the dispatch was", () => {
  it(
    "late-switch: the T+5m and T+20m comments count from the switch, and nothing before it is judged",
    async () => {
      expect((await deploy("late-switch")).code).toBe(0);
      const events = await journey.events();
      const [dispatch] = journey.cloud.github.effects.dispatches;
      const switched = ofType(events, "service-switched");
      const backend = switched.find(({ change }) => change.service === "backend")?.change.at;
      if (dispatch === undefined || backend === undefined) throw new Error("nothing was dispatched, or switched");
      expect(msBetween(dispatch.createdAt, backend)).toBeGreaterThan(14 * MINUTE);
    },
    SLOW_MS,
  );
});

describe("deployed is not merged", () => {
  it(
    "merge-not-deployed: PASS, and the comment says near its top that the merge commit is not in what is deployed",
    async () => {
      expect((await deploy("merge-not-deployed")).code).toBe(0);
      for (const key of ["checkpoint:5m", "checkpoint:20m"]) {
        const [comment = ""] = journey.comments(key);
        const top = comment.slice(0, comment.indexOf("| Service |"));
        expect(top).toMatch(/^<!--[^\n]*-->\n\*\*PASS\*\*/);
        expect(top).toMatch(
          /\*\*The deployed commit does NOT contain this pull request's merge commit \[`9b6168c`\]\([^)]*\)\*\*: \[`3fabf10`\]/,
        );
        expect(comment).not.toContain("It contains this pull request's");
      }
    },
    SLOW_MS,
  );
});

function ofType<T extends RunEvent["type"]>(events: readonly RunEvent[], type: T): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}
