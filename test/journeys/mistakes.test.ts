/** Mistakes that monitoring by hand made, each rehearsed: what the comment and the judged window must say instead. */
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { EventOf, RunEvent } from "../../src/model/event.ts";
import { type Instant, MINUTE, msBetween } from "../../src/model/time.ts";
import { type Journey, type Ran, SLOW_MS, startJourney } from "../support/journey.ts";

/** Of `runbook explain --json`: whose errors were counted in which window. */
const explanation = z.object({
  checks: z.array(
    z.object({
      result: z.object({ service: z.string().optional() }),
      stored: z.object({ windows: z.object({ after: z.object({ from: z.string() }) }) }),
    }),
  ),
});

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
      const [dispatch] = journey.cloud.github.effects.dispatches;
      const events = await journey.events();
      const T0 = switchesOf(events);
      if (dispatch === undefined) throw new Error("nothing was dispatched");
      const services = ["backend", "backend-sync", "backend-integration"];
      for (const service of services)
        expect(msBetween(dispatch.createdAt, at(T0, service))).toBeGreaterThan(14 * MINUTE);

      for (const checkpoint of ["5m", "20m"]) {
        const [comment = ""] = journey.comments(`checkpoint:${checkpoint}`);
        const explained = await journey.run(
          "explain",
          events[0]?.run ?? "",
          `T+${checkpoint}`,
          "--check",
          "check-errors",
          "--json",
        );
        const { checks } = explanation.parse(JSON.parse(explained.stdout));
        for (const service of services) {
          expect(comment).toContain(`| \`${service}\` | ${at(T0, service).slice(11, 19)} | T+`);
          const judged = checks.find(({ result }) => result.service === service);
          const from = judged?.stored.windows.after.from ?? "";
          expect(from >= at(T0, service), `${service} is judged from ${from}`).toBe(true);
        }
      }
    },
    SLOW_MS,
  );
});

describe("the rollback's target is who had 100 %", () => {
  it(
    "tag-only-entry: not the entry that stood first; and the tag stays where it was",
    async () => {
      journey = await startJourney({ scenario: "tag-only-entry" });
      const [backend] = journey.cloud.cloudRun.services;
      const [tagged, served, ...more] = backend?.served ?? [];
      expect([tagged, served, more]).toMatchObject([{ percent: 0, tag: "candidate" }, { percent: 100 }, []]);
      const { code, stdout } = await journey.run("deploy", "backend-prod", "--yes", "--pr", "6888");
      expect([code, stdout]).toEqual([1, expect.stringContaining("rolled back: ")]);
      expect(backend?.history).toHaveLength(3); // As it was, the bad revision, and as it was again.
      expect(backend?.served).toEqual([
        { revision: served?.revision, percent: 100, latest: false },
        { revision: tagged?.revision, percent: 0, tag: "candidate", latest: false },
      ]);
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

function switchesOf(events: readonly RunEvent[]): ReadonlyMap<string, Instant> {
  return new Map(ofType(events, "service-switched").map(({ change }) => [change.service, change.at]));
}

function at(T0: ReadonlyMap<string, Instant>, service: string): Instant {
  const switched = T0.get(service);
  if (switched === undefined) throw new Error(`${service} did not switch`);
  return switched;
}

function ofType<T extends RunEvent["type"]>(events: readonly RunEvent[], type: T): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}
